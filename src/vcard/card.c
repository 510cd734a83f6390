/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The card as its reader sees it: power, SELECT (SP 800-73-5 part 2, 3.1.1), and the table of
 * instructions. One command goes in, class and chaining are settled, one row is called, a changed
 * state is saved, the answer goes out.
 */
#include "vcard/card.h"

#include <openssl/crypto.h>
#include <time.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/piv_auth.h"
#include "vcard/piv_data.h"
#include "vcard/piv_keys.h"
#include "vcard/piv_pin.h"
#include "vcard/piv_yubico.h"
#include "vcard/response.h"

/*
 * T=1; historical bytes 80, 73 C0 21 C0 (selection by full and partial AID; command chaining and
 * extended lengths), 57 "keycask". The last byte is the exclusive or of all but the first.
 */
static const uint8_t atr[] = {0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE,
			      0x15, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x57, 'k',
			      'e',  'y',  'c',	'a',  's',  'k',  0x5D};

static const uint8_t piv_aid[] = {0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00};

enum {
	AID_MIN = 5,	    /* the RID alone */
	AID_RID_BYTES = 5,  /* what follows it is the PIX */
	ANSWER_START = 256, /* most answers fit */
	TOUCH_COUNTS_MS = 15000,
	MS_PER_SECOND = 1000,
	NS_PER_MS = 1000000,
};

/* Carries out one command: appends answer data, returns the status word. */
typedef uint16_t (*handler_fn)(struct card *card, const struct apdu_command *command,
			       struct bytes *answer);

static const struct {
	uint8_t ins;
	handler_fn handle;
} instructions[] = {
	{INS_VERIFY, piv_pin_verify},
	{INS_CHANGE_REFERENCE_DATA, piv_pin_change},
	{INS_RESET_RETRY_COUNTER, piv_pin_unblock},
	{INS_GENERATE, piv_keys_generate},
	{INS_GENERAL_AUTHENTICATE, piv_auth_general},
	{INS_GET_DATA, piv_data_get},
	{INS_PUT_DATA, piv_data_put},
	{INS_GET_METADATA, piv_yubico_metadata},
	{INS_GET_SERIAL, piv_yubico_serial},
	{INS_SET_RETRIES, piv_yubico_set_retries},
	{INS_RESET, piv_yubico_reset},
	{INS_GET_VERSION, piv_yubico_version},
	{INS_IMPORT_KEY, piv_keys_import},
	{INS_SET_MANAGEMENT_KEY, piv_yubico_set_management_key},
};

void card_init(struct card *card, struct card_state *state, card_save_fn save, void *context)
{
	*card = (struct card){
		.state = *state,
		.save = save,
		.save_context = context,
		.chain = BYTES_INIT(CARD_COMMAND_MAX),
		.pending = BYTES_INIT(CARD_ANSWER_MAX),
	};
	memset(state, 0, sizeof(*state));
}

void card_done(struct card *card)
{
	bytes_done(&card->chain);
	bytes_done(&card->pending);
	card_state_done(&card->state);
}

void card_reset(struct card *card)
{
	OPENSSL_cleanse(&card->session, sizeof(card->session));
	response_reset(card);
}

struct kc_view card_atr(void)
{
	return VIEW_OF(atr);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NS_PER_MS;
}

bool card_is_touched(struct card *card, unsigned policy)
{
	bool is_cached = policy == PIV_TOUCH_CACHED;

	if (policy <= PIV_TOUCH_NEVER || !card->touch)
		return true;
	if (is_cached && now_ms() < card->session.touch_end_ms)
		return true;
	if (!card->touch(card->touch_context))
		return false;
	if (is_cached)
		card->session.touch_end_ms = now_ms() + TOUCH_COUNTS_MS;
	return true;
}

static enum kc_status put_application_template(struct bytes *answer)
{
	static const uint8_t authority[] = {0x4F, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08};
	CLEANUP(bytes_done) struct bytes template = BYTES_INIT(ANSWER_START);

	TRY(tlv_put(&template, 0x4F,
		    view_of(piv_aid + AID_RID_BYTES, sizeof(piv_aid) - AID_RID_BYTES)));
	TRY(tlv_put(&template, 0x79, VIEW_OF(authority)));
	TRY(tlv_put(&template, 0x50, view_of_text("keycask PIV")));
	for (size_t i = 0; piv_algorithm_at(i); i++) {
		const uint8_t row[] = {0x80, 0x01, piv_algorithm_at(i)->id, 0x06, 0x01, 0x00};

		TRY(tlv_put(&template, 0xAC, VIEW_OF(row)));
	}
	return tlv_put(answer, 0x61, bytes_view(&template));
}

/*
 * SP 800-73-5 part 2, 3.1.1: the AID may be right-truncated; selecting PIV again changes no
 * security status; an AID that is not on the card leaves PIV selected.
 */
static uint16_t select_application(struct card *card, const struct apdu_command *command,
				   struct bytes *answer)
{
	if (command->p1 != 0x04 || command->p2 != 0x00)
		return SW_WRONG_P1P2;
	if (command->data.len < AID_MIN || command->data.len > sizeof(piv_aid) ||
	    memcmp(command->data.data, piv_aid, command->data.len) != 0)
		return SW_NOT_FOUND;
	card->session.is_selected = true;
	return put_application_template(answer) == KC_OK ? SW_OK : SW_INTERNAL;
}

static bool is_yubicos(uint8_t ins)
{
	return ins >= INS_GET_METADATA;
}

static handler_fn find_handler(const struct card *card, uint8_t ins)
{
	if (ins == INS_SELECT)
		return select_application;
	if (!card->session.is_selected || (card->state.manner.is_strict && is_yubicos(ins)))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++)
		if (instructions[i].ins == ins)
			return instructions[i].handle;
	return NULL;
}

/* A card never acknowledges what it could not write down. */
static uint16_t save_changes(struct card *card, uint16_t sw)
{
	if (!card->is_changed)
		return sw;
	card->is_changed = false;
	if (!card->save || card->save(card->save_context, &card->state) == KC_OK)
		return sw;
	log_error("the card cannot be saved: %s", error_get()->message);
	return SW_MEMORY_FAILURE;
}

static uint16_t carry_out(struct card *card, const struct apdu_command *command,
			  struct bytes *answer)
{
	handler_fn handle = find_handler(card, command->ins);
	uint16_t sw = handle ? handle(card, command, answer) : SW_NO_INSTRUCTION;

	sw = save_changes(card, sw);
	if (sw != SW_OK)
		bytes_consume(answer, answer->len);
	return sw;
}

/* ISO 7816-4 5.4.1: this card has the basic channel only and no secure messaging. */
static uint16_t check_class(uint8_t cla)
{
	if (cla & 0xE0)
		return SW_NO_CLASS;
	if (cla & 0x0C)
		return SW_NO_SECURE_MESSAGING;
	if (cla & 0x03)
		return SW_NO_LOGICAL_CHANNEL;
	return SW_OK;
}

/* ATRs promise more than cards hold: some refuse the extended form, all or above a limit. */
static bool takes_length(const struct card *card, const struct apdu_command *command)
{
	unsigned max = card->state.manner.extended_max;

	return !command->is_extended || (max > 0 && command->data.len <= max);
}

enum kc_status card_transmit(struct card *card, struct kc_view input, struct bytes *response)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(CARD_ANSWER_MAX);
	struct apdu_command command = {0};
	uint16_t sw = SW_WRONG_LENGTH;

	error_clear();
	if (apdu_get_command(input, &command) == KC_OK && takes_length(card, &command))
		sw = check_class(command.cla);
	if (sw == SW_OK && command.ins == INS_GET_RESPONSE)
		return response_continue(card, &command, response);
	bytes_consume(&card->pending, card->pending.len);
	if (sw != SW_OK) {
		response_end_chain(card);
	} else if (response_collect(card, &command, &sw)) {
		sw = carry_out(card, &command, &answer);
		response_end_chain(card);
	}
	return response_finish(card, &command, bytes_view(&answer), sw, response);
}
