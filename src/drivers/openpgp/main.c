/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask-driver-openpgp: everything is in the kit and in the table. */
#include "drivers/openpgp/openpgp.h"

int main(int argc, char **argv)
{
	return kc_driver_main(argc, argv, &openpgp_driver);
}
