/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PINs on the reader's keypad, as a driver asks for them; the slot process is a script. */
#include "driverkit/card.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "harness/fake_card.h"
#include "harness/test.h"

#define LIST	 "FFC2010000"
#define BOTH	 "0604420000060704420000079000"
#define NONE	 "9000"
#define PIV_DATA "FFFFFFFFFFFFFFFF"

static struct kc_card card_on(struct fake_card *script)
{
	return (struct kc_card){.exchange = fake_card_exchange, .context = script};
}

static const struct kc_pin_format format = {.charset = KC_PIN_CHARSET_PRINTABLE,
					    .encoding = KC_PIN_ENCODING_ASCII,
					    .min_length = 6,
					    .max_length = 8,
					    .block_bytes = 8};
static const uint8_t padding[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
				    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const struct kc_apdu verify = {.ins = 0x20, .p2 = 0x80, .data = {padding, 8}};
static const struct kc_apdu change = {.ins = 0x24, .p2 = 0x80, .data = {padding, 16}};

TEST(the_reader_is_asked_once)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);

	fake_card_add(script, LIST, BOTH);
	CHECK(kc_card_has_keypad(&card));
	CHECK(kc_card_has_keypad_for_change(&card));
	CHECK(kc_card_has_keypad(&card));
	CHECK_INT(fake_card_count(script), 1);
	fake_card_free(script);
}

TEST(no_keypad_no_entry)
{
	static const char *const answers[] = {NONE,	  "6E00", "6D00",
					      "06059000", "9000", "0704420000079000"};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
		struct kc_card card = card_on(script);
		uint16_t sw = 7;

		error_clear();
		fake_card_add(script, LIST, answers[i]);
		CHECK(!kc_card_has_keypad(&card));
		CHECK_STATUS(kc_card_verify_on_keypad(&card, &verify, &format, &sw),
			     KC_ERR_NOT_IMPLEMENTED);
		CHECK_TEXT(error_get()->message, "the reader has no keypad for this");
		CHECK_INT(sw, 7);
		CHECK_INT(fake_card_count(script), 1);
		fake_card_free(script);
	}
}

TEST(a_verification_is_the_structure_of_part_10)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);
	uint16_t sw = 0;

	fake_card_add(script, LIST, BOTH);
	/* as on a little-endian host */
	fake_card_add(script,
		      "FFC2010620"
		      "0000820800"
		      "0806"
		      "0201"
		      "0904"
		      "00000000"
		      "0D000000"
		      "0020008008" PIV_DATA,
		      "63C2");
	CHECK_OK(kc_card_verify_on_keypad(&card, &verify, &format, &sw));
	CHECK_INT(sw, 0x63C2);
	CHECK(fake_card_is_finished(script));
	fake_card_free(script);
}

TEST(a_change_asks_for_the_current_one_and_twice_for_the_new)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_STRICT);
	struct kc_card card = card_on(script);
	uint16_t sw = 0;

	fake_card_add(script, LIST, BOTH);
	fake_card_add(script,
		      "FFC201072D"
		      "0000820800"
		      "0008"
		      "0806"
		      "03"
		      "0203"
		      "0904"
		      "000102"
		      "000000"
		      "15000000"
		      "0024008010" PIV_DATA PIV_DATA,
		      "9000");
	CHECK_OK(kc_card_modify_on_keypad(
		&card, &change, &(struct kc_keypad_change){.format = &format, .new_offset = 8},
		&sw));
	CHECK_INT(sw, 0x9000);
	CHECK(fake_card_is_finished(script));
	fake_card_free(script);
}

TEST(what_the_reader_says_is_no_answer_of_the_card)
{
	static const struct {
		const char *answer;
		enum kc_status status;
		const char *message;
	} cases[] = {
		{"6400", KC_ERR_CANCELED_BY_USER,
		 "no PIN was typed on the reader's keypad in "
		 "time"},
		{"6401", KC_ERR_CANCELED_BY_USER, "cancelled on the reader's keypad"},
		{"6402", KC_ERR_BAD_PARAMETER, "the new PIN was not typed alike twice"},
		{"6403", KC_ERR_AUTHENTICATION_FAILED, "too short or too long"},
		{"6B80", KC_ERR_NOT_IMPLEMENTED, "does not take PINs of this form"},
		{"6A81", KC_ERR_NOT_IMPLEMENTED, "does not take PINs of this form"},
		{"90", KC_ERR_COMMUNICATION, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
		struct kc_card card = card_on(script);
		char command[128];
		uint16_t sw = 7;

		(void)snprintf(command, sizeof(command), "%s" PIV_DATA,
			       "FFC20106200000820800080602010904000000000D0000000020008008");
		error_clear();
		fake_card_add(script, LIST, BOTH);
		fake_card_add(script, command, cases[i].answer);
		CHECK_STATUS(kc_card_verify_on_keypad(&card, &verify, &format, &sw),
			     cases[i].status);
		if (!strstr(error_get()->message, cases[i].message))
			test_fail(__FILE__, __LINE__, "case %zu says \"%s\"", i,
				  error_get()->message);
		CHECK_INT(sw, 7);
		fake_card_free(script);
	}
}

TEST(a_keypad_too_small_is_not_used)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	uint16_t sw = 0;

	fake_card_add(script, LIST, "0604420000061204420000129000");
	fake_card_add(script, "FFC2011200", "0701059000"); /* bMaxPINSize 5 */
	error_clear();
	CHECK_STATUS(kc_card_verify_on_keypad(&card, &verify, &format, &sw),
		     KC_ERR_NOT_IMPLEMENTED);
	CHECK(strstr(error_get()->message, "at most 5 digits"));
	CHECK_INT(fake_card_count_of(script, "FFC20106"), 0);
	fake_card_free(script);
}

TEST(a_reader_that_leaves_is_a_card_that_left)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	uint16_t sw = 0;

	fake_card_add(script, LIST, BOTH);
	fake_card_leave_after(script, 1);
	CHECK(kc_card_has_keypad(&card));
	CHECK_STATUS(kc_card_verify_on_keypad(&card, &verify, &format, &sw),
		     KC_ERR_TOKEN_NOT_FOUND);
	CHECK(card.is_gone);
	fake_card_free(script);
}

TEST(commands_that_cannot_be_filled_in_are_refused)
{
	static const uint8_t long_data[256];
	static const struct kc_apdu wrong[] = {
		{.cla = 0xFF, .ins = 0x20, .data = {padding, 8}},
		{.ins = 0x20, .data = {long_data, sizeof(long_data)}},
		{.ins = 0x20, .data = {padding, 8}, .le = 256},
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
		struct kc_card card = card_on(script);
		uint16_t sw = 0;

		fake_card_add(script, LIST, BOTH);
		CHECK_STATUS(kc_card_verify_on_keypad(&card, &wrong[i], &format, &sw),
			     KC_ERR_BAD_PARAMETER);
		CHECK_INT(fake_card_count(script), 1);
		fake_card_free(script);
	}
}

TEST(no_driver_sends_the_reader_anything)
{
	struct fake_card *script = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_card card = card_on(script);
	struct kc_apdu apdu = {.cla = 0xFF, .ins = 0xC2, .p1 = 0x01};
	uint16_t sw = 0;

	CHECK_STATUS(kc_card_transmit(&card, &apdu, NULL, &sw), KC_ERR_BAD_PARAMETER);
	CHECK_INT(fake_card_count(script), 0);
	fake_card_free(script);
}
