/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask tokens: the cards that are there. */
#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/reading.h"
#include "frontends/cli/table.h"
#include "frontends/owned.h"

static void print(const struct context *context, const struct kc_value *tokens)
{
	static const char *const titles[] = {"TOKEN", "LABEL", "SLOT", "STATE", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);

	for (size_t i = 0; i < kc_value_count(tokens); i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));
		const char *reason = kc_dictionary_text(token, KC_TOKEN_REASON);

		table_add(&table, kc_dictionary_text(token, KC_TOKEN_ID));
		table_add(&table, kc_dictionary_text(token, KC_TOKEN_LABEL));
		table_add(&table, kc_dictionary_text(token, KC_TOKEN_SLOT));
		table_add(&table, reason ? reason : kc_dictionary_text(token, KC_TOKEN_STATE));
	}
	table_print(&table, stdout, context->has_color, table_terminal_width(stdout));
}

static enum kc_status list_tokens(struct kc_value **ret_tokens)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;

	TRY(kc_token_list(&tokens));
	if (kc_value_count(tokens) > 0 || !reading_await()) {
		*ret_tokens = take(tokens);
		return KC_OK;
	}
	return kc_token_list(ret_tokens);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(list_tokens(&tokens));
	if (context->json)
		return page_json(tokens);
	if (kc_value_count(tokens) == 0)
		page_no_token();
	else
		print(context, tokens);
	return page_finish();
}

const struct command cmd_tokens = {
	.name = "tokens",
	.arguments = "",
	.summary = "cards that are present",
	.help = "Shows each token with its ID, label, slot and state. A token that is refused is\n"
		"shown with the reason. No card is touched.\n",
	.run = run,
};
