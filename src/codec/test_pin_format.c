/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PIN → block for every property of a format, alone and together, each refusal with its words, and
 * the structure of PC/SC part 10 for formats whose structures are published.
 */
#include "codec/hex.h"
#include "codec/part10_entry.h"
#include "codec/pin_format.h"
#include "harness/test.h"

#include <stdio.h>

#include "base/try.h"

#define NUMERIC KC_PIN_CHARSET_NUMERIC
#define ALNUM	KC_PIN_CHARSET_ALPHANUMERIC
#define UPPER	KC_PIN_CHARSET_UPPER_ALPHANUMERIC
#define ANY	KC_PIN_CHARSET_PRINTABLE
#define BINARY	KC_PIN_ENCODING_BINARY
#define ASCII	KC_PIN_ENCODING_ASCII
#define BCD	KC_PIN_ENCODING_BCD
#define LEFT	KC_PIN_JUSTIFICATION_LEFT
#define RIGHT	KC_PIN_JUSTIFICATION_RIGHT
#define PIV                                                                                        \
	{                                                                                          \
		ANY, ASCII, 6, 8, 8, LEFT, 0, 0, 0                                                 \
	}
/* ISO 9564-1 format 2: control nibble, length nibble, then digits. */
#define ISO_9564                                                                                   \
	{                                                                                          \
		NUMERIC, BCD, 4, 12, 8, LEFT, 8, 4, 4                                              \
	}

static void check_message(const char *part, size_t i)
{
	if (!strstr(error_get()->message, part))
		test_fail(__FILE__, __LINE__, "case %zu says \"%s\"", i, error_get()->message);
}

/* --- blocks ---------------------------------------------------------------------------------- */

TEST(the_default_is_that_of_the_header)
{
	struct kc_pin_format format = KC_PIN_FORMAT_DEFAULT;

	CHECK_INT(format.charset, 0);
	CHECK_INT(format.encoding, 1);
	CHECK_INT(format.min_length, 4);
	CHECK_INT(format.max_length, 8);
	CHECK_INT(format.block_bytes, 8);
	CHECK_INT(format.justification, 0);
	CHECK_INT(format.bit_offset + format.length_bit_offset + format.length_bit_size, 0);
	CHECK_OK(pin_format_check(&format));
}

TEST(pins_become_blocks)
{
	static const struct {
		struct kc_pin_format format;
		const char *pin;
		const char *before;
		const char *after;
	} cases[] = {
		{KC_PIN_FORMAT_DEFAULT, "1234", "FFFFFFFFFFFFFFFF", "31323334FFFFFFFF"},
		{KC_PIN_FORMAT_DEFAULT, "12345678", "0000000000000000", "3132333435363738"},
		{{NUMERIC, BINARY, 4, 8, 8, LEFT, 0, 0, 0},
		 "1234",
		 "FFFFFFFFFFFFFFFF",
		 "01020304FFFFFFFF"},
		{{NUMERIC, BCD, 4, 8, 4, LEFT, 0, 0, 0}, "1234", "FFFFFFFF", "1234FFFF"},
		/* the odd digit leaves half of the padding */
		{{NUMERIC, BCD, 4, 8, 4, LEFT, 0, 0, 0}, "12345", "FFFFFFFF", "12345FFF"},
		{{NUMERIC, ASCII, 4, 8, 8, RIGHT, 0, 0, 0},
		 "1234",
		 "0000000000000000",
		 "0000000031323334"},
		{{NUMERIC, BCD, 4, 8, 4, RIGHT, 0, 0, 0}, "12345", "00000000", "00012345"},
		{{NUMERIC, BINARY, 4, 6, 6, RIGHT, 0, 0, 0},
		 "9876",
		 "FFFFFFFFFFFF",
		 "FFFF09080706"},
		{ISO_9564, "1234", "20FFFFFFFFFFFFFF", "241234FFFFFFFFFF"},
		{ISO_9564, "123456789012", "20FFFFFFFFFFFFFF", "2C123456789012FF"},
		/* a whole byte before, bits before, and both with the length somewhere else */
		{{NUMERIC, ASCII, 4, 7, 8, LEFT, 8, 0, 8},
		 "1234",
		 "00FFFFFFFFFFFFFF",
		 "0431323334FFFFFF"},
		{{NUMERIC, BCD, 2, 4, 3, LEFT, 4, 0, 0}, "123", "AAAAAA", "A123AA"},
		{{NUMERIC, BCD, 2, 4, 3, LEFT, 3, 0, 3}, "123", "000000", "624600"},
		{{NUMERIC, BCD, 2, 4, 4, LEFT, 0, 28, 4}, "123", "FFFFFF00", "123FFF03"},
		{{NUMERIC, BCD, 2, 4, 4, RIGHT, 8, 0, 16}, "1234", "FFFFFFFF", "00041234"},
		{{ALNUM, ASCII, 1, 4, 4, LEFT, 0, 0, 0}, "aZ9", "00000000", "615A3900"},
		{{UPPER, ASCII, 1, 4, 4, LEFT, 0, 0, 0}, "AZ9", "00000000", "415A3900"},
		{PIV, "a ~!00", "FFFFFFFFFFFFFFFF", "61207E213030FFFF"},
		{{NUMERIC, ASCII, 0, 4, 4, LEFT, 0, 0, 0}, "", "FFFFFFFF", "FFFFFFFF"},
		/* no block: as long as the PIN */
		{{ANY, ASCII, 6, 127, 0, LEFT, 0, 0, 0}, "123456", "000000000000", "313233343536"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(bytes_done) struct bytes block = BYTES_INIT(64);
		size_t len = 0;

		CHECK_OK(hex_decode(cases[i].before, &block));
		CHECK_OK(kc_pin_format_put(&cases[i].format, view_of_text(cases[i].pin), block.data,
					   block.len, &len));
		CHECK_HEX(bytes_view(&block), cases[i].after);
		CHECK_INT(len, block.len);
	}
}

TEST(pins_of_another_form_are_refused)
{
	static const struct {
		struct kc_pin_format format;
		const char *pin;
		const char *message;
	} cases[] = {
		{KC_PIN_FORMAT_DEFAULT, "123", "too short: it has at least 4 characters"},
		{KC_PIN_FORMAT_DEFAULT, "", "too short"},
		{KC_PIN_FORMAT_DEFAULT, "123456789", "too long: it has at most 8 characters"},
		{KC_PIN_FORMAT_DEFAULT, "12a4", "does not take: only digits"},
		{KC_PIN_FORMAT_DEFAULT, "12/4", "only digits"},
		{KC_PIN_FORMAT_DEFAULT, "12:4", "only digits"},
		{{ALNUM, ASCII, 4, 8, 8, LEFT, 0, 0, 0},
		 "ab-d",
		 "only digits and the letters A to "
		 "Z and a to z"},
		{{UPPER, ASCII, 4, 8, 8, LEFT, 0, 0, 0},
		 "ABcD",
		 "only digits and the letters A to "
		 "Z"},
		{PIV, "12345\x7F", "only printable characters"},
		{PIV, "12345\n", "only printable characters"},
		{PIV, "1234\xC3\xA9", "only printable characters"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t block[16] = {0};
		size_t len = 77;

		error_clear();
		CHECK_STATUS(kc_pin_format_put(&cases[i].format, view_of_text(cases[i].pin), block,
					       sizeof(block), &len),
			     KC_ERR_AUTHENTICATION_FAILED);
		check_message(cases[i].message, i);
		CHECK_HEX(VIEW_OF(block), "00000000000000000000000000000000");
		CHECK_INT(len, 77);
	}
}

TEST(formats_that_contradict_themselves_are_refused)
{
	static const struct {
		struct kc_pin_format format;
		const char *message;
	} cases[] = {
		{{4, ASCII, 4, 8, 8, LEFT, 0, 0, 0}, "a choice that does not exist"},
		{{NUMERIC, 3, 4, 8, 8, LEFT, 0, 0, 0}, "a choice that does not exist"},
		{{NUMERIC, ASCII, 4, 8, 8, 2, 0, 0, 0}, "a choice that does not exist"},
		{{ALNUM, BCD, 4, 8, 8, LEFT, 0, 0, 0}, "characters that its encoding lacks"},
		{{ANY, BINARY, 4, 8, 8, LEFT, 0, 0, 0}, "characters that its encoding lacks"},
		{{NUMERIC, ASCII, 0, 0, 8, LEFT, 0, 0, 0}, "up to 0 characters"},
		{{NUMERIC, ASCII, 4, 256, 8, LEFT, 0, 0, 0}, "up to 256 characters"},
		{{NUMERIC, ASCII, 9, 8, 8, LEFT, 0, 0, 0}, "9 to 8 characters"},
		{{NUMERIC, ASCII, 4, 8, 256, LEFT, 0, 0, 0}, "a block of 256 bytes"},
		{{NUMERIC, ASCII, 4, 8, 7, LEFT, 0, 0, 0}, "7 bytes has no room for 8"},
		{{NUMERIC, ASCII, 4, 8, 8, LEFT, 1, 0, 0}, "8 bytes has no room for 8"},
		{{NUMERIC, BCD, 4, 9, 4, RIGHT, 0, 0, 0}, "4 bytes has no room for 9"},
		{{NUMERIC, ASCII, 4, 8, 8, LEFT, 0xFFFFFFF8, 0, 0}, "a place outside"},
		{{NUMERIC, BCD, 4, 8, 8, LEFT, 0, 0xFFFFFFF8, 4}, "a place outside"},
		{{NUMERIC, BCD, 4, 8, 8, LEFT, 0, 61, 4}, "length field is outside"},
		{{NUMERIC, BCD, 4, 8, 8, LEFT, 0, 60, 3}, "of 3 bits is no number of up to 8"},
		{{NUMERIC, BCD, 4, 8, 8, LEFT, 0, 32, 17}, "of 17 bits is no number"},
		{{NUMERIC, BCD, 4, 8, 8, LEFT, 0, 31, 4}, "length field is where the PIN is"},
		{{NUMERIC, BCD, 4, 8, 8, RIGHT, 0, 29, 4}, "length field is where the PIN is"},
		{{NUMERIC, ASCII, 4, 8, 0, LEFT, 8, 0, 0}, "a block of no length"},
		{{NUMERIC, ASCII, 4, 8, 0, RIGHT, 0, 0, 0}, "a block of no length"},
		{{NUMERIC, ASCII, 4, 8, 0, LEFT, 0, 0, 8}, "a block of no length"},
		{{NUMERIC, BCD, 4, 8, 0, LEFT, 0, 0, 0}, "half bytes in a block of no length"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		error_clear();
		CHECK_STATUS(kc_pin_format_check_pin(&cases[i].format, view_of_text("12345678")),
			     KC_ERR_BAD_PARAMETER);
		check_message(cases[i].message, i);
	}
}

TEST(a_block_without_room_is_left_alone)
{
	struct kc_pin_format format = PIV;
	uint8_t block[7] = {0};
	size_t len = 0;

	CHECK_STATUS(kc_pin_format_put(&format, view_of_text("123456"), block, sizeof(block), &len),
		     KC_ERR_BAD_PARAMETER);
	check_message("8 bytes where there is room for 7", 0);
	CHECK_HEX(VIEW_OF(block), "00000000000000");
}

/* --- structures ------------------------------------------------------------------------------ */

static void check_structure(size_t i, const struct kc_pin_format *format, const char *apdu_hex,
			    const char *format_strings)
{
	CLEANUP(bytes_done) struct bytes apdu = BYTES_INIT(64);
	CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);
	struct part10_request request;

	CHECK_OK(hex_decode(apdu_hex, &apdu));
	CHECK_OK(part10_entry_put(
		&structure, format,
		&(struct part10_entry){.timeout_s = 30, .apdu = bytes_view(&apdu)}));
	if (structure.len != PART10_VERIFY_HEAD + apdu.len)
		test_fail(__FILE__, __LINE__, "case %zu has %zu bytes", i, structure.len);
	/* bTimeOut, bTimeOut2 */
	CHECK_HEX(view_slice(bytes_view(&structure), 0, 2), "1E1E");
	CHECK_HEX(view_slice(bytes_view(&structure), 2, 3), format_strings);
	/* bEntryValidationCondition, bNumberMessage; bMsgIndex, bTeoPrologue */
	CHECK_HEX(view_slice(bytes_view(&structure), 7, 2), "0201");
	CHECK_HEX(view_slice(bytes_view(&structure), 11, 4), "00000000");
	CHECK_HEX(view_slice(bytes_view(&structure), PART10_VERIFY_HEAD, 64), apdu_hex);
	CHECK_OK(part10_entry_get(bytes_view(&structure), false, &request));
	CHECK_INT(request.min_length, format->min_length);
	CHECK_INT(request.max_length, format->max_length);
	CHECK_INT(request.encoding, format->encoding);
	CHECK_INT(request.justification, format->justification);
}

TEST(structures_are_those_that_readers_know)
{
	static const struct {
		struct kc_pin_format format;
		const char *apdu;
		const char *strings; /* bmFormatString bmPINBlockString bmPINLengthFormat */
	} cases[] = {
		/* PIV */
		{{NUMERIC, ASCII, 6, 8, 8, LEFT, 0, 0, 0}, "0020008008FFFFFFFFFFFFFFFF", "820800"},
		/* national cards with ISO 9564-1 format 2, as the Belgian one */
		{ISO_9564, "002000010820FFFFFFFFFFFFFF", "894704"},
		/* OpenPGP card: no block */
		{{NUMERIC, ASCII, 6, 32, 0, LEFT, 0, 0, 0}, "0020008100", "820000"},
		{{NUMERIC, BCD, 4, 8, 4, LEFT, 0, 0, 0}, "0020000104FFFFFFFF", "810400"},
		{{NUMERIC, BINARY, 4, 8, 8, LEFT, 0, 0, 0}, "00200001080000000000000000", "800800"},
		{{NUMERIC, ASCII, 4, 8, 8, RIGHT, 0, 0, 0}, "00200001080000000000000000", "860800"},
		{{NUMERIC, BCD, 4, 8, 5, LEFT, 4, 0, 0}, "0020000105FFFFFFFFFF", "210400"},
		{{NUMERIC, ASCII, 4, 7, 8, LEFT, 8, 0, 8}, "0020000108FFFFFFFFFFFFFFFF", "8A8710"},
		{{NUMERIC, BCD, 2, 4, 4, RIGHT, 16, 8, 4}, "0020000104FFFFFFFF", "954211"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_structure(i, &cases[i].format, cases[i].apdu, cases[i].strings);
}

TEST(a_structure_for_a_change_says_what_is_asked)
{
	static const struct {
		bool asks_current;
		bool asks_twice;
		const char *confirm;  /* bConfirmPIN */
		const char *messages; /* bNumberMessage, bMsgIndex1 to 3 */
	} cases[] = {
		{true, true, "03", "03000102"},
		{false, true, "01", "02010200"},
		{true, false, "02", "02000100"},
		{false, false, "00", "01010000"},
	};
	static const uint8_t apdu[5 + 16] = {0x00, 0x24, 0x00, 0x80, 0x10};
	struct kc_pin_format format = PIV;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);
		struct part10_entry entry = {.apdu = VIEW_OF(apdu),
					     .is_change = true,
					     .asks_current = cases[i].asks_current,
					     .asks_twice = cases[i].asks_twice,
					     .new_byte = 8};
		struct part10_request request;
		struct kc_view view;

		CHECK_OK(part10_entry_put(&structure, &format, &entry));
		view = bytes_view(&structure);
		CHECK_INT(view.len, PART10_MODIFY_HEAD + sizeof(apdu));
		CHECK_HEX(view_slice(view, 0, 7), "00008208000008");
		CHECK_HEX(view_slice(view, 9, 1), cases[i].confirm);
		CHECK_HEX(view_slice(view, 10, 1), "02");
		CHECK_INT(view.data[11], cases[i].messages[1] - '0');
		CHECK_HEX(view_slice(view, 14, 3), cases[i].messages + 2);
		CHECK_OK(part10_entry_get(view, true, &request));
		CHECK_INT(request.entry.asks_current, cases[i].asks_current);
		CHECK_INT(request.entry.asks_twice, cases[i].asks_twice);
		CHECK_INT(request.entry.new_byte, 8);
		CHECK_INT(request.max_length, 8);
	}
}

TEST(formats_beyond_every_reader_are_refused)
{
	static const struct {
		struct kc_pin_format format;
		const char *message;
	} cases[] = {
		{{NUMERIC, ASCII, 4, 8, 16, LEFT, 0, 0, 0}, "a PIN block of 16 bytes"},
		{{NUMERIC, ASCII, 4, 8, 40, LEFT, 128, 0, 0}, "at bit 128 of a PIN block"},
		{{NUMERIC, BCD, 4, 8, 9, LEFT, 17, 0, 0}, "at bit 17 of a PIN block"},
		{{NUMERIC, BCD, 4, 8, 9, LEFT, 0, 68, 4}, "at bit 68 of a PIN block"},
		{{NUMERIC, BCD, 4, 8, 9, LEFT, 16, 0, 16}, "can fill a PIN block of 9 bytes"},
		{{NUMERIC, BCD, 4, 8, 9, RIGHT, 4, 0, 0}, "in a part of a byte"},
		{{NUMERIC, BCD, 4, 9, 5, LEFT, 4, 0, 0}, "the whole of this PIN block"},
	};
	static const uint8_t apdu[] = {0x00, 0x20, 0x00, 0x01, 0x00};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);

		error_clear();
		CHECK_STATUS(part10_entry_put(&structure, &cases[i].format,
					      &(struct part10_entry){.apdu = VIEW_OF(apdu)}),
			     KC_ERR_NOT_IMPLEMENTED);
		check_message(cases[i].message, i);
		CHECK_INT(structure.len, 0);
	}
}

TEST(templates_that_are_no_command_are_refused)
{
	static const char *const templates[] = {"", "00200080", "0020008001", "0020008000FF"};
	struct kc_pin_format format = PIV;

	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		CLEANUP(bytes_done) struct bytes apdu = BYTES_INIT(64);
		CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);

		CHECK_OK(hex_decode(templates[i], &apdu));
		CHECK_STATUS(part10_entry_put(&structure, &format,
					      &(struct part10_entry){.apdu = bytes_view(&apdu)}),
			     KC_ERR_BAD_PARAMETER);
	}
}
