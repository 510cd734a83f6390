/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_PIN_FORMAT_H
#define CODEC_PIN_FORMAT_H

/* PIN formats, keycask/pin_format.h, and what the part about readers (part10.h) asks of them. */

#include <keycask/pin_format.h>

enum {
	PIN_FORMAT_LENGTH_MAX = 255,
	PIN_FORMAT_BLOCK_MAX = 255,
	PIN_FORMAT_LENGTH_BITS_MAX = 16,
};

/* Expected: KC_ERR_BAD_PARAMETER  the format contradicts itself */
KC_MUST_CHECK enum kc_status pin_format_check(const struct kc_pin_format *format);

/* Bits that one character takes. */
unsigned pin_format_character_bits(const struct kc_pin_format *format);

#endif
