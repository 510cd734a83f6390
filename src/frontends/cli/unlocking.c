/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon asks with pinentry: this program never sees the keychain's password. */
#include "frontends/cli/unlocking.h"

#include <stdio.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/keychain.h>

#include "base/cleanup.h"
#include "frontends/cli/hidden_input.h"
#include "frontends/owned.h"

static bool is_locked_state(const char *state)
{
	return state && (strcmp(state, KC_KEYCHAIN_LOCKED) == 0 ||
			 strcmp(state, KC_KEYCHAIN_BEFORE_FIRST_UNLOCK) == 0);
}

bool unlocking_is_locked(void)
{
	const struct error_record before = *error_get();
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *state = NULL;
	bool is_locked = kc_keychain_state(&state) == KC_OK &&
			 is_locked_state(kc_dictionary_text(state, KC_KEYCHAIN_STATE));

	error_adopt(&before);
	return is_locked;
}

/* The library keeps the record of its last call alone, and another is about to be made. */
static void adopt_theirs(enum kc_status status)
{
	const struct kc_error *error = kc_error_last();

	if (error_get()->status != KC_OK)
		return;
	if (kc_error_hint(error)[0])
		error_set_hint("%s", kc_error_hint(error));
	ignore(fail(status, "%s", kc_error_message(error)) != KC_OK);
}

enum kc_status unlocking_run(bool may_ask, unlocking_fn work, void *userdata)
{
	enum kc_status status = work(userdata);

	if (status != KC_ERR_INTERACTION_NOT_ALLOWED)
		return status;
	adopt_theirs(status);
	if (!unlocking_is_locked())
		return status;
	error_clear();
	error_set_hint("unlock it and repeat: keycask unlock");
	if (!may_ask || !hidden_input_is_possible())
		return fail(KC_ERR_INTERACTION_NOT_ALLOWED, "the keychain is locked");
	(void)fputs("keycask: the keychain is locked; its password is asked for\n", stderr);
	TRY(kc_keychain_unlock(NULL));
	error_clear();
	return work(userdata);
}
