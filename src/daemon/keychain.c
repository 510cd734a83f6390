/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding the keychain, and locking it. */
#include "daemon/keychain.h"

#include "base/log.h"
#include "base/try.h"
#include "daemon/calls.h"

enum kc_status keychain_find(const struct daemon *daemon, struct keybag **ret_keybag)
{
	struct engine_file file = engine_file(daemon->engine);
	struct keybag *keybag = engine_keybag(daemon->engine);

	if (!keybag) {
		if (file.hint)
			error_set_hint("%s", file.hint);
		return fail(KC_ERR_NOT_AVAILABLE, "%s",
			    file.reason ? file.reason : "the keychain is not open");
	}
	*ret_keybag = keybag;
	return KC_OK;
}

void keychain_audit(const struct daemon *daemon, struct wire_call *call, const char *operation,
		    enum kc_status result)
{
	struct audit_entry entry = {.request = 0};

	if (call)
		entry = calls_audit_entry(call);
	entry.operation = operation;
	entry.result = result;
	audit_write(daemon->audit, &entry);
}

enum kc_status keychain_lock(struct daemon *daemon, struct wire_call *call)
{
	struct keybag *keybag = NULL;
	enum kc_status status = KC_OK;

	TRY(keychain_find(daemon, &keybag));
	engine_forget_keys(daemon->engine);
	status = keybag_lock(keybag);
	daemon->n_locks++;
	keychain_audit(daemon, call, "lock", status);
	return status;
}

void keychain_lock_if_possible(struct daemon *daemon, struct wire_call *call)
{
	struct keybag *keybag = engine_keybag(daemon->engine);

	daemon->n_locks++;
	engine_forget_keys(daemon->engine); /* also where nothing can be locked */
	if (!keybag || !keybag_has_password(keybag))
		return;
	if (keychain_lock(daemon, call) != KC_OK)
		log_error("the keychain cannot be locked: %s", error_get()->message);
}
