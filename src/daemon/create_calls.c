/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keys.Create: a key pair, here or on a token. */
#include "base/try.h"
#include "daemon/calls.h"
#include "wire/service.h"

void create_calls_create(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not yet"));
}
