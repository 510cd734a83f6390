/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings: what is read, what each mistake is called, and what a player makes of them. */
#include "drivertool/recording.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "drivertool/player.h"
#include "harness/test.h"

static enum kc_status load(const char *text, struct recording **ret_recording)
{
	char path[512];
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/card.apdu", test_directory());
	file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
	error_clear();
	return recording_load(path, ret_recording);
}

static struct recording *load_good(const char *text)
{
	struct recording *recording = NULL;

	CHECK_OK(load(text, &recording));
	return recording;
}

static const char *answer_to(struct player *player, const char *hex)
{
	static char text[64];
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(PLAYER_OVERSIZED);
	uint8_t command[64];
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++)
		CHECK(sscanf(hex + 2 * i, "%2hhX", &command[i]) == 1);
	if (player_answer(player, view_of(command, len), &answer) != PLAYER_ANSWERS)
		return "none";
	text[0] = '\0';
	for (size_t i = 0; i < answer.len && 2 * i + 3 < sizeof(text); i++)
		snprintf(text + 2 * i, 3, "%02X", answer.data[i]);
	return text;
}

TEST(a_good_one_is_read_whole)
{
	CLEANUP(recording_freep)
	struct recording *recording = load_good(
		"# ATR 3B00\n# keycask: pin 1234\n# keycask: sign 9A rsa_signature_raw 0102\n"
		"\n> 00A4040005A000000308\r\n< 9000\n> 00CB3FFF00\n< 53019000");
	CLEANUP(bytes_done) struct bytes aid = BYTES_INIT(16);

	CHECK_INT(recording->n_lines, 2);
	CHECK_TEXT(recording->pin, "1234");
	CHECK_TEXT(recording->atr, "3B00");
	CHECK_INT(recording->n_signings, 1);
	CHECK_TEXT(recording->signings[0].algorithm, "rsa_signature_raw");
	CHECK_HEX(view_of(recording->signings[0].data.data, 2), "0102");
	CHECK_OK(recording_aid(recording, &aid));
	CHECK_HEX(bytes_view(&aid), "A000000308");
	CHECK(recording_has_instruction(recording, 0xCB));
	CHECK(!recording_has_instruction(recording, 0x20));
}

TEST(each_mistake_is_named_by_its_line)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"", "no commands in it"},
		{"# only a remark\n", "no commands in it"},
		{"> 00A40400\n", "has no answer"},
		{"> 00A40400\n> 00A40400\n< 9000\n", ":2: a command, and the one before"},
		{"< 9000\n", ":1: an answer without a command"},
		{"> 00A4040\n< 9000\n", ":1: not hexadecimal"},
		{"> 00A404xx\n< 9000\n", ":1: not hexadecimal"},
		{"> 00A4\n< 9000\n", ":1: a command APDU has at least four bytes"},
		{"> 00A40400\n< 90\n", ":2: an answer ends with a status word"},
		{"> 00A40400\n< 9000\nhello\n", ":3: a line begins with"},
		{"# keycask: pin\n", ":1: after '# keycask:' comes"},
		{"# keycask: sign 9A\n", ":1: after '# keycask:' comes"},
		{"# keycask: sign 9A rsa_signature_raw 01 02\n", ":1: after '# keycask:' comes"},
		{"# keycask: sign 9 rsa_signature_raw 01\n", ":1: not hexadecimal"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct recording *recording = NULL;

		CHECK_STATUS(load(cases[i].text, &recording), KC_ERR_DECODE);
		if (!strstr(error_get()->message, cases[i].message))
			test_fail(__FILE__, __LINE__, "case %zu says \"%s\"", i,
				  error_get()->message);
	}
}

#define CARD                                                                                       \
	"> 00CB3FFF00\n< 016102\n> 00C0000002\n< 029000\n"                                         \
	"> 00CB3FFE00\n< 036102\n> 00C0000002\n< 049000\n> 00CB3FFF00\n< 056A82\n"

TEST(what_comes_next_in_the_recording_counts)
{
	CLEANUP(recording_freep) struct recording *recording = load_good(CARD);
	CLEANUP(player_done) struct player player = {.recording = recording};

	CHECK_TEXT(answer_to(&player, "00CB3FFE00"), "036102");
	CHECK_TEXT(answer_to(&player, "00C0000002"), "049000");
	CHECK_TEXT(answer_to(&player, "00CB3FFF00"), "056A82");
	CHECK_TEXT(answer_to(&player, "00CB3FFF00"), "016102");
	CHECK_TEXT(answer_to(&player, "00C0000000"), "029000"); /* another Le */
	CHECK_INT(player.n_unrecorded, 0);
	CHECK_INT(player.n_commands, 5);
}

TEST(what_was_not_recorded_is_refused_and_told)
{
	CLEANUP(recording_freep) struct recording *recording = load_good(CARD);
	CLEANUP(player_done) struct player player = {.recording = recording};

	CHECK_TEXT(answer_to(&player, "00A4040001AA"), "6A82");
	CHECK_TEXT(answer_to(&player, "00CB3FFD00"), "6D00");
	CHECK_TEXT(answer_to(&player, "002000010431323334"), "6D00");
	CHECK_INT(player.n_unrecorded, 3);
	CHECK_TEXT(player.unrecorded[1], "00CB3FFD00");
	CHECK_TEXT(player.unrecorded[2], "00200001"); /* without the PIN */
}

TEST(one_answer_is_spoiled_and_no_other)
{
	CLEANUP(recording_freep) struct recording *recording = load_good(CARD);

	for (enum spoil spoil = SPOIL_NOTHING + 1; spoil < SPOIL_COUNT; spoil++) {
		CLEANUP(player_done)
		struct player player = {
			.recording = recording, .spoil = spoil, .spoil_at = 1, .random = 1};
		const char *answer = NULL;

		CHECK_TEXT(answer_to(&player, "00CB3FFE00"), "036102");
		answer = answer_to(&player, "00C0000002");
		CHECK(strcmp(answer, "049000") != 0);
		CHECK(player.is_spoiled);
		CHECK((strcmp(answer, "none") == 0) == player.is_gone);
		CHECK_TEXT(answer_to(&player, "00CB3FFF00"), "056A82");
	}
}

TEST(endless_is_endless)
{
	CLEANUP(recording_freep) struct recording *recording = load_good(CARD);
	CLEANUP(player_done)
	struct player player = {.recording = recording, .spoil = SPOIL_ENDLESS};

	for (int i = 0; i < 400; i++) {
		const char *answer = answer_to(&player, i == 0 ? "00CB3FFE00" : "00C00000FF");

		CHECK_TEXT(answer + strlen(answer) - 4, "61FF");
	}
}

TEST(the_same_seed_is_the_same_card)
{
	CLEANUP(recording_freep) struct recording *recording = load_good(CARD);
	CLEANUP(player_done)
	struct player a = {.recording = recording, .is_random = true, .random = 7};
	CLEANUP(player_done)
	struct player b = {.recording = recording, .is_random = true, .random = 7};
	unsigned n_spoiled = 0;

	for (int i = 0; i < 200; i++) {
		char first[64];

		a.is_spoiled = false;
		snprintf(first, sizeof(first), "%s", answer_to(&a, "00CB3FFE00"));
		CHECK_TEXT(answer_to(&b, "00CB3FFE00"), first);
		n_spoiled += a.is_spoiled;
	}
	CHECK(n_spoiled > 20 && n_spoiled < 100);
}

TEST(which_commands_may_carry_a_pin)
{
	static const uint8_t verify[] = {0x00, 0x20, 0x00, 0x80, 0x01, 0x31};
	static const uint8_t status[] = {0x00, 0x20, 0x00, 0x80};
	static const uint8_t sign[] = {0x00, 0x2A, 0x9E, 0x9A, 0x01, 0x31, 0x00};

	CHECK(player_is_pin_command(VIEW_OF(verify)));
	CHECK(!player_is_pin_command(VIEW_OF(status)));
	CHECK(!player_is_pin_command(VIEW_OF(sign)));
}
