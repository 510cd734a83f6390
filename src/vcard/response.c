/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ISO 7816-4 5.3.3 (command chaining, CLA bit 5) and 5.3.4 (GET RESPONSE with 61xx), as SP
 * 800-73-5 part 2, 3.3.1 and appendix A use them, beside extended lengths. Nothing here knows
 * what a command means.
 */
#include "vcard/response.h"

#include "base/try.h"

static const struct kc_view nothing;

void response_reset(struct card *card)
{
	response_end_chain(card);
	bytes_consume(&card->pending, card->pending.len);
}

void response_end_chain(struct card *card)
{
	bytes_consume(&card->chain, card->chain.len);
	card->is_chain_open = false;
}

static bool is_next_of_chain(const struct card *card, const struct apdu_command *command)
{
	const uint8_t header[] = {command->ins, command->p1, command->p2};

	return card->is_chain_open && memcmp(card->chain_header, header, sizeof(header)) == 0;
}

static void start_chain(struct card *card, const struct apdu_command *command)
{
	response_end_chain(card);
	card->is_chain_open = true;
	card->chain_header[0] = command->ins;
	card->chain_header[1] = command->p1;
	card->chain_header[2] = command->p2;
}

bool response_collect(struct card *card, struct apdu_command *command, uint16_t *ret_sw)
{
	bool is_last = !(command->cla & APDU_CLA_CHAINING);

	/* A command that does not continue the chain ends it unheard. */
	if (!is_next_of_chain(card, command))
		start_chain(card, command);
	if (bytes_append(&card->chain, command->data) != KC_OK) {
		response_end_chain(card);
		*ret_sw = SW_WRONG_LENGTH;
		return false;
	}
	command->data = bytes_view(&card->chain);
	*ret_sw = SW_OK;
	return is_last;
}

static enum kc_status append_sw(struct bytes *response, unsigned sw)
{
	TRY(bytes_append_byte(response, (uint8_t)(sw >> 8)));
	return bytes_append_byte(response, (uint8_t)sw);
}

/*
 * How much this command can take. A command without Le gets its data all the same: most cards do
 * so and yubico-piv-tool relies on it.
 */
static size_t room_of(const struct card *card, const struct apdu_command *command)
{
	size_t max = command->is_extended ? card->state.manner.extended_max : APDU_SHORT_LE_MAX;

	return command->le > 0 && command->le < max ? command->le : max;
}

/* 61xx tells how many bytes wait; 00 stands for 256 or more. */
static unsigned sw_for_rest(size_t rest)
{
	return SW_MORE_DATA | (rest < APDU_SHORT_LE_MAX ? (unsigned)rest : 0);
}

enum kc_status response_finish(struct card *card, const struct apdu_command *command,
			       struct kc_view data, uint16_t sw, struct bytes *response)
{
	struct kc_view now = view_slice(data, 0, room_of(card, command));
	struct kc_view rest = view_slice(data, now.len, data.len);

	TRY(bytes_append(response, now));
	if (rest.len == 0)
		return append_sw(response, sw);
	TRY(bytes_append(&card->pending, rest));
	return append_sw(response, sw_for_rest(rest.len));
}

enum kc_status response_continue(struct card *card, const struct apdu_command *command,
				 struct bytes *response)
{
	struct kc_view now = view_slice(bytes_view(&card->pending), 0, room_of(card, command));
	size_t rest = card->pending.len - now.len;

	if (command->p1 != 0 || command->p2 != 0)
		return response_finish(card, command, nothing, SW_WRONG_P1P2, response);
	if (now.len == 0)
		return response_finish(card, command, nothing, SW_CONDITIONS, response);
	TRY(bytes_append(response, now));
	bytes_consume(&card->pending, now.len);
	return append_sw(response, rest > 0 ? sw_for_rest(rest) : SW_OK);
}
