/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask card send: one command of ISO 7816-4, in as many APDUs as it takes. */
#include <stdio.h>
#include <stdlib.h>

#include <keycask/smartcard.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/card_slot.h"
#include "frontends/cli/card_text.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"

enum {
	LE_UNSET = -1,
	HEADER_BYTES = 4,
};

struct sending {
	const char *slot;
	const char *header; /* CLA INS P1 P2 */
	const char *data;
	const char *select;
	int le;
	bool no_le;
	bool extended;
	bool chaining;
};

static void smart_card_freep(struct kc_smart_card **card)
{
	*card = kc_smart_card_free(*card);
}

static enum kc_status read_header(struct context *context, const struct sending *sending,
				  uint8_t ret_header[HEADER_BYTES])
{
	CLEANUP(kc_bytes_free) struct kc_bytes header = {NULL, 0};

	context->is_usage_error = true;
	TRY(card_text_read(sending->header, &header));
	context->is_usage_error = false;
	if (header.len != HEADER_BYTES)
		return usage_error(context, "the header is four bytes: CLA INS P1 P2");
	memcpy(ret_header, header.data, HEADER_BYTES);
	return KC_OK;
}

static enum kc_status read_data(struct context *context, const struct sending *sending,
				struct kc_bytes *ret_data)
{
	if (!sending->data)
		return KC_OK;
	context->is_usage_error = true;
	TRY(card_text_read(sending->data, ret_data));
	context->is_usage_error = false;
	return KC_OK;
}

/* Everybody on this machine can read the words of a command. */
static enum kc_status refuse_pin(struct context *context, const uint8_t header[HEADER_BYTES],
				 struct kc_view data)
{
	const uint8_t apdu[] = {header[0], header[1], header[2], header[3], 1, 0};

	if (data.len == 0 || !card_text_has_pin(VIEW_OF(apdu)))
		return KC_OK;
	error_set_hint("use keycask card apdu, with the command on standard input");
	return usage_error(context, "a PIN is not given on the command line");
}

static enum kc_status select_application(struct context *context, struct kc_smart_card *card,
					 const char *aid)
{
	CLEANUP(kc_bytes_free) struct kc_bytes bytes = {NULL, 0};
	struct kc_ins command = {.ins = 0xa4, .p1 = 0x04, .le = KC_LE_ALL};
	uint16_t sw = 0;

	context->is_usage_error = true;
	TRY(card_text_read(aid, &bytes));
	context->is_usage_error = false;
	command.data = view_of(bytes.data, bytes.len);
	TRY(kc_smart_card_send_ins(card, &command, NULL, &sw));
	if (sw == 0x9000)
		return KC_OK;
	error_clear();
	error_set_sw(sw);
	return fail(KC_ERR_TOKEN_NOT_FOUND, "the card does not have that application (%04X)",
		    (unsigned)sw);
}

static enum kc_status print(const struct context *context, struct kc_view data, uint16_t sw)
{
	CLEANUP(freep) char *hex = NULL;
	char sw_text[8];

	TRY(card_text_hex(data, &hex));
	(void)snprintf(sw_text, sizeof(sw_text), "%04X", (unsigned)sw);
	if (context->json)
		return page_json_take(
			KC_DICTIONARY({"data", KC_TEXT(hex)}, {"sw", KC_TEXT(sw_text)}));
	(void)printf("%s%s%s\n", hex, *hex ? " " : "", sw_text);
	return page_finish();
}

static enum kc_status send(struct context *context, struct kc_smart_card *card,
			   const struct sending *sending)
{
	CLEANUP(kc_bytes_free) struct kc_bytes data = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes answer = {NULL, 0};
	uint8_t header[HEADER_BYTES];
	struct kc_ins command;
	uint16_t sw = 0;

	TRY(read_header(context, sending, header));
	TRY(read_data(context, sending, &data));
	TRY(refuse_pin(context, header, view_of(data.data, data.len)));
	command = (struct kc_ins){.ins = header[1],
				  .p1 = header[2],
				  .p2 = header[3],
				  .data = view_of(data.data, data.len),
				  .le = sending->no_le		  ? KC_LE_NONE
					: sending->le == LE_UNSET ? KC_LE_ALL
								  : sending->le};
	TRY(kc_smart_card_begin_session(card, -1));
	if (sending->select)
		TRY(select_application(context, card, sending->select));
	kc_smart_card_set_cla(card, header[0]);
	TRY(kc_smart_card_send_ins(card, &command, &answer, &sw));
	kc_smart_card_end_session(card);
	if (sw != 0x9000)
		context->exit_status = CLI_EXIT_FAILED;
	return print(context, view_of(answer.data, answer.len), sw);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(smart_card_freep) struct kc_smart_card *card = NULL;
	CLEANUP(freep) char *slot = NULL;
	struct sending sending = {.le = LE_UNSET};
	const struct option_row rows[] = {{"slot", OPTION_TEXT, &sending.slot},
					  {"data", OPTION_TEXT, &sending.data},
					  {"le", OPTION_NUMBER, &sending.le},
					  {"no-le", OPTION_FLAG, &sending.no_le},
					  {"select", OPTION_TEXT, &sending.select},
					  {"extended", OPTION_FLAG, &sending.extended},
					  {"chaining", OPTION_FLAG, &sending.chaining}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the header", true, words, n_words, &sending.header));
	if (sending.le > 65536)
		return usage_error(context, "--le is at most 65536");
	TRY(card_slot_choose(context, sending.slot, &slot));
	TRY(kc_smart_card_new(slot, &card));
	if (sending.extended)
		kc_smart_card_set_extended_length(card, true);
	if (sending.chaining)
		kc_smart_card_set_command_chaining(card, true);
	return send(context, card, &sending);
}

const struct command cmd_card_send = {
	.name = "card send",
	.arguments = "[--slot SLOT] [--select AID] [--data HEX] [--le N|--no-le] [--extended] "
		     "[--chaining] HEADER",
	.summary = "send one command to a card, and get all of its answer",
	.help = "HEADER is CLA INS P1 P2 in hexadecimal. Long data are sent in the extended form "
		"or\n"
		"chained, whichever the card says that it takes; what is left of an answer is\n"
		"fetched. Exits with 1 when the status word is not 9000.\n\n"
		"  --slot SLOT      which card, when there are several\n"
		"  --select AID     select that application before\n"
		"  --data HEX       the command's data\n"
		"  --le N           bytes expected at most; without it all, with --no-le none\n"
		"  --extended, --chaining   use it whatever the card says\n",
	.run = run,
};
