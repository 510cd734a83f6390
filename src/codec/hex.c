/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hexadecimal: token IDs, ATRs, hashes and recorded conversations. */
#include "codec/hex.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"

char *hex_encode(struct kc_view view, enum hex_case letters)
{
	const char *digits = letters == HEX_UPPER ? "0123456789ABCDEF" : "0123456789abcdef";
	char *text = malloc(view.len * 2 + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < view.len; i++) {
		text[2 * i] = digits[view.data[i] >> 4];
		text[2 * i + 1] = digits[view.data[i] & 0x0f];
	}
	text[view.len * 2] = '\0';
	return text;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum kc_status hex_decode(const char *text, struct bytes *bytes)
{
	size_t len = strlen(text);

	REQUIRE(len % 2 == 0, KC_ERR_DECODE, "hexadecimal text of odd length");
	for (size_t i = 0; i < len; i += 2) {
		int high = digit_value(text[i]);
		int low = digit_value(text[i + 1]);

		REQUIRE(high >= 0 && low >= 0, KC_ERR_DECODE, "not a hexadecimal digit");
		TRY(bytes_append_byte(bytes, (uint8_t)(high << 4 | low)));
	}
	return KC_OK;
}
