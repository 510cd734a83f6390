/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask pin change, unblock: a PIN gets a new value. */
#include <stdio.h>
#include <stdlib.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/page.h"
#include "frontends/cli/person.h"
#include "frontends/cli/pin_options.h"

/* What both commands are told: two PINs, each from a descriptor or a person. */
struct setting {
	const char *token;
	struct pin_choice choice;
	int guard_fd; /* what must be right; -1: asked */
	int new_fd;
	bool no_prompt;
	bool last_try;
	char *token_id;
	struct secret guard;
	struct secret new_pin;
};

#define SETTING_INIT ((struct setting){.guard_fd = -1, .new_fd = -1})

#define SETTING_ROWS(setting)                                                                      \
	{"token", OPTION_TEXT, &(setting)->token},                                                 \
		{"pin-id", OPTION_TEXT, &(setting)->choice.pin_id},                                \
		{"admin", OPTION_FLAG, &(setting)->choice.is_admin},                               \
		{"new-pin-fd", OPTION_NUMBER, &(setting)->new_fd},                                 \
		{"no-prompt", OPTION_FLAG, &(setting)->no_prompt},                                 \
	{                                                                                          \
		"last-try", OPTION_FLAG, &(setting)->last_try                                      \
	}

#define SETTING_HELP                                                                               \
	"  --new-pin-fd N   read the new PIN from descriptor N; the same N: its next line\n"       \
	"  --no-prompt      fail rather than ask a person\n"                                       \
	"  --last-try       go on even if it is the last try that the card accepts\n"

static void setting_done(struct setting *setting)
{
	secret_done(&setting->guard);
	secret_done(&setting->new_pin);
	free(setting->token_id);
}

/* With both PINs at hand nobody is asked when one of them turns out to be wrong. */
static enum kc_status read_pins(struct setting *setting, struct kc_options *ret_options)
{
	struct kc_options options = KC_OPTIONS_INIT;

	if (setting->guard_fd >= 0)
		TRY(file_io_read_pin(setting->guard_fd, &setting->guard));
	if (setting->new_fd >= 0)
		TRY(file_io_read_pin(setting->new_fd, &setting->new_pin));
	if (setting->no_prompt || (setting->guard_fd >= 0 && setting->new_fd >= 0))
		options.interaction = KC_INTERACTION_FAIL;
	options.last_try = setting->last_try;
	if (setting->guard_fd < 0 && setting->new_fd < 0)
		person_announce_keypad(&options);
	*ret_options = options;
	return KC_OK;
}

static enum kc_status report(const struct context *context, const char *name, const char *what)
{
	CLEANUP(freep) char *safe = NULL;

	if (context->json)
		return page_json_take(kc_dictionary_new(NULL, 0));
	safe = page_safe(name);
	(void)printf("The %s is %s.\n", safe, what);
	return page_finish();
}

static enum kc_status run_change(struct context *context, char **words, int n_words)
{
	CLEANUP(setting_done) struct setting setting = SETTING_INIT;
	struct kc_pin_change change = KC_PIN_CHANGE_INIT;
	struct kc_options options;
	const struct option_row rows[] = {SETTING_ROWS(&setting),
					  {"puk", OPTION_FLAG, &setting.choice.is_puk},
					  {"pin-fd", OPTION_NUMBER, &setting.guard_fd}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(pin_options_check_choice(context, &setting.choice));
	TRY(pin_options_find_token(context, setting.token, words, n_words, &setting.token_id));
	TRY(read_pins(&setting, &options));
	change.pin_id = setting.choice.pin_id;
	change.current = secret_view(&setting.guard);
	change.new_pin = secret_view(&setting.new_pin);
	TRY(kc_token_change_pin(setting.token_id, &change, &options));
	return report(context, pin_options_name(&setting.choice), "changed");
}

static enum kc_status run_unblock(struct context *context, char **words, int n_words)
{
	CLEANUP(setting_done) struct setting setting = SETTING_INIT;
	struct kc_pin_unblock unblock = KC_PIN_UNBLOCK_INIT;
	struct kc_options options;
	const struct option_row rows[] = {SETTING_ROWS(&setting),
					  {"puk-fd", OPTION_NUMBER, &setting.guard_fd}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(pin_options_find_token(context, setting.token, words, n_words, &setting.token_id));
	TRY(read_pins(&setting, &options));
	unblock.pin_id = setting.choice.pin_id;
	unblock.by = setting.choice.is_admin ? "admin" : NULL;
	unblock.unblocking = secret_view(&setting.guard);
	unblock.new_pin = secret_view(&setting.new_pin);
	TRY(kc_token_unblock_pin(setting.token_id, &unblock, &options));
	return report(context, setting.choice.pin_id ? setting.choice.pin_id : "PIN", "unblocked");
}

const struct command cmd_pin_change = {
	.name = "pin change",
	.arguments = "[TOKEN] [--puk|--admin] [--pin-fd N] [--new-pin-fd N]",
	.summary = "give a PIN a new value",
	.help = "TOKEN as for keycask pin verify. What is not read from a descriptor is asked for: "
		"the\n"
		"present PIN, then the new one, twice.\n"
		"\n"
		"  --token TOKEN    the same as TOKEN\n"
		"  --puk            change what unblocks the PIN, instead of the PIN\n"
		"  --admin          change the PIN for writing to the card\n"
		"  --pin-id ID      change the PIN of that name in keycask pin list\n"
		"  --pin-fd N       read the present PIN from descriptor N\n" SETTING_HELP,
	.run = run_change,
};

const struct command cmd_pin_unblock = {
	.name = "pin unblock",
	.arguments = "[TOKEN] [--admin] [--puk-fd N] [--new-pin-fd N]",
	.summary = "set a blocked PIN anew",
	.help = "TOKEN as for keycask pin verify. What is not read from a descriptor is asked for: "
		"the\n"
		"PUK, then the new PIN, twice.\n"
		"\n"
		"  --token TOKEN    the same as TOKEN\n"
		"  --pin-id ID      unblock the PIN of that name in keycask pin list\n"
		"  --admin          with the admin PIN instead of the PUK\n"
		"  --puk-fd N       read the PUK (or the admin PIN) from descriptor "
		"N\n" SETTING_HELP,
	.run = run_unblock,
};
