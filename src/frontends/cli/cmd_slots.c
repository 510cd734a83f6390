/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask slots: where cards are put in. */
#include <stdio.h>
#include <string.h>

#include <keycask/atr.h>
#include <keycask/daemon.h>
#include <keycask/token.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/atr_page.h"
#include "frontends/cli/card_text.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/table.h"
#include "frontends/owned.h"

enum {
	TOKENS_MAX = 256,
};

static void atr_freep(struct kc_atr **atr)
{
	*atr = kc_atr_free(*atr);
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

static void print_note(const char *name, const char *reason)
{
	CLEANUP(freep) char *safe = reason ? page_safe(reason) : NULL;

	if (safe)
		(void)printf("%s: %s\n", name, safe);
}

/* What a table of slots cannot say: why a card cannot be used, why there is no reader. */
static void print_notes(const struct kc_value *slots)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *status = NULL;
	const struct kc_value *providers = NULL;

	for (size_t i = 0; i < kc_value_count(slots); i++) {
		const struct kc_dictionary *slot = kc_value_dictionary(kc_value_at(slots, i));

		print_note(kc_dictionary_text(slot, KC_SLOT_NAME),
			   kc_dictionary_text(slot, KC_SLOT_REASON));
	}
	if (kc_daemon_status(&status) != KC_OK)
		return;
	providers = kc_dictionary_get(status, "providers");
	for (size_t i = 0; i < kc_value_count(providers); i++) {
		const struct kc_dictionary *provider =
			kc_value_dictionary(kc_value_at(providers, i));

		print_note(kc_dictionary_text(provider, "name"),
			   kc_dictionary_text(provider, "reason"));
	}
}

static enum kc_status print_atr(const struct kc_dictionary *slot)
{
	CLEANUP(kc_bytes_free) struct kc_bytes bytes = {NULL, 0};
	CLEANUP(atr_freep) struct kc_atr *atr = NULL;
	CLEANUP(freep) char *name = page_safe(kc_dictionary_text(slot, KC_SLOT_NAME));
	const char *text = kc_dictionary_text(slot, KC_SLOT_ATR);

	if (!text)
		return KC_OK;
	(void)printf("\n%s\n", name);
	TRY(card_text_read(text, &bytes));
	if (kc_atr_parse(view_of(bytes.data, bytes.len), &atr) == KC_OK)
		return atr_page_print(atr);
	(void)printf("%s is no ATR: %s\n", text, error_get()->message);
	error_clear();
	return KC_OK;
}

static enum kc_status print_atrs(const struct kc_value *slots)
{
	for (size_t i = 0; i < kc_value_count(slots); i++)
		TRY(print_atr(kc_value_dictionary(kc_value_at(slots, i))));
	return KC_OK;
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_value_freep) struct kc_value *slots = NULL;
	bool is_long = false;
	const struct option_row rows[] = {{"long", OPTION_FLAG, &is_long}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
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
	print_notes(slots);
	if (is_long)
		TRY(print_atrs(slots));
	return page_finish();
}

const struct command cmd_slots = {
	.name = "slots",
	.arguments = "[--long]",
	.summary = "slots and what is in them",
	.help = "States: empty, probing (a card was put in just now), mute (it does not answer),\n"
		"valid (it works). Below the table: why a card cannot be used now, such as "
		"another\n"
		"program that has it for itself, and why there are no readers.\n"
		"\n  --long           what the card's ATR says, too\n",
	.run = run,
};
