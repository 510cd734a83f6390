/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_PIN_FORMAT_H
#define KEYCASK_PIN_FORMAT_H

/*
 * How a card wants its PIN: from what somebody types to the bytes of a command. A driver declares
 * it once; the kit fills in what was typed on the host, and a reader with a keypad of its own
 * fills in what was typed there, both by the same rules.
 *
 * The PIN block is what the command has for the PIN. The driver writes it first with what is
 * constant in it (padding, a control nibble); the PIN, and its length where the card wants that,
 * are written over it and nothing else is changed.
 */

#include <keycask/bytes.h>
#include <keycask/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The characters a PIN may have. */
enum kc_pin_charset {
	KC_PIN_CHARSET_NUMERIC = 0,	       /* 0-9 */
	KC_PIN_CHARSET_ALPHANUMERIC = 1,       /* 0-9 A-Z a-z */
	KC_PIN_CHARSET_UPPER_ALPHANUMERIC = 2, /* 0-9 A-Z */
	KC_PIN_CHARSET_PRINTABLE = 3,	       /* all of ASCII from the space to the tilde */
};

/* What becomes of the PIN 1234. */
enum kc_pin_encoding {
	KC_PIN_ENCODING_BINARY = 0, /* 01 02 03 04 */
	KC_PIN_ENCODING_ASCII = 1,  /* 31 32 33 34 */
	KC_PIN_ENCODING_BCD = 2,    /* 12 34 */
};

enum kc_pin_justification {
	KC_PIN_JUSTIFICATION_LEFT = 0,	/* begins at bit_offset */
	KC_PIN_JUSTIFICATION_RIGHT = 1, /* ends with the block */
};

/* Bits are counted from the highest of the block's first byte. */
struct kc_pin_format {
	enum kc_pin_charset charset;
	enum kc_pin_encoding encoding;
	unsigned min_length; /* characters */
	unsigned max_length;
	unsigned block_bytes; /* 0: as long as the PIN, without anything beside it */
	enum kc_pin_justification justification;
	unsigned bit_offset;	    /* of the PIN in the block */
	unsigned length_bit_offset; /* of the number of its characters in the block */
	unsigned length_bit_size;   /* 0: is not written */
};

/* Numeric, ASCII, four to eight digits to the left of a block of eight bytes. */
#define KC_PIN_FORMAT_DEFAULT                                                                      \
	{                                                                                          \
		KC_PIN_CHARSET_NUMERIC, KC_PIN_ENCODING_ASCII, 4, 8, 8, KC_PIN_JUSTIFICATION_LEFT, \
			0, 0, 0                                                                    \
	}

/*
 * Can @pin be typed into @format?
 *
 * Expected: KC_ERR_AUTHENTICATION_FAILED  it is too short, too long, or has other characters
 *           KC_ERR_BAD_PARAMETER          the format contradicts itself
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_pin_format_check_pin(const struct kc_pin_format *format,
							       struct kc_view pin);

/*
 * Write @pin over @block, which has room for @block_len bytes; *ret_len of them are the block. On
 * failure the block is as it was.
 *
 * Expected: as kc_pin_format_check_pin(); KC_ERR_BAD_PARAMETER also for a block without room
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_pin_format_put(const struct kc_pin_format *format,
							 struct kc_view pin, uint8_t *block,
							 size_t block_len, size_t *ret_len);

#ifdef __cplusplus
}
#endif

#endif
