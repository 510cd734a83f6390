/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Only in builds with a sanitizer. LeakSanitizer stops the process by cloning itself and tracing,
 * which a confined process cannot; it asks this hook at exit whether to bother. The same code is
 * checked for leaks by the unit tests, which run it unconfined.
 */
#include "sys/sandbox_impl.h"

#include <keycask/bytes.h>

static int is_confined;

void sandbox_leaks_forget(void)
{
	is_confined = 1;
}

/* The name is LeakSanitizer's (sanitizer/lsan_interface.h). */
KC_PUBLIC int __lsan_is_turned_off(void);

KC_PUBLIC int __lsan_is_turned_off(void)
{
	return is_confined;
}
