/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask pin verify, pin status: the PIN of a token. */
#include <stdio.h>
#include <stdlib.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/page.h"
#include "frontends/cli/pin_options.h"
#include "frontends/cli/resolve.h"

static void dictionary_freep(struct kc_dictionary **dictionary)
{
	*dictionary = kc_dictionary_free(*dictionary);
}

/* The token that the option or the one word names. */
static enum kc_status find_token(struct context *context, const char *token, char **words,
				 int n_words, char **ret_token_id)
{
	const char *word = NULL;

	TRY(options_one_word(context, "the token", false, words, n_words, &word));
	if (token && word)
		return usage_error(context, "two tokens: '%s' and '%s'", token, word);
	return resolve_token(token ? token : word, ret_token_id);
}

static enum kc_status print_json(int tries_left)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *answer = kc_dictionary_new(NULL, 0);

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
	TRY(find_token(context, token, words, n_words, &token_id));
	TRY(kc_token_verify_pin(token_id, &options, &tries_left));
	if (context->json)
		return print_json(tries_left);
	print_tries("The PIN is right", tries_left);
	return page_finish();
}

static enum kc_status run_status(struct context *context, char **words, int n_words)
{
	CLEANUP(freep) char *token_id = NULL;
	const char *token = NULL;
	int tries_left = -1;
	const struct option_row rows[] = {{"token", OPTION_TEXT, &token}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(find_token(context, token, words, n_words, &token_id));
	TRY(kc_token_pin_status(token_id, &tries_left, NULL));
	if (context->json)
		return print_json(tries_left);
	if (tries_left == 0)
		(void)puts("The PIN is blocked: unblock it with the card's PUK.");
	else
		print_tries(tries_left < 0 ? "The card does not tell how many tries are left"
					   : "The PIN is not blocked",
			    tries_left);
	return page_finish();
}

const struct command cmd_pin_verify = {
	.name = "pin verify",
	.arguments = "[TOKEN] [--pin-fd N]",
	.summary = "check the PIN of a token",
	.help = "TOKEN is a token ID, the first digits of its serial (at least 8) or a label; it "
		"may\n"
		"be left out when one token is present. A wrong PIN costs a try.\n"
		"\n"
		"  --token TOKEN    the same as TOKEN\n" PIN_OPTIONS_HELP,
	.run = run_verify,
};

const struct command cmd_pin_status = {
	.name = "pin status",
	.arguments = "[TOKEN]",
	.summary = "tries that are left; costs none",
	.help = "TOKEN as for keycask pin verify.\n",
	.run = run_status,
};
