/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keychain: backups. */
#include "base/try.h"
#include "daemon/calls.h"

void backup_calls_backup(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}

void backup_calls_restore(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}
