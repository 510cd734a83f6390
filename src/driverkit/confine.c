/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A driver opens nothing: it keeps standard error for the log, its two sockets, and memory. The
 * tests call this very function and then try to get out.
 */
#include "driverkit/confine.h"

#include "sys/sandbox.h"

enum kc_status confine_enter(void)
{
	static const struct sandbox_profile profile = {
		.name = "driver",
		.inherited = CONFINE_INHERITED,
		.descriptors_max = CONFINE_INHERITED,
		.allowances = SANDBOX_ALLOW_NOTHING,
	};

	return sandbox_enter(&profile);
}
