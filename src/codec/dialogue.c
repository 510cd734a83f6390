/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chaining, GET RESPONSE and wrong Le: ISO 7816-4 sections 5.3.3 and 5.6. */
#include "codec/dialogue.h"

#include "base/try.h"

enum {
	INS_GET_RESPONSE = 0xC0,
	CLA_CHANNEL_BITS = 0x03,
	SW1_MORE = 0x61,
	SW1_WRONG_LE = 0x6C,
	SW_OK = 0x9000,
};

/* One command on its way. */
struct passage {
	const struct dialogue *dialogue;
	struct bytes *answer;
	bool has_repeated; /* 6Cxx was obeyed once */
};

static enum kc_status exchange(const struct dialogue *dialogue, const struct apdu_command *command,
			       struct bytes *raw, struct apdu_response *ret_response)
{
	CLEANUP(bytes_done) struct bytes encoded = BYTES_INIT(APDU_COMMAND_MAX);

	TRY(apdu_put_command(&encoded, command));
	bytes_done(raw);
	TRY(dialogue->exchange(dialogue->context, bytes_view(&encoded), raw));
	return apdu_get_response(bytes_view(raw), ret_response);
}

/*
 * Send @command. ISO 7816-4 5.6, 6Cxx: "wrong Le field, SW2 encodes the exact number of available
 * data bytes"; obeyed once, and only for commands that ask for data, so that a VERIFY is never
 * sent twice.
 */
static enum kc_status send_one(struct passage *passage, struct apdu_command command,
			       struct bytes *raw, struct apdu_response *ret_response)
{
	struct apdu_response response = {0};

	TRY(exchange(passage->dialogue, &command, raw, &response));
	if (response.sw >> 8 == SW1_WRONG_LE && command.le > 0 && !passage->has_repeated) {
		passage->has_repeated = true;
		command.le = response.sw & 0xff ? response.sw & 0xff : APDU_SHORT_LE_MAX;
		TRY(exchange(passage->dialogue, &command, raw, &response));
	}
	*ret_response = response;
	return KC_OK;
}

static enum kc_status collect(struct passage *passage, const struct apdu_response *response)
{
	size_t max = passage->answer->max < DIALOGUE_ANSWER_MAX ? passage->answer->max
								: DIALOGUE_ANSWER_MAX;

	REQUIRE(response->data.len <= max - passage->answer->len, KC_ERR_COMMUNICATION,
		"the card's answer does not end");
	return bytes_append(passage->answer, response->data);
}

/* ISO 7816-4 5.6, 61xx: "SW2 encodes the number of data bytes still available". */
static enum kc_status collect_rest(struct passage *passage, uint8_t cla, uint16_t *sw)
{
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(APDU_RESPONSE_MAX);

	for (int round = 0; *sw >> 8 == SW1_MORE; round++) {
		struct apdu_command more = {.cla = cla & CLA_CHANNEL_BITS, .ins = INS_GET_RESPONSE};
		struct apdu_response response = {0};

		/* 00 is written for 256, which is what 6100 offers. */
		more.le = *sw & 0xff ? *sw & 0xff : APDU_SHORT_LE_MAX;
		REQUIRE(round < DIALOGUE_GET_RESPONSE_MAX, KC_ERR_COMMUNICATION,
			"the card's answer does not end");
		TRY(send_one(passage, more, &raw, &response));
		REQUIRE(response.data.len > 0 || response.sw >> 8 != SW1_MORE, KC_ERR_COMMUNICATION,
			"the card promises data and sends none");
		TRY(collect(passage, &response));
		*sw = response.sw;
	}
	return KC_OK;
}

/* The last command of a chain, or the only one, and the whole of its answer. */
static enum kc_status send_last(struct passage *passage, const struct apdu_command *command,
				uint16_t *ret_sw)
{
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(APDU_RESPONSE_MAX);
	struct apdu_response response = {0};

	TRY(send_one(passage, *command, &raw, &response));
	TRY(collect(passage, &response));
	*ret_sw = response.sw;
	return collect_rest(passage, command->cla, ret_sw);
}

/* ISO 7816-4 5.3.3: all but the last command of a chain carry bit 5 in CLA and no Le. */
static enum kc_status send_chained(struct passage *passage, struct apdu_command command,
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
		TRY(exchange(passage->dialogue, &part, &raw, &response));
		REQUIRE(response.sw >> 8 != SW1_MORE, KC_ERR_COMMUNICATION,
			"the card answers before the command is complete");
		*ret_sw = response.sw;
		if (response.sw != SW_OK)
			return KC_OK; /* refused: the rest of the chain would mean nothing */
		rest = view_slice(rest, APDU_SHORT_DATA_MAX, rest.len);
	}
	command.data = rest;
	return send_last(passage, &command, ret_sw);
}

enum kc_status dialogue_run(const struct dialogue *dialogue, const struct apdu_command *command,
			    struct bytes *answer, uint16_t *ret_sw)
{
	struct passage passage = {.dialogue = dialogue, .answer = answer};
	struct apdu_command sent = *command;
	bool is_long = sent.data.len > APDU_SHORT_DATA_MAX || sent.le > APDU_SHORT_LE_MAX;

	REQUIRE(sent.data.len <= 65535 && sent.le <= APDU_EXTENDED_MAX, KC_ERR_BAD_PARAMETER,
		"a command of %zu bytes is longer than any card takes", sent.data.len);
	sent.is_extended =
		is_long && dialogue->extended_max > 0 && sent.data.len <= dialogue->extended_max;
	if (sent.is_extended)
		return send_last(&passage, &sent, ret_sw);
	if (sent.le > APDU_SHORT_LE_MAX)
		sent.le = APDU_SHORT_LE_MAX;
	REQUIRE(sent.data.len <= APDU_SHORT_DATA_MAX || dialogue->may_chain, KC_ERR_BAD_PARAMETER,
		"a command of %zu bytes needs the extended form or chaining, which are switched "
		"off",
		sent.data.len);
	return send_chained(&passage, sent, ret_sw);
}
