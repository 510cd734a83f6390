/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask card reset, reprobe, who-holds, atr: what people do to the card in a slot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/smartcard.h>
#include <keycask/token.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/atr_page.h"
#include "frontends/cli/card_slot.h"
#include "frontends/cli/card_text.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/table.h"
#include "frontends/owned.h"

enum {
	MS_PER_S = 1000,
	TIMEOUT_MAX_S = 3600,
};

static void atr_freep(struct kc_atr **atr)
{
	*atr = kc_atr_free(*atr);
}

/* The slot of --slot or the one word. */
static enum kc_status find_slot(struct context *context, const char *option, char **words,
				int n_words, char **ret_slot)
{
	const char *word = NULL;

	TRY(options_one_word(context, "the slot", false, words, n_words, &word));
	if (option && word)
		return usage_error(context, "two slots: '%s' and '%s'", option, word);
	return card_slot_choose(context, option ? option : word, ret_slot);
}

static enum kc_status print_done(const struct context *context, const char *slot, const char *done)
{
	CLEANUP(freep) char *safe = page_safe(slot);

	if (context->json)
		return page_json_take(KC_DICTIONARY({"slot", KC_TEXT(slot)}));
	(void)printf("%s: %s\n", safe, done);
	return page_finish();
}

/* --- reset, reprobe -------------------------------------------------------------------------- */

static enum kc_status run_reset(struct context *context, char **words, int n_words)
{
	CLEANUP(freep) char *slot = NULL;
	const char *name = NULL;
	bool force = false;
	int timeout_s = -1;
	const struct option_row rows[] = {{"slot", OPTION_TEXT, &name},
					  {"force", OPTION_FLAG, &force},
					  {"timeout", OPTION_NUMBER, &timeout_s}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	if (timeout_s > TIMEOUT_MAX_S)
		return usage_error(context, "--timeout is at most %d", TIMEOUT_MAX_S);
	TRY(find_slot(context, name, words, n_words, &slot));
	TRY(kc_slot_reset(slot, timeout_s < 0 ? -1 : timeout_s * MS_PER_S, force));
	return print_done(context, slot, "the card was reset");
}

const struct command cmd_card_reset = {
	.name = "card reset",
	.arguments = "[--force] [--timeout S] [SLOT]",
	.summary = "reset a card",
	.help = "When it is our turn with it. SLOT is needed when several have cards.\n\n"
		"  --force          take it from a program that has a session with it\n"
		"  --timeout S      wait so many seconds, instead of 60\n",
	.run = run_reset,
};

static enum kc_status run_reprobe(struct context *context, char **words, int n_words)
{
	CLEANUP(freep) char *slot = NULL;
	const char *name = NULL;
	const struct option_row rows[] = {{"slot", OPTION_TEXT, &name}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(find_slot(context, name, words, n_words, &slot));
	TRY(kc_slot_reprobe(slot));
	return print_done(context, slot, "the card is looked at anew");
}

const struct command cmd_card_reprobe = {
	.name = "card reprobe",
	.arguments = "[SLOT]",
	.summary = "look anew what is on a card",
	.help = "As if it were taken out and put in again: its tokens leave and come back. SLOT "
		"is\n"
		"needed when several have cards.\n",
	.run = run_reprobe,
};

/* --- who-holds ------------------------------------------------------------------------------- */

static void print_holders(const struct context *context, const struct kc_value *holders)
{
	static const char *const titles[] = {"WHO", "PROCESS", "WHAT FOR", "SINCE", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);

	for (size_t i = 0; i < kc_value_count(holders); i++) {
		const struct kc_dictionary *holder = kc_value_dictionary(kc_value_at(holders, i));
		long long pid = (long long)kc_dictionary_number(holder, KC_HOLDER_PID, 0);
		bool is_waiting = kc_dictionary_flag(holder, KC_HOLDER_IS_WAITING, false);
		char text[32] = "";

		if (pid > 0)
			(void)snprintf(text, sizeof(text), "%lld", pid);
		table_add(&table, kc_dictionary_text(holder, KC_HOLDER_WHO));
		table_add(&table, text);
		table_add(&table, kc_dictionary_text(holder, KC_HOLDER_WHAT));
		table_add(&table,
			  is_waiting ? "waits" : kc_dictionary_text(holder, KC_HOLDER_SINCE));
	}
	table_print(&table, stdout, context->has_color, table_terminal_width(stdout));
}

static enum kc_status run_who_holds(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_value_freep) struct kc_value *holders = NULL;
	CLEANUP(freep) char *slot = NULL;
	const char *name = NULL;
	const struct option_row rows[] = {{"slot", OPTION_TEXT, &name}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(find_slot(context, name, words, n_words, &slot));
	TRY(kc_slot_holders(slot, &holders));
	if (context->json)
		return page_json(holders);
	if (kc_value_count(holders) == 0)
		(void)puts("Nobody that keycask knows of has the card. A program that has it for "
			   "itself shows\nonly when keycask wants to use the card.");
	else
		print_holders(context, holders);
	return page_finish();
}

const struct command cmd_card_who_holds = {
	.name = "card who-holds",
	.arguments = "[SLOT]",
	.summary = "which program has a card, and which wait for it",
	.help = "SLOT is needed when several have cards. A program that uses a reader without "
		"keycask\n"
		"is found by the library that it uses, which may be nothing but a guess, and only\n"
		"after keycask wanted the card and did not get it.\n",
	.run = run_who_holds,
};

/* --- atr ------------------------------------------------------------------------------------- */

static enum kc_status atr_of_slot(const char *slot, struct kc_atr **ret_atr)
{
	CLEANUP(kc_value_freep) struct kc_value *slots = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes bytes = {NULL, 0};
	const char *text = NULL;

	TRY(kc_slot_list(&slots));
	for (size_t i = 0; i < kc_value_count(slots); i++) {
		const struct kc_dictionary *described = kc_value_dictionary(kc_value_at(slots, i));

		if (strcmp(kc_dictionary_text(described, KC_SLOT_NAME), slot) == 0)
			text = kc_dictionary_text(described, KC_SLOT_ATR);
	}
	REQUIRE(text, KC_ERR_TOKEN_NOT_FOUND, "there is no ATR in %s", slot);
	TRY(card_text_read(text, &bytes));
	return kc_atr_parse(view_of(bytes.data, bytes.len), ret_atr);
}

static enum kc_status find_atr(struct context *context, const char *slot_name, const char *hex,
			       struct kc_atr **ret_atr)
{
	CLEANUP(kc_bytes_free) struct kc_bytes bytes = {NULL, 0};
	CLEANUP(freep) char *slot = NULL;

	if (hex) {
		context->is_usage_error = true;
		TRY(card_text_read(hex, &bytes));
		context->is_usage_error = false;
		return kc_atr_parse(view_of(bytes.data, bytes.len), ret_atr);
	}
	TRY(card_slot_choose(context, slot_name, &slot));
	return atr_of_slot(slot, ret_atr);
}

static enum kc_status run_atr(struct context *context, char **words, int n_words)
{
	CLEANUP(atr_freep) struct kc_atr *atr = NULL;
	struct kc_dictionary *described = NULL;
	const char *name = NULL;
	const char *hex = NULL;
	const struct option_row rows[] = {{"slot", OPTION_TEXT, &name}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the ATR", false, words, n_words, &hex));
	if (name && hex)
		return usage_error(context, "--slot or an ATR, not both");
	TRY(find_atr(context, name, hex, &atr));
	if (!context->json) {
		TRY(atr_page_print(atr));
		return page_finish();
	}
	TRY(atr_page_json(atr, &described));
	return page_json_take(described);
}

const struct command cmd_card_atr = {
	.name = "card atr",
	.arguments = "[--slot SLOT | ATR]",
	.summary = "what a card's answer to reset says",
	.help = "Of the card in SLOT, which is needed when several have cards, or any in "
		"hexadecimal.\n"
		"Interface bytes are counted as in ISO 7816-3; records are those of the "
		"historical\n"
		"bytes, ISO 7816-4.\n",
	.run = run_atr,
};
