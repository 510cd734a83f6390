/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask unlock, passwd: the keychain's password. */
#include <stdio.h>

#include <keycask/keychain.h>

#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/keychain_note.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

/* Passwords that are at hand: each from a descriptor, or a person is asked. */
struct passwords {
	int present_fd;
	int new_fd;
	bool no_prompt;
	bool remove;
	struct secret present;
	struct secret new_password;
};

#define PASSWORDS_INIT ((struct passwords){.present_fd = -1, .new_fd = -1})

static void passwords_done(struct passwords *passwords)
{
	secret_done(&passwords->present);
	secret_done(&passwords->new_password);
}

static enum kc_status parse(struct context *context, const struct option_row *rows, size_t n_rows,
			    char **words, int n_words)
{
	TRY(options_parse(context, rows, n_rows, words, &n_words));
	return options_no_words(context, words, n_words);
}

static enum kc_status read_passwords(struct passwords *passwords, struct kc_options *ret_options)
{
	struct kc_options options = KC_OPTIONS_INIT;

	if (passwords->present_fd >= 0)
		TRY(file_io_read_pin(passwords->present_fd, &passwords->present));
	if (passwords->new_fd >= 0)
		TRY(file_io_read_pin(passwords->new_fd, &passwords->new_password));
	if (passwords->no_prompt)
		options.interaction = KC_INTERACTION_FAIL;
	*ret_options = options;
	return KC_OK;
}

static enum kc_status has_password(bool *ret_has_password)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *state = NULL;

	TRY(kc_keychain_state(&state));
	*ret_has_password = kc_dictionary_flag(state, KC_KEYCHAIN_HAS_PASSWORD, false);
	return KC_OK;
}

/* --- unlock -------------------------------------------------------------------------------- */

static enum kc_status run_unlock(struct context *context, char **words, int n_words)
{
	CLEANUP(passwords_done) struct passwords passwords = PASSWORDS_INIT;
	struct kc_options options;
	bool needs_password = false;
	const struct option_row rows[] = {{"password-fd", OPTION_NUMBER, &passwords.present_fd},
					  {"no-prompt", OPTION_FLAG, &passwords.no_prompt}};

	TRY(parse(context, rows, ARRAY_LEN(rows), words, n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(read_passwords(&passwords, &options));
	options.pin = secret_view(&passwords.present);
	TRY(kc_keychain_unlock(&options));
	TRY(has_password(&needs_password));
	keychain_note_print();
	if (context->json)
		return page_json_take(KC_DICTIONARY({"has_password", KC_FLAG(needs_password)}));
	(void)puts(needs_password ? "The keychain is unlocked."
				  : "The keychain has no password: it is always open.");
	return page_finish();
}

const struct command cmd_unlock = {
	.name = "unlock",
	.arguments = "[--password-fd N] [--no-prompt]",
	.summary = "open the keychain with its password",
	.help = "It stays open until it is locked: by keycask lock, with the screen, when the\n"
		"machine sleeps, or when keycaskd ends. A keychain without a password is always\n"
		"open.\n"
		"\n"
		"  --password-fd N  read the password from descriptor N\n"
		"  --no-prompt      fail rather than ask a person\n",
	.run = run_unlock,
};

/* --- passwd -------------------------------------------------------------------------------- */

static enum kc_status report_change(const struct context *context, bool had_password, bool removed)
{
	if (context->json)
		return page_json_take(KC_DICTIONARY({"has_password", KC_FLAG(!removed)}));
	if (removed)
		(void)puts("The keychain has no password any more: it is always open.");
	else
		(void)printf("The keychain's password is %s.\n", had_password ? "changed" : "set");
	return page_finish();
}

/* As the daemon says it, in words of this command. */
static enum kc_status check_new(const struct passwords *passwords)
{
	REQUIRE(passwords->new_fd < 0 || passwords->new_password.len > 0, KC_ERR_PARAM,
		"an empty password is none: keycask passwd --remove takes it away");
	return KC_OK;
}

static enum kc_status run_passwd(struct context *context, char **words, int n_words)
{
	CLEANUP(passwords_done) struct passwords passwords = PASSWORDS_INIT;
	struct kc_keychain_change change = KC_KEYCHAIN_CHANGE_INIT;
	struct kc_options options;
	bool had_password = false;
	const struct option_row rows[] = {{"password-fd", OPTION_NUMBER, &passwords.present_fd},
					  {"new-password-fd", OPTION_NUMBER, &passwords.new_fd},
					  {"remove", OPTION_FLAG, &passwords.remove},
					  {"no-prompt", OPTION_FLAG, &passwords.no_prompt}};

	TRY(parse(context, rows, ARRAY_LEN(rows), words, n_words));
	if (context->wants_help)
		return KC_OK;
	if (passwords.remove && passwords.new_fd >= 0)
		return usage_error(context, "--remove and --new-password-fd: there can be one or "
					    "the other");
	TRY(read_passwords(&passwords, &options));
	TRY(check_new(&passwords));
	change.current = secret_view(&passwords.present);
	change.new_password = secret_view(&passwords.new_password);
	change.remove = passwords.remove;
	TRY(has_password(&had_password));
	TRY(kc_keychain_change_password(&change, &options));
	return report_change(context, had_password, passwords.remove);
}

const struct command cmd_passwd = {
	.name = "passwd",
	.arguments = "[--remove] [--password-fd N] [--new-password-fd N] [--no-prompt]",
	.summary = "set, change or remove the keychain's password",
	.help = "With a password the keychain can be locked, and whoever has its file and the "
		"device\n"
		"key cannot read it. Nobody can help whoever forgets it. What is not read from a\n"
		"descriptor is asked for: the present password, if there is one, then the new "
		"one,\n"
		"twice.\n"
		"\n"
		"  --remove             there shall be none; what is accessible\n"
		"                       when_passcode_set_this_device_only is then gone\n"
		"  --password-fd N      read the present password from descriptor N\n"
		"  --new-password-fd N  read the new one from descriptor N; the same N: its next\n"
		"                       line\n"
		"  --no-prompt          fail rather than ask a person\n",
	.run = run_passwd,
};
