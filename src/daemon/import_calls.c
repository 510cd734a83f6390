/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and whole files that come from elsewhere. */
#include "base/try.h"
#include "daemon/calls.h"
#include "wire/service.h"

void import_calls_key(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not yet"));
}

void import_calls_items(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not yet"));
}
