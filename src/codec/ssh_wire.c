/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 4251 section 5, strict: whoever sends half a string or a negative number is not understood.
 */
#include "codec/ssh_wire.h"

#include "base/try.h"

static enum kc_status take_view(struct kc_view *input, size_t n, struct kc_view *ret_view)
{
	REQUIRE(n <= input->len, KC_ERR_DECODE, "SSH data that ends too early");
	*ret_view = view_of(input->data, n);
	*input = view_slice(*input, n, input->len);
	return KC_OK;
}

static enum kc_status take_number(struct kc_view *input, size_t n, uint64_t *ret_number)
{
	struct kc_view view = {NULL, 0};
	uint64_t number = 0;

	TRY(take_view(input, n, &view));
	for (size_t i = 0; i < n; i++)
		number = number << 8 | view.data[i];
	*ret_number = number;
	return KC_OK;
}

enum kc_status ssh_wire_byte(struct kc_view *input, uint8_t *ret_byte)
{
	uint64_t number = 0;

	TRY(take_number(input, 1, &number));
	*ret_byte = (uint8_t)number;
	return KC_OK;
}

/* "All non-zero values MUST be interpreted as TRUE". */
enum kc_status ssh_wire_bool(struct kc_view *input, bool *ret_flag)
{
	uint8_t byte = 0;

	TRY(ssh_wire_byte(input, &byte));
	*ret_flag = byte != 0;
	return KC_OK;
}

enum kc_status ssh_wire_uint32(struct kc_view *input, uint32_t *ret_number)
{
	uint64_t number = 0;

	TRY(take_number(input, 4, &number));
	*ret_number = (uint32_t)number;
	return KC_OK;
}

enum kc_status ssh_wire_uint64(struct kc_view *input, uint64_t *ret_number)
{
	return take_number(input, 8, ret_number);
}

enum kc_status ssh_wire_string(struct kc_view *input, struct kc_view *ret_string)
{
	uint32_t len = 0;

	TRY(ssh_wire_uint32(input, &len));
	return take_view(input, len, ret_string);
}

enum kc_status ssh_wire_mpint(struct kc_view *input, struct kc_view *ret_number)
{
	struct kc_view number = {NULL, 0};

	TRY(ssh_wire_string(input, &number));
	REQUIRE(number.len == 0 || number.data[0] < 0x80, KC_ERR_DECODE,
		"a negative number in SSH data");
	REQUIRE(number.len == 0 || number.data[0] != 0 ||
			(number.len > 1 && number.data[1] >= 0x80),
		KC_ERR_DECODE, "a number with zeros in front in SSH data");
	*ret_number = ssh_wire_trim(number);
	return KC_OK;
}

enum kc_status ssh_wire_end(struct kc_view input)
{
	REQUIRE(input.len == 0, KC_ERR_DECODE, "SSH data that goes on too long");
	return KC_OK;
}

bool ssh_wire_is(struct kc_view view, const char *text)
{
	return view_equal(view, view_of_text(text));
}

enum kc_status ssh_wire_put_uint32(struct bytes *bytes, uint32_t number)
{
	const uint8_t encoded[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
				   (uint8_t)(number >> 8), (uint8_t)number};

	return bytes_append(bytes, VIEW_OF(encoded));
}

enum kc_status ssh_wire_put_string(struct bytes *bytes, struct kc_view string)
{
	REQUIRE(string.len <= UINT32_MAX, KC_ERR_PARAM, "a string that is too long");
	TRY(ssh_wire_put_uint32(bytes, (uint32_t)string.len));
	return bytes_append(bytes, string);
}

enum kc_status ssh_wire_put_text(struct bytes *bytes, const char *text)
{
	return ssh_wire_put_string(bytes, view_of_text(text));
}

enum kc_status ssh_wire_put_mpint(struct bytes *bytes, struct kc_view number)
{
	struct kc_view trimmed = ssh_wire_trim(number);
	bool needs_zero = trimmed.len > 0 && trimmed.data[0] >= 0x80;

	TRY(ssh_wire_put_uint32(bytes, (uint32_t)trimmed.len + needs_zero));
	if (needs_zero)
		TRY(bytes_append_byte(bytes, 0));
	return bytes_append(bytes, trimmed);
}

struct kc_view ssh_wire_trim(struct kc_view number)
{
	while (number.len > 0 && number.data[0] == 0)
		number = view_slice(number, 1, number.len);
	return number;
}
