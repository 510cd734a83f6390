/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask card forget: what is kept of cards that were here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

static enum kc_status find_present(const char *word, char **ret_token_id)
{
	enum kc_status status = resolve_token(word, ret_token_id);

	if (status != KC_ERR_ITEM_NOT_FOUND)
		return status;
	error_clear();
	error_set_hint("a token that is away is named by its whole ID, such as "
		       "org.keycask.piv:0123456789ABCDEF");
	return fail(status, "no token that is present is called '%s'", word);
}

/* A whole token ID has a colon, and may be that of a token that is away. */
static enum kc_status find_token(const char *word, char **ret_token_id)
{
	if (!strchr(word, ':'))
		return find_present(word, ret_token_id);
	*ret_token_id = strdup(word);
	REQUIRE(*ret_token_id, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status print_json(int n)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *answer = kc_dictionary_new(NULL, 0);

	TRY(kc_dictionary_set(answer, "n_forgotten", KC_NUMBER(n)));
	return page_json_dictionary(answer);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(freep) char *token_id = NULL;
	const char *word = NULL;
	int n = 0;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the token", false, words, n_words, &word));
	if (word)
		TRY(find_token(word, &token_id));
	TRY(kc_token_forget(token_id, &n));
	if (context->json)
		return print_json(n);
	if (n == 0)
		(void)puts("Nothing was kept.");
	else
		(void)printf("%d %s forgotten.\n", n, n == 1 ? "card is" : "cards are");
	return page_finish();
}

const struct command cmd_card_forget = {
	.name = "card forget",
	.arguments = "[TOKEN]",
	.summary = "remove what is kept of cards that were here",
	.help = "Certificates and which keys there are, sealed, so that a card that comes back is\n"
		"there at once. TOKEN is the whole ID of a token that is away; of one that is "
		"present\n"
		"its label or 8 digits of its ID do too. Without TOKEN all are forgotten.\n"
		" The next insertion reads the card in full, and keeps it again.\n",
	.run = run,
};
