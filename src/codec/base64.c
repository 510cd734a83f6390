/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64 as RFC 4648 section 4 has it: how binary values travel in JSON. */
#include <stdlib.h>

#include "base/try.h"
#include "codec/hex.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint32_t group_of(struct kc_view view, size_t i)
{
	uint32_t group = (uint32_t)view.data[i] << 16;

	if (i + 1 < view.len)
		group |= (uint32_t)view.data[i + 1] << 8;
	if (i + 2 < view.len)
		group |= view.data[i + 2];
	return group;
}

char *base64_encode(struct kc_view view)
{
	char *text = malloc((view.len + 2) / 3 * 4 + 1);
	char *out = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < view.len; i += 3) {
		uint32_t group = group_of(view, i);

		*out++ = alphabet[group >> 18];
		*out++ = alphabet[group >> 12 & 63];
		*out++ = i + 1 < view.len ? alphabet[group >> 6 & 63] : '=';
		*out++ = i + 2 < view.len ? alphabet[group & 63] : '=';
	}
	*out = '\0';
	return text;
}

static int letter_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Four letters, the last @n_padding of which are '='. There is room. */
static enum kc_status decode_group(const uint8_t *letters, size_t n_padding, struct bytes *bytes)
{
	uint32_t group = 0;
	uint8_t out[3];

	for (size_t i = 0; i < 4; i++) {
		int value = i < 4 - n_padding ? letter_value(letters[i]) : 0;

		REQUIRE(value >= 0, KC_ERR_DECODE, "not a base64 letter");
		group = group << 6 | (uint32_t)value;
	}
	out[0] = (uint8_t)(group >> 16);
	out[1] = (uint8_t)(group >> 8);
	out[2] = (uint8_t)group;
	for (size_t i = 3 - n_padding; i < 3; i++)
		REQUIRE(out[i] == 0, KC_ERR_DECODE, "stray bits at the end of base64 text");
	memcpy(bytes->data + bytes->len, out, 3 - n_padding);
	bytes->len += 3 - n_padding;
	return KC_OK;
}

static size_t padding_of(struct kc_view text)
{
	if (text.len == 0 || text.data[text.len - 1] != '=')
		return 0;
	return text.data[text.len - 2] == '=' ? 2 : 1;
}

enum kc_status base64_decode(struct kc_view text, struct bytes *bytes)
{
	REQUIRE(text.len % 4 == 0, KC_ERR_DECODE,
		"base64 text whose length is not a multiple of 4");
	TRY(bytes_reserve(bytes, text.len / 4 * 3 - padding_of(text)));
	for (size_t i = 0; i < text.len; i += 4)
		TRY(decode_group(text.data + i, i + 4 == text.len ? padding_of(text) : 0, bytes));
	return KC_OK;
}
