/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BER-TLV reader and DER writer. Every byte may come from a hostile card. */
#include "codec/tlv.h"

#include "base/try.h"

enum {
	TAG_BYTES_MAX = 4,
	LENGTH_BYTES_MAX = 4,
};

static enum kc_status read_byte(struct kc_view *input, uint8_t *ret_byte)
{
	REQUIRE(input->len > 0, KC_ERR_CORRUPTED_DATA, "a TLV record ends too early");
	*ret_byte = input->data[0];
	*input = view_slice(*input, 1, input->len - 1);
	return KC_OK;
}

static enum kc_status read_tag(struct kc_view *input, uint32_t *ret_tag)
{
	uint8_t byte = 0;
	uint32_t tag = 0;

	TRY(read_byte(input, &byte));
	tag = byte;
	if ((byte & 0x1f) == 0x1f) {
		/* ISO 7816-4 5.2.2.1: further tag bytes follow while bit 8 is set. */
		for (int n = 1; n == 1 || (byte & 0x80); n++) {
			REQUIRE(n < TAG_BYTES_MAX, KC_ERR_CORRUPTED_DATA, "a TLV tag is too long");
			TRY(read_byte(input, &byte));
			tag = tag << 8 | byte;
		}
	}
	*ret_tag = tag;
	return KC_OK;
}

static enum kc_status read_length(struct kc_view *input, size_t *ret_len)
{
	uint8_t byte = 0;
	size_t len = 0;

	TRY(read_byte(input, &byte));
	if (byte < 0x80) {
		*ret_len = byte;
		return KC_OK;
	}
	REQUIRE(byte != 0x80 && (byte & 0x7f) <= LENGTH_BYTES_MAX, KC_ERR_CORRUPTED_DATA,
		"a TLV length form that ISO 7816-4 does not know");
	for (int n = byte & 0x7f; n > 0; n--) {
		TRY(read_byte(input, &byte));
		len = len << 8 | byte;
	}
	*ret_len = len;
	return KC_OK;
}

enum kc_status tlv_read_header(struct kc_view *input, uint32_t *ret_tag, size_t *ret_len)
{
	struct kc_view rest = *input;
	uint32_t tag = 0;

	TRY(read_tag(&rest, &tag));
	TRY(read_length(&rest, ret_len));
	*input = rest;
	*ret_tag = tag;
	return KC_OK;
}

enum kc_status tlv_read(struct kc_view *input, struct tlv *ret_tlv)
{
	struct kc_view rest = *input;
	struct tlv tlv;
	size_t len = 0;

	TRY(tlv_read_header(&rest, &tlv.tag, &len));
	REQUIRE(len <= rest.len, KC_ERR_CORRUPTED_DATA, "a TLV value is longer than its container");
	tlv.value = view_of(rest.data, len);
	tlv.record = view_of(input->data, (size_t)(rest.data - input->data) + len);
	*input = view_of(rest.data + len, rest.len - len);
	*ret_tlv = tlv;
	return KC_OK;
}

enum kc_status tlv_find(struct kc_view input, uint32_t tag, struct kc_view *ret_value)
{
	struct tlv tlv;

	while (input.len > 0) {
		TRY(tlv_read(&input, &tlv));
		if (tlv.tag == tag) {
			*ret_value = tlv.value;
			return KC_OK;
		}
	}
	return fail(KC_ERR_OBJECT_NOT_FOUND, "no TLV record %X", tag);
}

bool tlv_has(struct kc_view input, uint32_t tag, struct kc_view *ret_value)
{
	struct error_record before = *error_get();
	bool found = tlv_find(input, tag, ret_value) == KC_OK;

	error_adopt(&before);
	return found;
}

static size_t bytes_needed(size_t number)
{
	size_t n = 1;

	while (number >>= 8)
		n++;
	return n;
}

static enum kc_status put_number(struct bytes *bytes, size_t number, size_t n_bytes)
{
	for (size_t i = n_bytes; i > 0; i--)
		TRY(bytes_append_byte(bytes, (uint8_t)(number >> 8 * (i - 1))));
	return KC_OK;
}

enum kc_status tlv_put_header(struct bytes *bytes, uint32_t tag, size_t len)
{
	TRY(put_number(bytes, tag, bytes_needed(tag)));
	if (len < 0x80)
		return bytes_append_byte(bytes, (uint8_t)len);
	TRY(bytes_append_byte(bytes, (uint8_t)(0x80 | bytes_needed(len))));
	return put_number(bytes, len, bytes_needed(len));
}

enum kc_status tlv_put(struct bytes *bytes, uint32_t tag, struct kc_view value)
{
	TRY(tlv_put_header(bytes, tag, value.len));
	return bytes_append(bytes, value);
}
