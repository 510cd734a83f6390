/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kc_card_transmit(): chaining, GET RESPONSE, 6Cxx, and cards that want to be endless. */
#include "driverkit/card.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driverkit/channel.h"
#include "harness/fake_card.h"
#include "harness/test.h"

static struct kc_card card_on(struct fake_card *script)
{
	return (struct kc_card){
		.exchange = fake_card_exchange, .context = script, .input_max = 65544};
}

static const struct kc_apdu get_data = {.ins = 0xCB, .p1 = 0x3F, .p2 = 0xFF, .le = 256};

TEST(one_answer)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);
	struct kc_bytes data = {NULL, 0};
	uint16_t sw = 0;

	fake_card_add(script, "00CB3FFF00", "AABB9000");
	CHECK_OK(kc_card_transmit(&card, &get_data, &data, &sw));
	CHECK_INT(sw, 0x9000);
	CHECK_HEX(view_of(data.data, data.len), "AABB");
	kc_bytes_free(&data);
	fake_card_free(script);
}

TEST(a_status_word_is_no_failure)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);
	uint16_t sw = 0;

	fake_card_add(script, "00CB3FFF00", "6A82");
	CHECK_OK(kc_card_transmit(&card, &get_data, NULL, &sw));
	CHECK_INT(sw, 0x6A82);
	fake_card_free(script);
}

TEST(get_response_asks_for_what_is_offered)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);
	struct kc_bytes data = {NULL, 0};
	uint16_t sw = 0;

	fake_card_add(script, "00CB3FFF00", "016100");
	fake_card_add(script, "00C0000000", "0261FF");
	fake_card_add(script, "00C00000FF", "036117");
	fake_card_add(script, "00C0000017", "049000");
	CHECK_OK(kc_card_transmit(&card, &get_data, &data, &sw));
	CHECK_HEX(view_of(data.data, data.len), "01020304");
	CHECK_INT(sw, 0x9000);
	CHECK(fake_card_is_finished(script));
	kc_bytes_free(&data);
	fake_card_free(script);
}

TEST(wrong_le_is_obeyed_once)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);
	struct kc_bytes data = {NULL, 0};
	uint16_t sw = 0;

	fake_card_add(script, "00CB3FFF00", "6C02");
	fake_card_add(script, "00CB3FFF02", "01029000");
	fake_card_add(script, "00CB3FFF00", "6C02");
	fake_card_add(script, "00CB3FFF02", "6C03");
	CHECK_OK(kc_card_transmit(&card, &get_data, &data, &sw));
	CHECK_HEX(view_of(data.data, data.len), "0102");
	kc_bytes_free(&data);
	CHECK_OK(kc_card_transmit(&card, &get_data, &data, &sw));
	CHECK_INT(sw, 0x6C03);
	CHECK(fake_card_is_finished(script));
	kc_bytes_free(&data);
	fake_card_free(script);
}

TEST(a_verify_is_never_repeated)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);
	static const uint8_t pin[8] = {0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0xFF, 0xFF};
	const struct kc_apdu verify = {.ins = 0x20, .p2 = 0x80, .data = VIEW_OF(pin)};
	uint16_t sw = 0;

	fake_card_add(script, "0020008008313233343536FFFF", "6C08");
	CHECK_OK(kc_card_transmit(&card, &verify, NULL, &sw));
	CHECK_INT(sw, 0x6C08);
	CHECK_INT(fake_card_count(script), 1);
	fake_card_free(script);
}

/* --- long commands ---------------------------------------------------------------------------- */

static const uint8_t zeros[70000];

TEST(long_commands_are_chained)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	struct kc_apdu apdu = {.ins = 0x87, .data = view_of(zeros, 256), .le = 256};
	uint16_t sw = 0;

	CHECK_OK(kc_card_transmit(&card, &apdu, NULL, &sw));
	CHECK_INT(fake_card_count(script), 1); /* 6D00 for the first part ends the chain */
	CHECK_INT(sw, 0x6D00);
	CHECK_INT(fake_card_count_of(script, "10870000FF"), 1);
	CHECK_INT(strlen(fake_card_command(script, 0)), 2 * (5 + 255));
	fake_card_free(script);
}

static void say_ok(void *userdata, unsigned index, struct bytes *answer)
{
	static const uint8_t ok[] = {0x90, 0x00};

	(void)userdata;
	(void)index;
	bytes_done(answer);
	CHECK_OK(bytes_append(answer, VIEW_OF(ok)));
}

TEST(the_last_part_carries_le)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	struct kc_apdu apdu = {.ins = 0x87, .data = view_of(zeros, 256), .le = 256};
	uint16_t sw = 0;

	fake_card_alter(script, say_ok, NULL);
	CHECK_OK(kc_card_transmit(&card, &apdu, NULL, &sw));
	CHECK_INT(fake_card_count(script), 2);
	CHECK_TEXT(fake_card_command(script, 1), "00870000010000");
	fake_card_free(script);
}

TEST(extended_where_allowed)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	struct kc_apdu apdu = {.ins = 0x87, .data = view_of(zeros, 256), .le = 256};
	uint16_t sw = 0;

	fake_card_alter(script, say_ok, NULL);
	kc_card_use_extended(&card, 1024);
	CHECK_OK(kc_card_transmit(&card, &apdu, NULL, &sw));
	CHECK_INT(fake_card_count_of(script, "00870000000100"), 1);
	apdu.data = view_of(zeros, 1025);
	CHECK_OK(kc_card_transmit(&card, &apdu, NULL, &sw));
	CHECK_INT(fake_card_count_of(script, "10870000FF"), 4);
	apdu.data = view_of(zeros, 65536);
	CHECK_STATUS(kc_card_transmit(&card, &apdu, NULL, &sw), KC_ERR_BAD_PARAMETER);
	fake_card_free(script);
}

/* @answer to the command @head, @n zeros, @tail. */
static void add_zeros(struct fake_card *script, const char *head, int n, const char *tail,
		      const char *answer)
{
	char command[700];

	snprintf(command, sizeof(command), "%s%0*d%s", head, 2 * n, 0, tail);
	fake_card_add(script, command, answer);
}

/* The extended form is refused above 300 bytes: chained, and from then on nothing else is tried. */
TEST(a_refused_extended_command_is_chained)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	struct kc_apdu apdu = {.ins = 0x87, .data = view_of(zeros, 301), .le = 65536};
	struct kc_bytes data = {NULL, 0};
	uint16_t sw = 0;

	fake_card_alter(script, say_ok, NULL);
	kc_card_use_extended(&card, 65535);
	CHECK_OK(kc_card_transmit(&card, &apdu, NULL, &sw));
	CHECK_INT(fake_card_count(script), 1);
	fake_card_forget(script);
	fake_card_alter(script, NULL, NULL);
	add_zeros(script, "0087000000012D", 301, "0000", "6700");
	add_zeros(script, "10870000FF", 255, "", "9000");
	add_zeros(script, "008700002E", 46, "00", "AABB9000");
	CHECK_OK(kc_card_transmit(&card, &apdu, &data, &sw));
	CHECK_INT(sw, 0x9000);
	CHECK_HEX(view_of(data.data, data.len), "AABB");
	CHECK_INT(fake_card_count(script), 3);
	CHECK_OK(kc_card_transmit(&card, &apdu, NULL, &sw));
	CHECK_INT(fake_card_count(script), 5);
	kc_bytes_free(&data);
	fake_card_free(script);
}

TEST(a_short_command_refused_for_its_length_is_not_repeated)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);
	uint16_t sw = 0;

	kc_card_use_extended(&card, 65535);
	fake_card_add(script, "00CB3FFF00", "6700");
	CHECK_OK(kc_card_transmit(&card, &get_data, NULL, &sw));
	CHECK_INT(sw, 0x6700);
	fake_card_free(script);
}

TEST(what_a_card_and_its_slot_can_do_is_told)
{
	static const uint8_t can_extend[] = {0x3B, 0x85, 0x01, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x56};
	struct kc_card card = {.input_max = 0};
	struct card_facts facts = {.atr = VIEW_OF(can_extend), .input_max = 261};

	card_set_facts(&card, &facts);
	CHECK(kc_card_announces_extended(&card));
	kc_card_use_extended(&card, 65535);
	CHECK_INT(card.extended_max, 252);
	facts = (struct card_facts){.input_max = 5};
	card_set_facts(&card, &facts);
	CHECK(!kc_card_announces_extended(&card));
	kc_card_use_extended(&card, 65535);
	CHECK_INT(card.extended_max, 0);
}

/* --- cards that misbehave --------------------------------------------------------------------- */

static enum kc_status endless(void *context, struct kc_view command, struct bytes *response)
{
	static uint8_t block[257 + 1];
	const size_t *len = context;

	(void)command;
	block[*len - 2] = 0x61;
	block[*len - 1] = 0x00;
	return bytes_append(response, view_of(block, *len));
}

TEST(endless_answers_end)
{
	size_t len = 258; /* 256 bytes each time */
	struct kc_card card = {.exchange = endless, .context = &len};
	struct kc_bytes data = {NULL, 0};
	uint16_t sw = 0;

	CHECK_STATUS(kc_card_transmit(&card, &get_data, &data, &sw), KC_ERR_COMMUNICATION);
	CHECK_INT(card.n_exchanges, CARD_ANSWER_MAX / 256 + 1);
	len = 3; /* one byte each time */
	card.n_exchanges = 0;
	CHECK_STATUS(kc_card_transmit(&card, &get_data, &data, &sw), KC_ERR_COMMUNICATION);
	CHECK_INT(card.n_exchanges, CARD_GET_RESPONSE_MAX + 1);
	len = 2; /* none */
	card.n_exchanges = 0;
	CHECK_STATUS(kc_card_transmit(&card, &get_data, &data, &sw), KC_ERR_COMMUNICATION);
	CHECK_INT(card.n_exchanges, 2);
	CHECK(data.data == NULL);
}

/* A driver that goes on to the next object after each one that does not end. */
TEST(one_operation_ends)
{
	size_t len = 3;
	struct kc_card card = {.exchange = endless, .context = &len};
	uint16_t sw = 0;

	for (int i = 0; i < 24; i++)
		CHECK_STATUS(kc_card_transmit(&card, &get_data, NULL, &sw), KC_ERR_COMMUNICATION);
	CHECK_INT(card.n_exchanges, CARD_CALL_EXCHANGES_MAX);
	card_begin_call(&card);
	CHECK_STATUS(kc_card_transmit(&card, &get_data, NULL, &sw), KC_ERR_COMMUNICATION);
	CHECK_INT(card.n_exchanges, CARD_CALL_EXCHANGES_MAX + CARD_GET_RESPONSE_MAX + 1);
}

TEST(answers_without_status_word)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	uint16_t sw = 0;

	fake_card_add(script, "00CB3FFF00", "90");
	CHECK_STATUS(kc_card_transmit(&card, &get_data, NULL, &sw), KC_ERR_COMMUNICATION);
	fake_card_add(script, "00CB3FFF00", "");
	CHECK_STATUS(kc_card_transmit(&card, &get_data, NULL, &sw), KC_ERR_COMMUNICATION);
	fake_card_free(script);
}

TEST(a_card_that_left_stays_away)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	uint16_t sw = 0;

	fake_card_leave_after(script, 1);
	CHECK_OK(kc_card_transmit(&card, &get_data, NULL, &sw));
	CHECK_STATUS(kc_card_transmit(&card, &get_data, NULL, &sw), KC_ERR_TOKEN_NOT_FOUND);
	CHECK_STATUS(kc_card_transmit(&card, &get_data, NULL, &sw), KC_ERR_TOKEN_NOT_FOUND);
	CHECK_INT(fake_card_count(script), 2);
	fake_card_free(script);
}

/* --- the channel ------------------------------------------------------------------------------ */

TEST(a_command_over_the_channel)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct channel channel = {.fd = -1};
	struct kc_card card = {.exchange = channel_exchange, .context = &channel};
	struct kc_bytes data = {NULL, 0};
	uint16_t sw = 0;
	int fd = -1;

	fake_card_add(script, "00CB3FFF00", "AA6101");
	fake_card_add(script, "00C0000001", "BB9000");
	fake_card_leave_after(script, 2);
	fd = fake_card_start(script);
	CHECK_OK(channel_init(&channel, fd));
	CHECK_OK(kc_card_transmit(&card, &get_data, &data, &sw));
	CHECK_HEX(view_of(data.data, data.len), "AABB");
	kc_bytes_free(&data);
	CHECK_STATUS(kc_card_transmit(&card, &get_data, &data, &sw), KC_ERR_TOKEN_NOT_FOUND);
	channel_done(&channel);
	close(fd);
	fake_card_free(script);
}

TEST(an_empty_packet_is_a_removal)
{
	struct channel channel = {.fd = -1};
	struct kc_card card = {.exchange = channel_exchange, .context = &channel};
	int ends[2];
	uint16_t sw = 0;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	CHECK(send(ends[1], "", 0, 0) == 0);
	CHECK_OK(channel_init(&channel, ends[0]));
	CHECK_STATUS(kc_card_transmit(&card, &get_data, NULL, &sw), KC_ERR_TOKEN_NOT_FOUND);
	channel_done(&channel);
	close(ends[0]);
	close(ends[1]);
}

TEST(a_packet_too_long_is_refused)
{
	struct channel channel = {.fd = -1};
	struct kc_card card = {.exchange = channel_exchange, .context = &channel};
	int ends[2];
	uint16_t sw = 0;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	CHECK(send(ends[1], zeros, sizeof(zeros), 0) == (ssize_t)sizeof(zeros));
	CHECK_OK(channel_init(&channel, ends[0]));
	CHECK_STATUS(kc_card_transmit(&card, &get_data, NULL, &sw), KC_ERR_COMMUNICATION);
	channel_done(&channel);
	close(ends[0]);
	close(ends[1]);
}
