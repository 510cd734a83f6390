/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PIN_VERIFY and PIN_MODIFY structures, byte by byte. Those that are read come from a driver
 * process, which is not to be trusted.
 */
#include "codec/part10_entry.h"

#include "base/try.h"

enum {
	BITS = 8,
	PLACE_MAX = 15, /* what four bits have room for */
	APDU_HEAD = 4,
	APDU_MAX = 5 + 255,

	CONDITION_KEY = 0x02, /* bEntryValidationCondition: the validation key */
	CONFIRM_NEW = 0x01,   /* bConfirmPIN: type the new one twice */
	CONFIRM_CURRENT = 0x02,
	LANGUAGE = 0x0409, /* wLangId: English (United States), which readers have */

	/* bmFormatString: unit, place of the PIN, justification, encoding */
	FORMAT_IN_BYTES = 0x80,
	FORMAT_PLACE_SHIFT = 3,
	FORMAT_RIGHT = 0x04,
	FORMAT_BINARY = 0,
	FORMAT_BCD = 1,
	FORMAT_ASCII = 2,
	FORMAT_ENCODING_MASK = 0x03,
	/* bmPINBlockString: size of the length field in bits, of the block in bytes */
	BLOCK_LENGTH_SHIFT = 4,
	/* bmPINLengthFormat: unit and place of the length field */
	LENGTH_IN_BYTES = 0x10,
	NIBBLE = 0x0F,
};

static enum kc_status put_16(struct bytes *bytes, unsigned value)
{
	uint16_t number = (uint16_t)value;

	return bytes_append(bytes, view_of(&number, sizeof(number)));
}

static enum kc_status put_32(struct bytes *bytes, size_t value)
{
	uint32_t number = (uint32_t)value;

	return bytes_append(bytes, view_of(&number, sizeof(number)));
}

/* A place in bits, or in bytes (@in_bytes set in the result) when it is a whole number of them. */
static enum kc_status encode_place(unsigned bit, unsigned in_bytes, unsigned shift,
				   unsigned *ret_field)
{
	bool is_whole = bit % BITS == 0;
	unsigned place = is_whole ? bit / BITS : bit;

	REQUIRE(place <= PLACE_MAX, KC_ERR_NOT_IMPLEMENTED,
		"no reader's keypad can write at bit %u of a PIN block", bit);
	*ret_field = (is_whole ? in_bytes : 0) | place << shift;
	return KC_OK;
}

static unsigned encode_encoding(enum kc_pin_encoding encoding)
{
	switch (encoding) {
	case KC_PIN_ENCODING_BINARY:
		return FORMAT_BINARY;
	case KC_PIN_ENCODING_BCD:
		return FORMAT_BCD;
	case KC_PIN_ENCODING_ASCII:
		break;
	}
	return FORMAT_ASCII;
}

/* The reader's block begins where the PIN may, not where the whole block does. */
static enum kc_status encode_block(const struct kc_pin_format *format, unsigned *ret_field)
{
	unsigned bytes = format->block_bytes - (format->bit_offset + BITS - 1) / BITS;

	REQUIRE(format->justification == KC_PIN_JUSTIFICATION_LEFT ||
			format->bit_offset % BITS == 0,
		KC_ERR_NOT_IMPLEMENTED, "no reader's keypad can justify a PIN in a part of a byte");
	REQUIRE(bytes <= PLACE_MAX && format->length_bit_size <= PLACE_MAX, KC_ERR_NOT_IMPLEMENTED,
		"no reader's keypad can fill a PIN block of %u bytes", format->block_bytes);
	REQUIRE(format->block_bytes == 0 ||
			format->max_length * pin_format_character_bits(format) <= bytes * BITS,
		KC_ERR_NOT_IMPLEMENTED, "no reader's keypad can fill the whole of this PIN block");
	*ret_field = format->length_bit_size << BLOCK_LENGTH_SHIFT | bytes;
	return KC_OK;
}

/* bmFormatString, bmPINBlockString, bmPINLengthFormat */
static enum kc_status put_format(struct bytes *bytes, const struct kc_pin_format *format)
{
	unsigned place = 0;
	unsigned block = 0;
	unsigned length = 0;
	bool is_right = format->justification == KC_PIN_JUSTIFICATION_RIGHT;

	TRY(pin_format_check(format));
	TRY(encode_place(format->bit_offset, FORMAT_IN_BYTES, FORMAT_PLACE_SHIFT, &place));
	TRY(encode_block(format, &block));
	if (format->length_bit_size > 0)
		TRY(encode_place(format->length_bit_offset, LENGTH_IN_BYTES, 0, &length));
	TRY(bytes_append_byte(bytes, (uint8_t)(place | (is_right ? FORMAT_RIGHT : 0) |
					       encode_encoding(format->encoding))));
	TRY(bytes_append_byte(bytes, (uint8_t)block));
	return bytes_append_byte(bytes, (uint8_t)length);
}

static enum kc_status put_change(struct bytes *bytes, const struct part10_entry *entry)
{
	TRY(bytes_append_byte(bytes, entry->current_byte)); /* bInsertionOffsetOld */
	return bytes_append_byte(bytes, entry->new_byte);   /* bInsertionOffsetNew */
}

/* Messages 0, 1, 2 of the reader: "PIN", "new PIN", "once more"; those that are shown count. */
static enum kc_status put_messages(struct bytes *bytes, const struct part10_entry *entry)
{
	unsigned n = 1;
	uint8_t first = 0;

	if (entry->is_change) {
		n = 1U + (entry->asks_current ? 1 : 0) + (entry->asks_twice ? 1 : 0);
		first = entry->asks_current ? 0 : 1;
	}
	TRY(bytes_append_byte(bytes, CONDITION_KEY));
	TRY(bytes_append_byte(bytes, (uint8_t)n)); /* bNumberMessage */
	TRY(put_16(bytes, LANGUAGE));
	for (uint8_t i = 0; i < (entry->is_change ? 3 : 1); i++) /* bMsgIndex */
		TRY(bytes_append_byte(bytes, i < n ? (uint8_t)(first + i) : 0));
	return KC_OK;
}

static enum kc_status check_apdu(struct kc_view apdu)
{
	REQUIRE(apdu.len > APDU_HEAD && apdu.len <= APDU_MAX, KC_ERR_BAD_PARAMETER,
		"a command of %zu bytes for a reader's keypad", apdu.len);
	REQUIRE(apdu.data[APDU_HEAD] == apdu.len - APDU_HEAD - 1, KC_ERR_BAD_PARAMETER,
		"a command for a reader's keypad that is not as long as it says");
	return KC_OK;
}

static enum kc_status put_entry(struct bytes *bytes, const struct kc_pin_format *format,
				const struct part10_entry *entry)
{
	static const uint8_t prologue[3]; /* bTeoPrologue: T=1, and pcsc-lite ignores it */
	uint8_t confirm = (uint8_t)((entry->asks_twice ? CONFIRM_NEW : 0) |
				    (entry->asks_current ? CONFIRM_CURRENT : 0));

	TRY(bytes_append_byte(bytes, (uint8_t)entry->timeout_s)); /* bTimeOut */
	TRY(bytes_append_byte(bytes, (uint8_t)entry->timeout_s)); /* bTimeOut2, after a key */
	TRY(put_format(bytes, format));
	if (entry->is_change)
		TRY(put_change(bytes, entry));
	TRY(put_16(bytes, format->min_length << BITS | format->max_length));
	if (entry->is_change)
		TRY(bytes_append_byte(bytes, confirm));
	TRY(put_messages(bytes, entry));
	TRY(bytes_append(bytes, VIEW_OF(prologue)));
	TRY(put_32(bytes, entry->apdu.len));
	return bytes_append(bytes, entry->apdu);
}

enum kc_status part10_entry_put(struct bytes *structure, const struct kc_pin_format *format,
				const struct part10_entry *entry)
{
	size_t before = structure->len;
	enum kc_status status = KC_OK;

	REQUIRE(entry->timeout_s <= PART10_TIMEOUT_MAX_S, KC_ERR_BAD_PARAMETER,
		"a time-out of %u seconds for a reader's keypad", entry->timeout_s);
	TRY(check_apdu(entry->apdu));
	status = put_entry(structure, format, entry);
	if (status != KC_OK)
		structure->len = before;
	return status;
}

void part10_entry_set_timeout(uint8_t *structure, size_t len, unsigned timeout_s)
{
	uint8_t seconds =
		(uint8_t)(timeout_s < PART10_TIMEOUT_MAX_S ? timeout_s : PART10_TIMEOUT_MAX_S);

	for (size_t i = 0; i < 2 && i < len; i++)
		structure[i] = seconds;
}

/* --- as the reader sees them ----------------------------------------------------------------- */

static unsigned get_16(const uint8_t *data)
{
	uint16_t number = 0;

	memcpy(&number, data, sizeof(number));
	return number;
}

static uint32_t get_32(const uint8_t *data)
{
	uint32_t number = 0;

	memcpy(&number, data, sizeof(number));
	return number;
}

static enum kc_status decode_encoding(uint8_t field, enum kc_pin_encoding *ret_encoding)
{
	static const enum kc_pin_encoding encodings[] = {
		KC_PIN_ENCODING_BINARY, KC_PIN_ENCODING_BCD, KC_PIN_ENCODING_ASCII};
	unsigned i = field & FORMAT_ENCODING_MASK;

	REQUIRE(i < ARRAY_LEN(encodings), KC_ERR_CORRUPTED_DATA,
		"a PIN structure with an encoding that does not exist");
	*ret_encoding = encodings[i];
	return KC_OK;
}

static enum kc_status get_format(const uint8_t *data, struct part10_request *request)
{
	unsigned pin_unit = data[0] & FORMAT_IN_BYTES ? BITS : 1;
	unsigned length_unit = data[2] & LENGTH_IN_BYTES ? BITS : 1;

	TRY(decode_encoding(data[0], &request->encoding));
	request->justification =
		data[0] & FORMAT_RIGHT ? KC_PIN_JUSTIFICATION_RIGHT : KC_PIN_JUSTIFICATION_LEFT;
	request->pin_bit = pin_unit * (data[0] >> FORMAT_PLACE_SHIFT & NIBBLE);
	request->block_bytes = data[1] & NIBBLE;
	request->length_bits = data[1] >> BLOCK_LENGTH_SHIFT;
	request->length_bit = length_unit * (data[2] & NIBBLE);
	return KC_OK;
}

static void get_limits(const uint8_t *data, struct part10_request *request)
{
	unsigned limits = get_16(data);

	request->min_length = limits >> BITS;
	request->max_length = limits & 0xff;
}

static void get_change(const uint8_t *data, struct part10_entry *entry)
{
	entry->current_byte = data[0];
	entry->new_byte = data[1];
	entry->asks_twice = data[4] & CONFIRM_NEW;
	entry->asks_current = data[4] & CONFIRM_CURRENT;
}

enum kc_status part10_entry_get(struct kc_view structure, bool is_change,
				struct part10_request *ret_request)
{
	size_t head = is_change ? PART10_MODIFY_HEAD : PART10_VERIFY_HEAD;
	struct part10_request request = {.entry = {.is_change = is_change}};
	const uint8_t *data = structure.data;

	REQUIRE(structure.len > head && structure.len <= PART10_STRUCTURE_MAX &&
			get_32(data + head - sizeof(uint32_t)) == structure.len - head,
		KC_ERR_CORRUPTED_DATA, "a PIN structure that is not as long as it says");
	request.entry.timeout_s = data[0];
	request.entry.apdu = view_of(data + head, structure.len - head);
	if (check_apdu(request.entry.apdu) != KC_OK)
		return error_remap(KC_ERR_CORRUPTED_DATA);
	TRY(get_format(data + 2, &request));
	if (is_change)
		get_change(data + 5, &request.entry);
	get_limits(data + (is_change ? 7 : 5), &request);
	request.entry_conditions = data[is_change ? 10 : 7];
	*ret_request = request;
	return KC_OK;
}
