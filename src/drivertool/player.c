/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Playing a recorded card, faithfully or not. */
#include "drivertool/player.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "codec/hex.h"

enum {
	INS_VERIFY = 0x20,
	INS_CHANGE = 0x24,
	INS_RESET_RETRY = 0x2C,
	INS_GET_RESPONSE = 0xC0,
	INS_SELECT = 0xA4,
	HEADER_LEN = 4,
	SPOIL_RANDOM_ONE_IN = 4,
	RANDOM_CHANGES_MAX = 4,
};

static const char *const names[SPOIL_COUNT] = {
	"nothing", "empty", "short", "long", "oversized", "half", "garbage", "6F00",
	"6982",	   "6A82",  "63C1",  "6C01", "endless",	  "mute", "pulled",
};

const char *player_spoil_name(enum spoil spoil)
{
	return names[spoil];
}

void player_done(struct player *player)
{
	for (size_t i = 0; i < player->n_unrecorded; i++)
		free(player->unrecorded[i]);
	player->n_unrecorded = 0;
}

/* xorshift64*: enough to be different, and the same everywhere. */
unsigned player_random(struct player *player, unsigned limit)
{
	player->random ^= player->random >> 12;
	player->random ^= player->random << 25;
	player->random ^= player->random >> 27;
	return (unsigned)((player->random * 0x2545F4914F6CDD1DULL) >> 33) % limit;
}

bool player_is_pin_command(struct kc_view command)
{
	struct apdu_command apdu;
	bool is_it = apdu_get_command(command, &apdu) == KC_OK && apdu.data.len > 0 &&
		     (apdu.ins == INS_VERIFY || apdu.ins == INS_VERIFY + 1 ||
		      apdu.ins == INS_CHANGE || apdu.ins == INS_CHANGE + 1 ||
		      apdu.ins == INS_RESET_RETRY || apdu.ins == INS_RESET_RETRY + 1);

	error_clear();
	return is_it;
}

/* --- what was recorded --------------------------------------------------------------------------
 */

/* Equal, or equal but for how much is expected: readers and hosts differ in Le. */
static bool is_same_command(struct kc_view a, struct kc_view b)
{
	struct apdu_command x;
	struct apdu_command y;
	bool is_it = view_equal(a, b);

	if (!is_it && apdu_get_command(a, &x) == KC_OK && apdu_get_command(b, &y) == KC_OK)
		is_it = x.cla == y.cla && x.ins == y.ins && x.p1 == y.p1 && x.p2 == y.p2 &&
			view_equal(x.data, y.data);
	error_clear();
	return is_it;
}

static const struct recording_line *find_in(struct player *player, struct kc_view command,
					    size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++) {
		const struct recording_line *line = &player->recording->lines[i];

		if (is_same_command(command, view_of(line->command.data, line->command.len))) {
			player->next = i + 1;
			return line;
		}
	}
	return NULL;
}

/* The same command twice may have had two answers: what comes next in the recording counts. */
static const struct recording_line *find_line(struct player *player, struct kc_view command)
{
	const struct recording_line *line = NULL;

	if (!player->recording)
		return NULL;
	line = find_in(player, command, player->next, player->recording->n_lines);
	return line ? line : find_in(player, command, 0, player->next);
}

static void note_unrecorded(struct player *player, struct kc_view command)
{
	bool is_pin = player_is_pin_command(command);
	char *text = hex_encode(is_pin ? view_slice(command, 0, HEADER_LEN) : command, HEX_UPPER);

	if (!text || player->n_unrecorded == PLAYER_UNRECORDED_MAX)
		free(text);
	else
		player->unrecorded[player->n_unrecorded++] = text;
}

static uint16_t refuse(struct player *player, struct kc_view command)
{
	struct apdu_command apdu;

	note_unrecorded(player, command);
	if (player->is_generous && player_is_pin_command(command))
		return 0x9000;
	if (apdu_get_command(command, &apdu) != KC_OK)
		error_clear();
	else if (player->is_generous && apdu.ins == INS_VERIFY)
		return 0x63C3;
	else if (player->is_generous && apdu.ins == INS_SELECT)
		return 0x9000;
	return command.len > 1 && command.data[1] == INS_SELECT ? 0x6A82 : 0x6D00;
}

static void put_sw(struct bytes *answer, uint16_t sw)
{
	ignore(bytes_append_byte(answer, (uint8_t)(sw >> 8)) != KC_OK);
	ignore(bytes_append_byte(answer, (uint8_t)(sw & 0xff)) != KC_OK);
}

static void play(struct player *player, struct kc_view command, struct bytes *answer)
{
	const struct recording_line *line = find_line(player, command);

	if (line)
		ignore(bytes_append(answer, view_of(line->answer.data, line->answer.len)) != KC_OK);
	else
		put_sw(answer, refuse(player, command));
}

/* --- what was not
 * --------------------------------------------------------------------------------- */

static void fill(struct bytes *answer, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ignore(bytes_append_byte(answer, (uint8_t)(0x53 + i * 7)) != KC_OK);
}

static void keep(struct bytes *answer, size_t len)
{
	while (answer->len > len)
		answer->data[--answer->len] = 0;
}

static void be_garbage(struct player *player, struct bytes *answer)
{
	static const uint8_t tags[] = {0x53, 0x70, 0x7F, 0x6E, 0x30, 0x04, 0xDF, 0x5F};
	static const uint8_t lengths[] = {0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x83, 0x84, 0xFF};

	keep(answer, 0);
	for (int i = 0; i < 24; i++) {
		ignore(bytes_append_byte(answer, tags[player_random(player, sizeof(tags))]) !=
		       KC_OK);
		ignore(bytes_append_byte(answer, lengths[player_random(player, sizeof(lengths))]) !=
		       KC_OK);
	}
	put_sw(answer, 0x9000);
}

static void be_refused(struct bytes *answer, uint16_t sw)
{
	keep(answer, 0);
	put_sw(answer, sw);
}

static void be_long(struct bytes *answer, size_t len)
{
	keep(answer, 0);
	fill(answer, len - 2);
	put_sw(answer, 0x9000);
}

static void be_endless(struct player *player, struct bytes *answer)
{
	player->is_endless = true;
	keep(answer, 0);
	fill(answer, 16);
	put_sw(answer, 0x61FF);
}

static enum player_move leave(struct player *player, enum player_move move)
{
	player->is_gone = true;
	return move;
}

static void be_half(struct bytes *answer)
{
	keep(answer, answer->len > 2 ? (answer->len - 2) / 2 : 0);
	put_sw(answer, 0x9000);
}

static enum player_move spoil(struct player *player, enum spoil how, struct bytes *answer)
{
	player->is_spoiled = true;
	switch (how) {
	case SPOIL_EMPTY:
		be_refused(answer, 0x9000);
		break;
	case SPOIL_SHORT:
		keep(answer, 0);
		fill(answer, 1);
		break;
	case SPOIL_LONG:
		be_long(answer, APDU_RESPONSE_MAX);
		break;
	case SPOIL_OVERSIZED:
		be_long(answer, PLAYER_OVERSIZED);
		break;
	case SPOIL_HALF:
		be_half(answer);
		break;
	case SPOIL_GARBAGE:
		be_garbage(player, answer);
		break;
	case SPOIL_FAILURE:
		be_refused(answer, 0x6F00);
		break;
	case SPOIL_REFUSAL:
		be_refused(answer, 0x6982);
		break;
	case SPOIL_NOT_FOUND:
		be_refused(answer, 0x6A82);
		break;
	case SPOIL_WRONG_PIN:
		be_refused(answer, 0x63C1);
		break;
	case SPOIL_WRONG_LE:
		be_refused(answer, 0x6C01);
		break;
	case SPOIL_ENDLESS:
		be_endless(player, answer);
		break;
	case SPOIL_MUTE:
		return leave(player, PLAYER_IS_MUTE);
	case SPOIL_PULLED:
		return leave(player, PLAYER_LEAVES);
	case SPOIL_NOTHING:
	case SPOIL_COUNT:
		break;
	}
	return PLAYER_ANSWERS;
}

/* Lengths are what parsers stumble over: the bytes around their limits come often. */
static void change_bytes(struct player *player, struct bytes *answer)
{
	static const uint8_t edges[] = {0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFE, 0xFF};
	unsigned n = 1 + player_random(player, RANDOM_CHANGES_MAX);

	while (n-- > 0 && answer->len > 0) {
		size_t place = player_random(player, (unsigned)answer->len);

		if (player_random(player, 2))
			answer->data[place] = edges[player_random(player, sizeof(edges))];
		else
			answer->data[place] ^= (uint8_t)(1 << player_random(player, 8));
	}
}

static enum player_move spoil_at_random(struct player *player, struct bytes *answer)
{
	if (player_random(player, SPOIL_RANDOM_ONE_IN) != 0)
		return PLAYER_ANSWERS;
	player->is_spoiled = true;
	switch (player_random(player, 8)) {
	case 0:
		return spoil(player, (enum spoil)(1 + player_random(player, SPOIL_COUNT - 1)),
			     answer);
	case 1:
		keep(answer, player_random(player, (unsigned)answer->len + 1));
		break;
	case 2:
		fill(answer, player_random(player, 300));
		put_sw(answer, 0x9000);
		break;
	default:
		change_bytes(player, answer);
		break;
	}
	if (answer->len == 0)
		put_sw(answer, 0x9000); /* no bytes at all mean that the card is gone */
	return PLAYER_ANSWERS;
}

static void note_pin(struct player *player, struct kc_view command, const struct bytes *answer)
{
	struct apdu_response response = {.sw = 0};

	if (!player_is_pin_command(command))
		return;
	player->n_pins++;
	ignore(apdu_get_response(bytes_view(answer), &response) != KC_OK);
	error_clear();
	player->last_pin_sw = response.sw;
}

enum player_move player_answer(struct player *player, struct kc_view command, struct bytes *answer)
{
	bool is_more = command.len > 1 && command.data[1] == INS_GET_RESPONSE;
	unsigned number = player->n_commands++;
	enum player_move move = PLAYER_ANSWERS;

	if (player->is_endless && is_more) {
		be_endless(player, answer);
		return PLAYER_ANSWERS;
	}
	play(player, command, answer);
	if (player->is_random)
		move = spoil_at_random(player, answer);
	else if (player->spoil != SPOIL_NOTHING && number == player->spoil_at)
		move = spoil(player, player->spoil, answer);
	if (move != PLAYER_ANSWERS)
		keep(answer, 0);
	note_pin(player, command, answer);
	return move;
}
