/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keychain: lock, unlock, the password. */
#include "base/try.h"
#include "daemon/calls.h"

void keychain_calls_state(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}

void keychain_calls_lock(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}

void keychain_calls_unlock(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}

void keychain_calls_change_password(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}
