/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Identities: which identity for what. */
#include "base/try.h"
#include "daemon/calls.h"
#include "wire/service.h"

void identity_calls_choose(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not yet"));
}
