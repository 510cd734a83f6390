/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon asks with pinentry: this program never sees the keychain's password. */
#include "frontends/cli/unlocking.h"

#include <stdio.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/keychain.h>

#include "base/cleanup.h"
#include "frontends/cli/hidden_input.h"

static void dictionary_freep(struct kc_dictionary **dictionary)
{
	*dictionary = kc_dictionary_free(*dictionary);
}

static bool is_locked_state(const char *state)
{
	return state && (strcmp(state, KC_KEYCHAIN_LOCKED) == 0 ||
			 strcmp(state, KC_KEYCHAIN_BEFORE_FIRST_UNLOCK) == 0);
}

bool unlocking_is_locked(void)
{
	const struct error_record before = *error_get();
	CLEANUP(dictionary_freep) struct kc_dictionary *state = NULL;
	bool is_locked = kc_keychain_state(&state) == KC_OK &&
			 is_locked_state(kc_dictionary_text(state, KC_KEYCHAIN_STATE));

	error_adopt(&before);
	return is_locked;
}

/* The library's own record is gone once it is asked whether the keychain is locked. */
static enum kc_status fail_again(const char *message, const char *hint)
{
	if (!message[0])
		return KC_ERR_INTERACTION_NOT_ALLOWED;
	if (hint[0])
		error_set_hint("%s", hint);
	return fail(KC_ERR_INTERACTION_NOT_ALLOWED, "%s", message);
}

enum kc_status unlocking_run(bool may_ask, unlocking_fn work, void *userdata)
{
	enum kc_status status = work(userdata);
	char message[ERROR_MESSAGE_MAX];
	char hint[ERROR_MESSAGE_MAX];

	if (status != KC_ERR_INTERACTION_NOT_ALLOWED)
		return status;
	(void)snprintf(message, sizeof(message), "%s", kc_error_message(kc_error_last()));
	(void)snprintf(hint, sizeof(hint), "%s", kc_error_hint(kc_error_last()));
	if (!unlocking_is_locked())
		return fail_again(message, hint);
	error_clear();
	error_set_hint("unlock it and repeat: keycask unlock");
	if (!may_ask || !hidden_input_is_possible())
		return fail(KC_ERR_INTERACTION_NOT_ALLOWED, "the keychain is locked");
	(void)fputs("keycask: the keychain is locked; its password is asked for\n", stderr);
	TRY(kc_keychain_unlock(NULL));
	error_clear();
	return work(userdata);
}
