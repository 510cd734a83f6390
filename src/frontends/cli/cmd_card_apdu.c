/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask card apdu: commands as they are, in one session with the card. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/smartcard.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/card_slot.h"
#include "frontends/cli/card_text.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"

enum {
	COMMANDS_MAX = 1000,
	SW_BYTES = 2,
	MS_PER_S = 1000,
};

struct commands {
	struct kc_bytes apdus[COMMANDS_MAX];
	size_t n;
};

struct exchange {
	struct kc_literal items[COMMANDS_MAX];
	struct kc_dictionary *described[COMMANDS_MAX];
	size_t n;
	bool json;
};

static void commands_free(struct commands **commands)
{
	for (size_t i = 0; *commands && i < (*commands)->n; i++)
		kc_bytes_free(&(*commands)->apdus[i]);
	free(*commands);
}

static void exchange_free(struct exchange **exchange)
{
	for (size_t i = 0; *exchange && i < (*exchange)->n; i++)
		(*exchange)->described[i] = kc_dictionary_free((*exchange)->described[i]);
	free(*exchange);
}

static void smart_card_freep(struct kc_smart_card **card)
{
	*card = kc_smart_card_free(*card);
}

/* --- what to send ---------------------------------------------------------------------------- */

static enum kc_status add(struct context *context, struct commands *commands, const char *text)
{
	REQUIRE(commands->n < COMMANDS_MAX, KC_ERR_PARAM, "more than %d commands", COMMANDS_MAX);
	context->is_usage_error = true;
	TRY(card_text_read(text, &commands->apdus[commands->n]));
	context->is_usage_error = false;
	commands->n++;
	return KC_OK;
}

/* Everybody on this machine can read the words of a command. */
static enum kc_status add_words(struct context *context, struct commands *commands, char **words,
				int n_words)
{
	for (int i = 0; i < n_words; i++) {
		const struct kc_bytes *apdu = &commands->apdus[commands->n];

		TRY(add(context, commands, words[i]));
		if (!card_text_has_pin(view_of(apdu->data, apdu->len)))
			continue;
		error_set_hint("give the commands on standard input, one a line");
		return usage_error(context, "a PIN is not given on the command line");
	}
	return KC_OK;
}

static enum kc_status add_line(struct context *context, struct commands *commands, char *line)
{
	line[strcspn(line, "#\r")] = '\0';
	if (line[strspn(line, " \t")] == '\0')
		return KC_OK;
	return add(context, commands, line);
}

static void wipe(struct bytes *bytes)
{
	explicit_bzero(bytes->data, bytes->len);
	bytes_done(bytes);
}

static enum kc_status add_standard_input(struct context *context, struct commands *commands)
{
	CLEANUP(wipe) struct bytes text = BYTES_INIT(FILE_IO_MAX);
	char *rest = NULL;

	TRY(bytes_reserve(&text, FILE_IO_MAX - 1)); /* never moved: it may hold a PIN */
	TRY(file_io_read("-", &text));
	TRY(bytes_append_byte(&text, '\0'));
	rest = (char *)text.data;
	while (rest) {
		char *line = strsep(&rest, "\n");

		TRY(add_line(context, commands, line));
	}
	return KC_OK;
}

static enum kc_status read_commands(struct context *context, char **words, int n_words,
				    struct commands *commands)
{
	bool from_input = n_words == 0 || (n_words == 1 && strcmp(words[0], "-") == 0);

	if (from_input)
		TRY(add_standard_input(context, commands));
	else
		TRY(add_words(context, commands, words, n_words));
	if (commands->n == 0)
		return usage_error(context, "no command");
	return KC_OK;
}

/* --- what comes back ------------------------------------------------------------------------- */

static enum kc_status tell(struct exchange *exchange, struct kc_view apdu, struct kc_view response)
{
	CLEANUP(freep) char *command = NULL;
	CLEANUP(freep) char *data = NULL;
	CLEANUP(freep) char *sw = NULL;
	struct kc_dictionary *described = NULL;

	REQUIRE(response.len >= SW_BYTES, KC_ERR_COMMUNICATION, "a response without status word");
	TRY(card_text_command(apdu, &command));
	TRY(card_text_hex(view_of(response.data, response.len - SW_BYTES), &data));
	TRY(card_text_hex(view_of(response.data + response.len - SW_BYTES, SW_BYTES), &sw));
	if (!exchange->json) {
		(void)printf("> %s\n< %s%s%s\n", command, data, *data ? " " : "", sw);
		return KC_OK;
	}
	described = KC_DICTIONARY({"command", KC_TEXT(command)}, {"data", KC_TEXT(data)},
				  {"sw", KC_TEXT(sw)});
	REQUIRE(described, KC_ERR_ALLOCATE, "out of memory");
	exchange->described[exchange->n] = described;
	exchange->items[exchange->n++] = KC_NESTED(described);
	return KC_OK;
}

static enum kc_status transmit(struct kc_smart_card *card, struct exchange *exchange,
			       const struct kc_bytes *apdu)
{
	CLEANUP(kc_bytes_free) struct kc_bytes response = {NULL, 0};

	TRY(kc_smart_card_transmit(card, view_of(apdu->data, apdu->len), &response));
	return tell(exchange, view_of(apdu->data, apdu->len), view_of(response.data, response.len));
}

static enum kc_status transmit_all(struct kc_smart_card *card, struct exchange *exchange,
				   const struct commands *commands)
{
	for (size_t i = 0; i < commands->n; i++)
		TRY(transmit(card, exchange, &commands->apdus[i]));
	return KC_OK;
}

static enum kc_status print_json(const struct exchange *exchange, const char *slot)
{
	struct kc_dictionary *answer = KC_DICTIONARY(
		{"slot", KC_TEXT(slot)}, {"exchanges", KC_ARRAY(exchange->items, exchange->n)});

	return page_json_take(answer);
}

static enum kc_status set_protocol(struct context *context, struct kc_smart_card *card,
				   const char *protocol)
{
	if (!protocol)
		return KC_OK;
	if (strcmp(protocol, "t0") != 0 && strcmp(protocol, "t1") != 0)
		return usage_error(context, "--protocol is t0 or t1");
	kc_smart_card_set_allowed_protocols(card, strcmp(protocol, "t0") == 0 ? KC_PROTOCOL_T0
									      : KC_PROTOCOL_T1);
	return KC_OK;
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(commands_free) struct commands *commands = calloc(1, sizeof(*commands));
	CLEANUP(exchange_free) struct exchange *exchange = calloc(1, sizeof(*exchange));
	CLEANUP(smart_card_freep) struct kc_smart_card *card = NULL;
	CLEANUP(freep) char *slot = NULL;
	const char *name = NULL;
	const char *protocol = NULL;
	bool is_sensitive = false;
	int timeout_s = -1;
	const struct option_row rows[] = {{"slot", OPTION_TEXT, &name},
					  {"protocol", OPTION_TEXT, &protocol},
					  {"sensitive", OPTION_FLAG, &is_sensitive},
					  {"timeout", OPTION_NUMBER, &timeout_s}};

	REQUIRE(commands && exchange, KC_ERR_ALLOCATE, "out of memory");
	exchange->json = context->json;
	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(read_commands(context, words, n_words, commands));
	TRY(card_slot_choose(context, name, &slot));
	TRY(kc_smart_card_new(slot, &card));
	TRY(set_protocol(context, card, protocol));
	kc_smart_card_set_sensitive(card, is_sensitive);
	TRY(kc_smart_card_begin_session(card, timeout_s < 0 || timeout_s > 3600
						      ? timeout_s < 0 ? -1 : 3600 * MS_PER_S
						      : timeout_s * MS_PER_S));
	TRY(transmit_all(card, exchange, commands));
	kc_smart_card_end_session(card);
	return context->json ? print_json(exchange, slot) : page_finish();
}

const struct command cmd_card_apdu = {
	.name = "card apdu",
	.arguments = "[--slot SLOT] [--protocol t0|t1] [--sensitive] [--timeout S] [APDU…]",
	.summary = "send commands to a card, as they are",
	.help = "APDUs are hexadecimal, all in one session; without any, or as -, they are read "
		"from\n"
		"standard input, one a line, # begins a comment. Commands with a PIN are taken "
		"from\n"
		"there only, and printed without it. Nobody else has the card meanwhile: tokens\n"
		"wait. Who may do this: raw_card_access, keycaskd(8).\n\n"
		"  --slot SLOT      which card, when there are several\n"
		"  --protocol P     t0 or t1 and no other; a card that speaks another is reset\n"
		"  --sensitive      the card is reset before and after\n"
		"  --timeout S      wait so many seconds for the card, not for ever\n",
	.run = run,
};
