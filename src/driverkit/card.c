/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kc_card_transmit(): one command of a driver becomes as many APDUs as ISO 7816-4 needs, and their
 * answers one answer. Every byte that comes back may be chosen by an attacker: length and number
 * of rounds are bounded, and a card that makes no progress is given up.
 */
#include "driverkit/card.h"

#include "base/log.h"
#include "base/try.h"
#include "codec/apdu.h"

enum {
	INS_GET_RESPONSE = 0xC0,
	CLA_CHANNEL_BITS = 0x03,
	SW1_MORE = 0x61,
	SW1_WRONG_LE = 0x6C,
	SW_OK = 0x9000,
};

/* One command of a driver on its way. */
struct transmission {
	struct kc_card *card;
	struct bytes answer; /* data collected so far */
	bool has_repeated;   /* 6Cxx was obeyed once */
};

static void transmission_done(struct transmission *transmission)
{
	bytes_done(&transmission->answer);
}

static enum kc_status exchange(struct kc_card *card, const struct apdu_command *command,
			       struct bytes *raw, struct apdu_response *ret_response)
{
	CLEANUP(bytes_done) struct bytes encoded = BYTES_INIT(APDU_COMMAND_MAX);
	enum kc_status status = KC_OK;

	REQUIRE(!card->is_gone, KC_ERR_TOKEN_NOT_FOUND, "the card is gone");
	TRY(apdu_put_command(&encoded, command));
	bytes_done(raw);
	card->n_exchanges++;
	status = card->exchange(card->context, bytes_view(&encoded), raw);
	card->is_gone = status == KC_ERR_TOKEN_NOT_FOUND;
	TRY(status);
	return apdu_get_response(bytes_view(raw), ret_response);
}

/*
 * Send @command. ISO 7816-4 5.6, 6Cxx: "wrong Le field, SW2 encodes the exact number of available
 * data bytes"; obeyed once, and only for commands that ask for data, so that a VERIFY is never
 * sent twice.
 */
static enum kc_status send_one(struct transmission *transmission, struct apdu_command command,
			       struct bytes *raw, struct apdu_response *ret_response)
{
	struct apdu_response response = {0};

	TRY(exchange(transmission->card, &command, raw, &response));
	if (response.sw >> 8 == SW1_WRONG_LE && command.le > 0 && !transmission->has_repeated) {
		transmission->has_repeated = true;
		command.le = response.sw & 0xff ? response.sw & 0xff : APDU_SHORT_LE_MAX;
		TRY(exchange(transmission->card, &command, raw, &response));
	}
	*ret_response = response;
	return KC_OK;
}

static enum kc_status collect(struct transmission *transmission,
			      const struct apdu_response *response)
{
	REQUIRE(response->data.len <= CARD_ANSWER_MAX - transmission->answer.len,
		KC_ERR_COMMUNICATION, "the card's answer does not end");
	return bytes_append(&transmission->answer, response->data);
}

/* ISO 7816-4 5.6, 61xx: "SW2 encodes the number of data bytes still available". */
static enum kc_status collect_rest(struct transmission *transmission, uint8_t cla, uint16_t *sw)
{
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(APDU_RESPONSE_MAX);

	for (int round = 0; *sw >> 8 == SW1_MORE; round++) {
		struct apdu_command more = {.cla = cla & CLA_CHANNEL_BITS, .ins = INS_GET_RESPONSE};
		struct apdu_response response = {0};

		/* 00 is written for 256, which is what 6100 offers. */
		more.le = *sw & 0xff ? *sw & 0xff : APDU_SHORT_LE_MAX;
		REQUIRE(round < CARD_GET_RESPONSE_MAX, KC_ERR_COMMUNICATION,
			"the card's answer does not end");
		TRY(send_one(transmission, more, &raw, &response));
		REQUIRE(response.data.len > 0 || response.sw >> 8 != SW1_MORE, KC_ERR_COMMUNICATION,
			"the card promises data and sends none");
		TRY(collect(transmission, &response));
		*sw = response.sw;
	}
	return KC_OK;
}

/* The last command of a chain, or the only one, and the whole of its answer. */
static enum kc_status send_last(struct transmission *transmission,
				const struct apdu_command *command, uint16_t *ret_sw)
{
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(APDU_RESPONSE_MAX);
	struct apdu_response response = {0};

	TRY(send_one(transmission, *command, &raw, &response));
	TRY(collect(transmission, &response));
	*ret_sw = response.sw;
	return collect_rest(transmission, command->cla, ret_sw);
}

/* ISO 7816-4 5.3.3: all but the last command of a chain carry bit 5 in CLA and no Le. */
static enum kc_status send_chained(struct transmission *transmission, struct apdu_command command,
				   uint16_t *ret_sw)
{
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(APDU_RESPONSE_MAX);
	struct kc_view rest = command.data;

	while (rest.len > APDU_SHORT_DATA_MAX) {
		struct apdu_command part = command;
		struct apdu_response response = {0};

		part.cla |= APDU_CLA_CHAINING;
		part.le = 0;
		part.data = view_slice(rest, 0, APDU_SHORT_DATA_MAX);
		TRY(exchange(transmission->card, &part, &raw, &response));
		REQUIRE(response.sw >> 8 != SW1_MORE, KC_ERR_COMMUNICATION,
			"the card answers before the command is complete");
		*ret_sw = response.sw;
		if (response.sw != SW_OK)
			return KC_OK; /* refused: the rest of the chain would mean nothing */
		rest = view_slice(rest, APDU_SHORT_DATA_MAX, rest.len);
	}
	command.data = rest;
	return send_last(transmission, &command, ret_sw);
}

static enum kc_status transmit(struct transmission *transmission, const struct kc_apdu *apdu,
			       uint16_t *ret_sw)
{
	struct apdu_command command = {.cla = apdu->cla,
				       .ins = apdu->ins,
				       .p1 = apdu->p1,
				       .p2 = apdu->p2,
				       .data = apdu->data,
				       .le = apdu->le};
	bool is_long = apdu->data.len > APDU_SHORT_DATA_MAX || apdu->le > APDU_SHORT_LE_MAX;

	REQUIRE(apdu->data.len <= 65535 && apdu->le <= APDU_EXTENDED_MAX, KC_ERR_BAD_PARAMETER,
		"a command of %zu bytes is longer than any card takes", apdu->data.len);
	if (is_long && apdu->data.len <= transmission->card->extended_max) {
		command.is_extended = true;
		return send_last(transmission, &command, ret_sw);
	}
	if (command.le > APDU_SHORT_LE_MAX)
		command.le = APDU_SHORT_LE_MAX;
	return send_chained(transmission, command, ret_sw);
}

enum kc_status kc_card_transmit(struct kc_card *card, const struct kc_apdu *apdu,
				struct kc_bytes *ret_data, uint16_t *ret_sw)
{
	CLEANUP(transmission_done)
	struct transmission transmission = {.card = card, .answer = BYTES_INIT(CARD_ANSWER_MAX)};
	uint16_t sw = 0;

	TRY(transmit(&transmission, apdu, &sw));
	log_debug("stage=card ins=%02X p1=%02X p2=%02X bytes=%zu sw=%04X", apdu->ins, apdu->p1,
		  apdu->p2, transmission.answer.len, sw);
	if (ret_data)
		*ret_data = bytes_take(&transmission.answer);
	*ret_sw = sw;
	return KC_OK;
}

void kc_card_use_extended(struct kc_card *card, uint32_t command_max)
{
	card->extended_max = command_max;
}
