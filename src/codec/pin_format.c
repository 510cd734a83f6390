/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The PIN-format engine. A format comes from a driver's author, a PIN from a person: the first is
 * checked as a whole before the second is looked at, and nothing is written before all is known to
 * fit. No message may contain any of the PIN.
 */
#include "codec/pin_format.h"

#include <stdbool.h>

#include "base/bytes.h"
#include "base/try.h"

enum {
	BITS = 8,
	BCD_BITS = 4,
};

/* Where something stands in the block, in bits. */
struct extent {
	size_t begin;
	size_t end;
};

unsigned pin_format_character_bits(const struct kc_pin_format *format)
{
	return format->encoding == KC_PIN_ENCODING_BCD ? BCD_BITS : BITS;
}

static struct extent pin_extent(const struct kc_pin_format *format, size_t length)
{
	size_t bits = length * pin_format_character_bits(format);
	size_t end = (size_t)format->block_bytes * BITS;

	if (format->justification == KC_PIN_JUSTIFICATION_RIGHT)
		return (struct extent){end - bits, end};
	return (struct extent){format->bit_offset, format->bit_offset + bits};
}

/* --- the format ------------------------------------------------------------------------------ */

static enum kc_status check_choices(const struct kc_pin_format *format)
{
	REQUIRE(format->charset <= KC_PIN_CHARSET_PRINTABLE &&
			format->encoding <= KC_PIN_ENCODING_BCD &&
			format->justification <= KC_PIN_JUSTIFICATION_RIGHT,
		KC_ERR_BAD_PARAMETER, "a PIN format with a choice that does not exist");
	REQUIRE(format->charset == KC_PIN_CHARSET_NUMERIC ||
			format->encoding == KC_PIN_ENCODING_ASCII,
		KC_ERR_BAD_PARAMETER, "a PIN format with characters that its encoding lacks");
	return KC_OK;
}

static enum kc_status check_lengths(const struct kc_pin_format *format)
{
	REQUIRE(format->max_length > 0 && format->max_length <= PIN_FORMAT_LENGTH_MAX,
		KC_ERR_BAD_PARAMETER, "a PIN format for PINs of up to %u characters",
		format->max_length);
	REQUIRE(format->min_length <= format->max_length, KC_ERR_BAD_PARAMETER,
		"a PIN format for PINs of %u to %u characters", format->min_length,
		format->max_length);
	REQUIRE(format->block_bytes <= PIN_FORMAT_BLOCK_MAX, KC_ERR_BAD_PARAMETER,
		"a PIN format with a block of %u bytes", format->block_bytes);
	return KC_OK;
}

/* Nothing stands beside a PIN whose block is as long as itself. */
static enum kc_status check_open_block(const struct kc_pin_format *format)
{
	REQUIRE(format->justification == KC_PIN_JUSTIFICATION_LEFT && format->bit_offset == 0 &&
			format->length_bit_size == 0,
		KC_ERR_BAD_PARAMETER, "a PIN format with places in a block of no length");
	REQUIRE(format->encoding != KC_PIN_ENCODING_BCD, KC_ERR_BAD_PARAMETER,
		"a PIN format with half bytes in a block of no length");
	return KC_OK;
}

static enum kc_status check_length_field(const struct kc_pin_format *format,
					 struct extent longest_pin)
{
	size_t begin = format->length_bit_offset;
	size_t end = begin + format->length_bit_size;

	if (format->length_bit_size == 0)
		return KC_OK;
	REQUIRE(format->length_bit_size <= PIN_FORMAT_LENGTH_BITS_MAX &&
			format->max_length >> format->length_bit_size == 0,
		KC_ERR_BAD_PARAMETER,
		"a PIN format whose length field of %u bits is no number "
		"of up to %u",
		format->length_bit_size, format->max_length);
	REQUIRE(end <= (size_t)format->block_bytes * BITS, KC_ERR_BAD_PARAMETER,
		"a PIN format whose length field is outside of the block");
	REQUIRE(end <= longest_pin.begin || begin >= longest_pin.end, KC_ERR_BAD_PARAMETER,
		"a PIN format whose length field is where the PIN is");
	return KC_OK;
}

enum kc_status pin_format_check(const struct kc_pin_format *format)
{
	size_t longest = 0;

	TRY(check_choices(format));
	TRY(check_lengths(format));
	if (format->block_bytes == 0)
		return check_open_block(format);
	REQUIRE(format->bit_offset < PIN_FORMAT_BLOCK_MAX * BITS &&
			format->length_bit_offset < PIN_FORMAT_BLOCK_MAX * BITS,
		KC_ERR_BAD_PARAMETER, "a PIN format with a place outside of the block");
	longest = (size_t)format->max_length * pin_format_character_bits(format);
	REQUIRE(format->bit_offset + longest <= (size_t)format->block_bytes * BITS,
		KC_ERR_BAD_PARAMETER,
		"a PIN format whose block of %u bytes has no room for %u "
		"characters",
		format->block_bytes, format->max_length);
	return check_length_field(format, pin_extent(format, format->max_length));
}

/* --- the PIN --------------------------------------------------------------------------------- */

static bool is_digit(uint8_t character)
{
	return character >= '0' && character <= '9';
}

static bool is_upper(uint8_t character)
{
	return character >= 'A' && character <= 'Z';
}

static bool has_character(enum kc_pin_charset charset, uint8_t character)
{
	switch (charset) {
	case KC_PIN_CHARSET_NUMERIC:
		return is_digit(character);
	case KC_PIN_CHARSET_ALPHANUMERIC:
		return is_digit(character) || is_upper(character) ||
		       (character >= 'a' && character <= 'z');
	case KC_PIN_CHARSET_UPPER_ALPHANUMERIC:
		return is_digit(character) || is_upper(character);
	case KC_PIN_CHARSET_PRINTABLE:
		return character >= ' ' && character <= '~';
	}
	return false;
}

static const char *name_of(enum kc_pin_charset charset)
{
	switch (charset) {
	case KC_PIN_CHARSET_NUMERIC:
		return "digits";
	case KC_PIN_CHARSET_ALPHANUMERIC:
		return "digits and the letters A to Z and a to z";
	case KC_PIN_CHARSET_UPPER_ALPHANUMERIC:
		return "digits and the letters A to Z";
	case KC_PIN_CHARSET_PRINTABLE:
		break;
	}
	return "printable characters of ASCII";
}

static enum kc_status check_pin(const struct kc_pin_format *format, struct kc_view pin)
{
	REQUIRE(pin.len >= format->min_length, KC_ERR_AUTHENTICATION_FAILED,
		"the PIN is too short: it has at least %u characters", format->min_length);
	REQUIRE(pin.len <= format->max_length, KC_ERR_AUTHENTICATION_FAILED,
		"the PIN is too long: it has at most %u characters", format->max_length);
	for (size_t i = 0; i < pin.len; i++)
		REQUIRE(has_character(format->charset, pin.data[i]), KC_ERR_AUTHENTICATION_FAILED,
			"the PIN has characters that this card does not take: only %s",
			name_of(format->charset));
	return KC_OK;
}

enum kc_status kc_pin_format_check_pin(const struct kc_pin_format *format, struct kc_view pin)
{
	TRY(pin_format_check(format));
	return check_pin(format, pin);
}

/* --- the block ------------------------------------------------------------------------------- */

/* The lowest @n bits of @value, from bit @at on. */
static void put_bits(uint8_t *block, size_t at, unsigned value, unsigned n)
{
	for (unsigned i = 0; i < n; i++, at++) {
		uint8_t mask = (uint8_t)(0x80U >> at % BITS);

		if (value >> (n - 1 - i) & 1)
			block[at / BITS] |= mask;
		else
			block[at / BITS] &= (uint8_t)~mask;
	}
}

static void put_pin(const struct kc_pin_format *format, struct kc_view pin, uint8_t *block)
{
	bool is_ascii = format->encoding == KC_PIN_ENCODING_ASCII;
	unsigned bits = pin_format_character_bits(format);
	size_t at = pin_extent(format, pin.len).begin;

	for (size_t i = 0; i < pin.len; i++, at += bits)
		put_bits(block, at, is_ascii ? pin.data[i] : pin.data[i] - (unsigned)'0', bits);
	put_bits(block, format->length_bit_offset, (unsigned)pin.len, format->length_bit_size);
}

enum kc_status kc_pin_format_put(const struct kc_pin_format *format, struct kc_view pin,
				 uint8_t *block, size_t block_len, size_t *ret_len)
{
	size_t needed = 0;

	TRY(kc_pin_format_check_pin(format, pin));
	needed = format->block_bytes ? format->block_bytes : pin.len;
	REQUIRE(needed <= block_len, KC_ERR_BAD_PARAMETER,
		"a PIN block of %zu bytes where there is room for %zu", needed, block_len);
	put_pin(format, pin, block);
	*ret_len = needed;
	return KC_OK;
}
