/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pseudo-APDUs between a card channel and a reader that the test plays as a port. */
#include "base/try.h"
#include "codec/hex.h"
#include "harness/test.h"
#include "slothost/keypad.h"

/* A reader: what it was made to do, and what it answers. */
struct reader {
	struct part10_features features;
	enum kc_status status;
	const char *answer;
	uint32_t code; /* of the last control, 0: none */
	unsigned limit_ms;
	struct bytes data;
};

static enum kc_status tell_features(void *state, struct part10_features *ret_features)
{
	const struct reader *reader = state;

	TRY(reader->status);
	*ret_features = reader->features;
	return KC_OK;
}

static enum kc_status control(void *state, uint32_t code, struct kc_view data, unsigned limit_ms,
			      struct bytes *answer)
{
	struct reader *reader = state;

	reader->code = code;
	reader->limit_ms = limit_ms;
	reader->data.len = 0;
	CHECK_OK(bytes_append(&reader->data, data));
	if (reader->status != KC_OK)
		return fail(reader->status, "as the test says");
	return hex_decode(reader->answer, answer);
}

static void close_reader(void *state)
{
	struct reader *reader = state;

	bytes_done(&reader->data);
}

static const struct port_operations operations = {
	.features = tell_features,
	.control = control,
	.close = close_reader,
};

static const struct port_operations operations_of_no_reader = {
	.close = close_reader,
};

static void check_answer(struct keypad *keypad, const char *packet_hex, const char *answer)
{
	CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(512);
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(512);

	CHECK_OK(hex_decode(packet_hex, &packet));
	CHECK(keypad_is_meant(bytes_view(&packet)));
	CHECK_OK(keypad_answer(keypad, packet.data, packet.len, &response));
	CHECK_HEX(bytes_view(&response), answer);
}

TEST(only_cla_ff_means_the_reader)
{
	CHECK(keypad_is_meant(view_of("\xFF\xC2\x01\x06", 4)));
	CHECK(keypad_is_meant(view_of("\xFF", 1)));
	CHECK(!keypad_is_meant(view_of("\x00\xC2\x01\x06", 4)));
	CHECK(!keypad_is_meant(view_of("\xFE\xC2\x01\x06", 4)));
	CHECK(!keypad_is_meant(view_of(NULL, 0)));
}

TEST(nothing_else_reaches_the_reader)
{
	struct reader reader = {.data = BYTES_INIT(512), .answer = "9000"};
	struct keypad keypad = {.limit_s = 60};

	reader.features.control[PART10_VERIFY_PIN_DIRECT] = 0x42000006;
	reader.features.control[0x0B] = 0x4200000B;
	CHECK_OK(port_new(&operations, &reader, &keypad.port));
	keypad_find(&keypad);
	check_answer(&keypad, "FF8200000412345678", "6E00");
	check_answer(&keypad, "FFC202060100", "6E00");
	check_answer(&keypad, "FFC201400100", "6E00");
	check_answer(&keypad, "FFC2010B0100", "6A81");
	check_answer(&keypad, "FFC201070100", "6A81");
	check_answer(&keypad, "FFC201060501", "6700");
	check_answer(&keypad, "FF", "6700");
	CHECK_INT(reader.code, 0);
	keypad.port = port_free(keypad.port);
}

TEST(features_are_told)
{
	struct reader reader = {.data = BYTES_INIT(512), .answer = "060104"};
	struct keypad keypad = {.limit_s = 60};

	reader.features.control[PART10_VERIFY_PIN_DIRECT] = 0x42000006;
	reader.features.control[PART10_TLV_PROPERTIES] = 0x42000012;
	CHECK_OK(port_new(&operations, &reader, &keypad.port));
	keypad_find(&keypad);
	CHECK(keypad_can_verify(&keypad) && !keypad_can_change(&keypad));
	check_answer(&keypad, "FFC2010000", "0604420000061204420000129000");
	check_answer(&keypad, "FFC2011200", "0601049000");
	CHECK_INT(reader.code, 0x42000012);
	reader.status = KC_ERR_NOT_IMPLEMENTED;
	check_answer(&keypad, "FFC2011200", "6A81");
	keypad.port = port_free(keypad.port);
}

/* The driver's time-out is not the reader's: ours is. */
TEST(an_entry_has_the_time_that_the_daemon_gives)
{
	struct reader reader = {.data = BYTES_INIT(512), .answer = "63C2"};
	struct keypad keypad = {.limit_s = 60};

	reader.features.control[PART10_VERIFY_PIN_DIRECT] = 0x42000006;
	reader.features.control[PART10_MODIFY_PIN_DIRECT] = 0x42000007;
	CHECK_OK(port_new(&operations, &reader, &keypad.port));
	keypad_find(&keypad);
	check_answer(&keypad, "FFC2010604FFFF8208", "63C2");
	CHECK_INT(reader.code, 0x42000006);
	CHECK_INT(reader.limit_ms, 60000);
	CHECK_HEX(bytes_view(&reader.data), "3C3C8208");
	check_answer(&keypad, "FFC201070400008208", "63C2");
	CHECK_INT(reader.code, 0x42000007);
	keypad.limit_s = 600;
	check_answer(&keypad, "FFC201070400008208", "63C2");
	CHECK_HEX(bytes_view(&reader.data), "FFFF8208");
	keypad.port = port_free(keypad.port);
}

TEST(a_reader_that_refuses_is_told_from_a_card_that_is_gone)
{
	static const struct {
		enum kc_status status;
		const char *reader_says;
		enum kc_status expected;
		const char *answer;
	} cases[] = {
		{KC_ERR_NOT_IMPLEMENTED, "", KC_OK, "6B80"},
		{KC_ERR_TOKEN_NOT_FOUND, "", KC_ERR_TOKEN_NOT_FOUND, ""},
		{KC_ERR_COMMUNICATION, "", KC_ERR_COMMUNICATION, ""},
		{KC_OK, "90", KC_ERR_COMMUNICATION, "90"},
		{KC_OK, "6401", KC_OK, "6401"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(bytes_done) struct bytes response = BYTES_INIT(512);
		struct reader reader = {.data = BYTES_INIT(512)};
		struct keypad keypad = {.limit_s = 60};
		uint8_t packet[] = {0xFF, 0xC2, 0x01, 0x06, 0x01, 0x00};

		reader.features.control[PART10_VERIFY_PIN_DIRECT] = 1;
		CHECK_OK(port_new(&operations, &reader, &keypad.port));
		keypad_find(&keypad);
		reader.status = cases[i].status;
		reader.answer = cases[i].reader_says;
		CHECK_STATUS(keypad_answer(&keypad, packet, sizeof(packet), &response),
			     cases[i].expected);
		CHECK_HEX(bytes_view(&response), cases[i].answer);
		keypad.port = port_free(keypad.port);
	}
}

TEST(without_a_keypad_there_is_none)
{
	struct reader reader = {.data = BYTES_INIT(512)};
	struct keypad keypad = {.limit_s = 0};

	/* the settings say no */
	reader.features.control[PART10_VERIFY_PIN_DIRECT] = 1;
	CHECK_OK(port_new(&operations, &reader, &keypad.port));
	keypad_find(&keypad);
	CHECK(!keypad_can_verify(&keypad));
	check_answer(&keypad, "FFC2010000", "9000");
	check_answer(&keypad, "FFC201060100", "6A81");
	/* the question fails */
	keypad.limit_s = 60;
	reader.status = KC_ERR_CORRUPTED_DATA;
	keypad_find(&keypad);
	CHECK(!keypad_can_verify(&keypad) && !keypad_can_change(&keypad));
	keypad.port = port_free(keypad.port);
	/* the port has no such question */
	CHECK_OK(port_new(&operations_of_no_reader, &reader, &keypad.port));
	keypad_find(&keypad);
	CHECK(!keypad_can_verify(&keypad));
	keypad.port = port_free(keypad.port);
}
