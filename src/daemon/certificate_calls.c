/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Certificates: certificates that need not be items. */
#include "base/try.h"
#include "daemon/calls.h"
#include "wire/service.h"

void certificate_calls_inspect(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not yet"));
}
