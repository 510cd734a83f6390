/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of the card's tests. */
#include "vcard/test_terminal.h"

#include <stdio.h>

#include "codec/hex.h"
#include "harness/test.h"
#include "vcard/key_operation.h"
#include "vcard/profile.h"

enum {
	ANSWER_MAX = 65536,
};

void terminal_init_unselected(struct terminal *terminal)
{
	struct card_state state;

	CHECK_OK(card_state_init(&state));
	card_init(&terminal->card, &state, NULL, NULL);
	terminal->answer = BYTES_INIT(ANSWER_MAX);
}

void terminal_init(struct terminal *terminal)
{
	terminal_init_unselected(terminal);
	terminal_select(terminal);
}

void terminal_init_profile(struct terminal *terminal, const char *text)
{
	struct card_state state;
	struct profile profile;

	CHECK_OK(card_state_init(&state));
	CHECK_OK(profile_parse(text, &profile));
	CHECK_OK(profile_apply(&profile, &state, NULL));
	card_init(&terminal->card, &state, NULL, NULL);
	terminal->answer = BYTES_INIT(ANSWER_MAX);
	terminal_send(terminal, "00A4040006D27600012401", 0x9000);
}

void terminal_done(struct terminal *terminal)
{
	card_done(&terminal->card);
	bytes_done(&terminal->answer);
}

void terminal_select(struct terminal *terminal)
{
	terminal_send(terminal, "00A404000BA00000030800001000010000", 0x9000);
}

static uint16_t exchange(struct terminal *terminal, struct kc_view command)
{
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(ANSWER_MAX);
	struct apdu_response parts;

	CHECK_OK(card_transmit(&terminal->card, command, &response));
	CHECK_OK(apdu_get_response(bytes_view(&response), &parts));
	CHECK_OK(bytes_append(&terminal->answer, parts.data));
	return parts.sw;
}

static void forget_answer(struct terminal *terminal)
{
	bytes_consume(&terminal->answer, terminal->answer.len);
}

static void check_sw(const char *what, unsigned actual, unsigned expected)
{
	if (actual != expected)
		test_fail(__FILE__, __LINE__, "%s gave %04X, not %04X", what, actual, expected);
}

void terminal_send(struct terminal *terminal, const char *hex, unsigned sw)
{
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(APDU_COMMAND_MAX);

	CHECK_OK(hex_decode(hex, &command));
	forget_answer(terminal);
	check_sw(hex, exchange(terminal, bytes_view(&command)), sw);
}

static uint16_t exchange_command(struct terminal *terminal, const struct apdu_command *command)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(APDU_COMMAND_MAX);

	CHECK_OK(apdu_put_command(&bytes, command));
	return exchange(terminal, bytes_view(&bytes));
}

/* Everything but the last part of a long command; false when the card does not want more. */
static bool send_chain(struct terminal *terminal, struct apdu_command *command, uint16_t *ret_sw)
{
	while (!command->is_extended && command->data.len > APDU_SHORT_DATA_MAX) {
		struct apdu_command part = *command;

		part.cla |= APDU_CLA_CHAINING;
		part.data = view_slice(command->data, 0, APDU_SHORT_DATA_MAX);
		part.le = 0;
		*ret_sw = exchange_command(terminal, &part);
		if (*ret_sw != SW_OK)
			return false;
		command->data = view_slice(command->data, APDU_SHORT_DATA_MAX, command->data.len);
	}
	return true;
}

void terminal_command(struct terminal *terminal, const struct apdu_command *command, unsigned sw)
{
	const struct apdu_command more = {.ins = INS_GET_RESPONSE, .le = APDU_SHORT_LE_MAX};
	struct apdu_command last = *command;
	uint16_t actual = 0;

	forget_answer(terminal);
	if (send_chain(terminal, &last, &actual))
		actual = exchange_command(terminal, &last);
	while ((actual & 0xFF00) == SW_MORE_DATA)
		actual = exchange_command(terminal, &more);
	check_sw("a command", actual, sw);
}

void terminal_prove_management_key(struct terminal *terminal)
{
	const struct card_management_key *management = &terminal->card.state.management;
	struct kc_view challenge = {0};
	uint8_t proof[12] = {0x7C, 0x0A, 0x82, 0x08};

	terminal_send(terminal, "0087039B047C02810000", 0x9000);
	CHECK(terminal_has(terminal, 0x7C, 0x81, &challenge));
	CHECK_INT(challenge.len, 8);
	CHECK_OK(key_operation_cipher(management->cipher, management->value, true, challenge,
				      proof + 4));
	terminal_command(terminal,
			 &(struct apdu_command){.ins = INS_GENERAL_AUTHENTICATE,
						.p1 = PIV_3DES,
						.p2 = PIV_MANAGEMENT_KEY,
						.data = VIEW_OF(proof)},
			 SW_OK);
}

struct kc_view terminal_answer(const struct terminal *terminal)
{
	return bytes_view(&terminal->answer);
}

bool terminal_has(const struct terminal *terminal, uint32_t outer, uint32_t inner,
		  struct kc_view *ret_value)
{
	struct kc_view content = {0};

	return tlv_has(terminal_answer(terminal), outer, &content) &&
	       tlv_has(content, inner, ret_value);
}
