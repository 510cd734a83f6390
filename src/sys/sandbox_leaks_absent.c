/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In builds without a sanitizer no leak checker is there to be kept out. */
#include "sys/sandbox_impl.h"

void sandbox_leaks_forget(void)
{
}
