/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask slots: where cards are put in. */
#include <stdio.h>
#include <string.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/table.h"

enum {
	TOKENS_MAX = 256,
};

static void value_freep(struct kc_value **value)
{
	*value = kc_value_free(*value);
}

static void join(const struct kc_value *texts, char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	for (size_t i = 0; i < kc_value_count(texts); i++) {
		const char *text = kc_value_text(kc_value_at(texts, i));
		size_t len = strlen(ret_text);

		(void)snprintf(ret_text + len, size - len, "%s%s", i > 0 ? " " : "",
			       text ? text : "");
	}
}

static void print(const struct context *context, const struct kc_value *slots)
{
	static const char *const titles[] = {"SLOT", "PROVIDER", "STATE", "ATR", "TOKENS", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);

	for (size_t i = 0; i < kc_value_count(slots); i++) {
		const struct kc_dictionary *slot = kc_value_dictionary(kc_value_at(slots, i));
		char tokens[TOKENS_MAX];

		join(kc_dictionary_get(slot, KC_SLOT_TOKEN_IDS), tokens, sizeof(tokens));
		table_add(&table, kc_dictionary_text(slot, KC_SLOT_NAME));
		table_add(&table, kc_dictionary_text(slot, KC_SLOT_PROVIDER));
		table_add(&table, kc_dictionary_text(slot, KC_SLOT_STATE));
		table_add(&table, kc_dictionary_text(slot, KC_SLOT_ATR));
		table_add(&table, tokens);
	}
	table_print(&table, stdout, context->has_color, table_terminal_width(stdout));
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(value_freep) struct kc_value *slots = NULL;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(kc_slot_list(&slots));
	if (context->json)
		return page_json(slots);
	if (kc_value_count(slots) == 0)
		(void)puts("No slot is in use: none has a card.");
	else
		print(context, slots);
	return page_finish();
}

const struct command cmd_slots = {
	.name = "slots",
	.arguments = "",
	.summary = "slots and what is in them",
	.help = "States: empty, probing (a card was put in just now), mute (it does not answer),\n"
		"valid (it works).\n",
	.run = run,
};
