/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask lock: what locking the screen does, by hand. */
#include <stdio.h>
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/keychain.h>

#include "base/cleanup.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

/* A keychain that cannot be had is no reason to fail: PINs are forgotten all the same. */
static bool look_at_keychain(bool *ret_has_password)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *state = NULL;
	const char *name = NULL;

	*ret_has_password = false;
	if (kc_keychain_state(&state) != KC_OK)
		return false;
	*ret_has_password = kc_dictionary_flag(state, KC_KEYCHAIN_HAS_PASSWORD, false);
	name = kc_dictionary_text(state, KC_KEYCHAIN_STATE);
	return name && strcmp(name, KC_KEYCHAIN_UNAVAILABLE) != 0;
}

static void say(bool has_keychain, bool has_password)
{
	(void)puts("Every PIN is forgotten.");
	if (has_keychain)
		(void)puts(has_password ? "The keychain is locked."
					: "The keychain has no password and stays open: keycask "
					  "passwd sets one.");
}

/* A daemon that is not running knows no PIN, and no key of the keychain. */
static enum kc_status run_lock(struct context *context, char **words, int n_words)
{
	enum kc_status status = KC_OK;
	bool has_password = false;
	bool has_keychain = false;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	TRY(options_no_words(context, words, n_words));
	if (context->wants_help)
		return KC_OK;
	status = kc_daemon_lock();
	if (status != KC_ERR_NOT_AVAILABLE)
		TRY(status);
	if (status == KC_OK)
		has_keychain = look_at_keychain(&has_password);
	error_clear();
	if (context->json)
		return page_json_take(KC_DICTIONARY({"was_running", KC_FLAG(status == KC_OK)},
						    {"keychain_locked", KC_FLAG(has_password)}));
	if (status == KC_OK)
		say(has_keychain, has_password);
	else
		(void)puts("keycaskd is not running: it knows no PIN.");
	return page_finish();
}

const struct command cmd_lock = {
	.name = "lock",
	.arguments = "",
	.summary = "forget every PIN and lock the keychain now",
	.help = "Programs that have given a PIN must give it again, and cards that were used with\n"
		"one are reset. A keychain that has a password is locked: keycask unlock opens "
		"it.\n"
		"Locking the screen and suspending do the same.\n",
	.run = run_lock,
};
