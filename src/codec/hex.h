/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_HEX_H
#define CODEC_HEX_H

/* Hexadecimal and base64 (RFC 4648 section 4), strict in what they read. */

#include <stddef.h>

#include "base/bytes.h"

enum hex_case {
	HEX_UPPER,
	HEX_LOWER,
};

/* New text, the caller's to free(); NULL when out of memory. */
char *hex_encode(struct kc_view view, enum hex_case letters);

/* Append what @text says. Expected: KC_ERR_DECODE  odd length or another character. */
KC_MUST_CHECK enum kc_status hex_decode(const char *text, struct bytes *bytes);

/* New text, the caller's to free(); NULL when out of memory. */
char *base64_encode(struct kc_view view);

/*
 * Append what @text says. Padding is required, blanks are not allowed, unused bits must be 0.
 * Expected: KC_ERR_DECODE
 */
KC_MUST_CHECK enum kc_status base64_decode(struct kc_view text, struct bytes *bytes);

#endif
