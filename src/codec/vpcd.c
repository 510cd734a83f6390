/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Framing of the vpcd protocol. */
#include "codec/vpcd.h"

#include "base/try.h"

enum kc_status vpcd_put(struct bytes *bytes, struct kc_view message)
{
	REQUIRE(message.len <= VPCD_MESSAGE_MAX, KC_ERR_PARAM,
		"a message of %zu bytes does not fit vpcd's frame", message.len);
	TRY(bytes_append_byte(bytes, (uint8_t)(message.len >> 8)));
	TRY(bytes_append_byte(bytes, (uint8_t)message.len));
	return bytes_append(bytes, message);
}

bool vpcd_get(struct kc_view input, struct kc_view *ret_message, size_t *ret_used)
{
	size_t len = 0;

	if (input.len < VPCD_HEADER_BYTES)
		return false;
	len = (size_t)input.data[0] << 8 | input.data[1];
	if (input.len - VPCD_HEADER_BYTES < len)
		return false;
	*ret_message = view_of(input.data + VPCD_HEADER_BYTES, len);
	*ret_used = VPCD_HEADER_BYTES + len;
	return true;
}
