/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask pin verify, status, list: the PINs of a token as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/page.h"
#include "frontends/cli/person.h"
#include "frontends/cli/pin_options.h"
#include "frontends/cli/table.h"
#include "frontends/owned.h"

static enum kc_status print_json(int tries_left)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *answer = kc_dictionary_new(NULL, 0);

	if (tries_left >= 0)
		TRY(kc_dictionary_set(answer, "tries_left", KC_NUMBER(tries_left)));
	return page_json_dictionary(answer);
}

static void print_tries(const char *before, int tries_left)
{
	if (tries_left < 0)
		(void)printf("%s.\n", before);
	else
		(void)printf("%s; %d %s left.\n", before, tries_left,
			     tries_left == 1 ? "try" : "tries");
}

static enum kc_status run_verify(struct context *context, char **words, int n_words)
{
	CLEANUP(pin_options_done) struct pin_options pin = PIN_OPTIONS_INIT;
	CLEANUP(freep) char *token_id = NULL;
	const char *token = NULL;
	int tries_left = -1;
	struct kc_options options;
	const struct option_row rows[] = {{"token", OPTION_TEXT, &token}, PIN_OPTIONS_ROWS(&pin)};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(pin_options_read(&pin, &options));
	TRY(pin_options_find_token(context, token, words, n_words, &token_id));
	person_announce_keypad(&options);
	TRY(kc_token_verify_pin(token_id, &options, &tries_left));
	if (context->json)
		return print_json(tries_left);
	print_tries("The PIN is right", tries_left);
	return page_finish();
}

static void print_status(const char *name, int tries_left)
{
	char text[64];

	if (tries_left == 0)
		(void)printf("The %s is blocked.%s\n", name,
			     strcmp(name, "PIN") == 0 ? " Unblock it: keycask pin unblock" : "");
	else if (tries_left < 0)
		(void)puts("The card does not tell how many tries are left.");
	else {
		(void)snprintf(text, sizeof(text), "The %s is not blocked", name);
		print_tries(text, tries_left);
	}
}

/* Tries of the PIN with that role, -1 when they are not known. */
static enum kc_status find_tries(const char *token_id, const char *role, int *ret_tries)
{
	CLEANUP(kc_value_freep) struct kc_value *pins = NULL;

	TRY(kc_token_copy_pins(token_id, &pins));
	for (size_t i = 0; i < kc_value_count(pins); i++) {
		const struct kc_dictionary *pin = kc_value_dictionary(kc_value_at(pins, i));
		const char *other = kc_dictionary_text(pin, KC_PIN_ROLE);

		if (!other || strcmp(other, role) != 0)
			continue;
		*ret_tries = (int)kc_dictionary_number(pin, KC_PIN_TRIES_LEFT, -1);
		return KC_OK;
	}
	error_set_hint("see which it has: keycask pin list");
	return fail(KC_ERR_PARAM, "the token has no such PIN");
}

static enum kc_status run_status(struct context *context, char **words, int n_words)
{
	CLEANUP(freep) char *token_id = NULL;
	struct pin_choice choice = {NULL, false, false};
	const char *token = NULL;
	int tries_left = -1;
	const struct option_row rows[] = {{"token", OPTION_TEXT, &token},
					  {"puk", OPTION_FLAG, &choice.is_puk},
					  {"admin", OPTION_FLAG, &choice.is_admin}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(pin_options_check_choice(context, &choice));
	TRY(pin_options_find_token(context, token, words, n_words, &token_id));
	if (choice.pin_id)
		TRY(find_tries(token_id, choice.pin_id, &tries_left));
	else
		TRY(kc_token_pin_status(token_id, &tries_left, NULL));
	if (context->json)
		return print_json(tries_left);
	print_status(pin_options_name(&choice), tries_left);
	return page_finish();
}

/* --- which there are ----------------------------------------------------------------------- */

static void describe_rules(const struct kc_dictionary *pin, char *text, size_t size)
{
	(void)snprintf(text, size, "%d to %d %s",
		       (int)kc_dictionary_number(pin, KC_PIN_MIN_LENGTH, 0),
		       (int)kc_dictionary_number(pin, KC_PIN_MAX_LENGTH, 0),
		       kc_dictionary_flag(pin, KC_PIN_IS_NUMERIC, false) ? "digits" : "characters");
}

static void describe_tries(const struct kc_dictionary *pin, char *text, size_t size)
{
	int tries_left = (int)kc_dictionary_number(pin, KC_PIN_TRIES_LEFT, -1);

	if (tries_left < 0)
		(void)snprintf(text, size, "not told");
	else
		(void)snprintf(text, size, "%d", tries_left);
}

static void print_pins(const struct context *context, const struct kc_value *pins)
{
	static const char *const titles[] = {"PIN", "LABEL", "ROLE", "TRIES LEFT", "RULES", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);
	char text[64];

	for (size_t i = 0; i < kc_value_count(pins); i++) {
		const struct kc_dictionary *pin = kc_value_dictionary(kc_value_at(pins, i));

		table_add(&table, kc_dictionary_text(pin, KC_PIN_ID));
		table_add(&table, kc_dictionary_text(pin, KC_PIN_LABEL));
		table_add(&table, kc_dictionary_text(pin, KC_PIN_ROLE));
		describe_tries(pin, text, sizeof(text));
		table_add(&table, text);
		describe_rules(pin, text, sizeof(text));
		table_add(&table, text);
	}
	table_print(&table, stdout, context->has_color, table_terminal_width(stdout));
}

static enum kc_status run_list(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_value_freep) struct kc_value *pins = NULL;
	CLEANUP(freep) char *token_id = NULL;
	const char *token = NULL;
	const struct option_row rows[] = {{"token", OPTION_TEXT, &token}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(pin_options_find_token(context, token, words, n_words, &token_id));
	TRY(kc_token_copy_pins(token_id, &pins));
	if (context->json)
		return page_json(pins);
	if (kc_value_count(pins) == 0)
		(void)puts("The driver of this token does not tell of any PIN.");
	else
		print_pins(context, pins);
	return page_finish();
}

const struct command cmd_pin_verify = {
	.name = "pin verify",
	.arguments = "[TOKEN] [--pin-fd N]",
	.summary = "check the PIN of a token",
	.help = "TOKEN is a token ID, at least 8 digits of one, such as a serial number, or a "
		"label;\n"
		"it may be left out when one token is present. A wrong PIN costs a try.\n"
		"\n"
		"  --token TOKEN    the same as TOKEN\n" PIN_OPTIONS_HELP,
	.run = run_verify,
};

const struct command cmd_pin_status = {
	.name = "pin status",
	.arguments = "[TOKEN] [--puk|--admin]",
	.summary = "tries that are left; costs none",
	.help = "TOKEN as for keycask pin verify.\n"
		"\n"
		"  --token TOKEN    the same as TOKEN\n"
		"  --puk            of what unblocks the PIN, instead of the PIN\n"
		"  --admin          of the PIN for writing to the card\n",
	.run = run_status,
};

const struct command cmd_pin_list = {
	.name = "pin list",
	.arguments = "[TOKEN]",
	.summary = "the PINs of a token and their rules",
	.help = "TOKEN as for keycask pin verify. Costs no try.\n"
		"\n"
		"  --token TOKEN    the same as TOKEN\n",
	.run = run_list,
};
