/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask-driver-piv: everything is in the kit and in the table. */
#include "drivers/piv/piv.h"

int main(int argc, char **argv)
{
	return kc_driver_main(argc, argv, &piv_driver);
}
