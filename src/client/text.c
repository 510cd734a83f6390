/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The codec room's texts, for front ends: they may include public headers only. */
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/try.h"
#include "codec/display.h"
#include "codec/hex.h"
#include "wire/message.h"

char *kc_text_hex(struct kc_view data)
{
	return hex_encode(data, HEX_LOWER);
}

enum kc_status kc_text_hex_decode(const char *hex, struct kc_bytes *ret_data)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);

	error_clear();
	REQUIRE(hex, KC_ERR_PARAM, "no text");
	if (hex_decode(hex, &bytes) != KC_OK)
		return error_remap(KC_ERR_PARAM);
	*ret_data = bytes_take(&bytes);
	return KC_OK;
}

char *kc_text_base64(struct kc_view data)
{
	return base64_encode(data);
}

enum kc_status kc_text_base64_decode(const char *base64, struct kc_bytes *ret_data)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);

	error_clear();
	REQUIRE(base64, KC_ERR_PARAM, "no text");
	if (base64_decode(view_of_text(base64), &bytes) != KC_OK)
		return error_remap(KC_ERR_PARAM);
	*ret_data = bytes_take(&bytes);
	return KC_OK;
}

char *kc_text_for_display(const char *text, size_t max_bytes)
{
	return display_escape(view_of_text(text), max_bytes);
}
