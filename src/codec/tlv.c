/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLV readers and writers. Every byte that is read may come from a hostile card. */
#include "codec/tlv.h"

#include "base/try.h"

enum {
	TAG_BYTES_MAX = 4,
	LENGTH_BYTES_MAX = 4,
	SIMPLE_TAG_MAX = 0xfe,
	SIMPLE_LONG = 0xff, /* two length bytes follow */
	SIMPLE_LEN_MAX = 0xffff,
	COMPACT_MAX = 0x0f,
};

static enum kc_status read_byte(struct kc_view *input, uint8_t *ret_byte)
{
	REQUIRE(input->len > 0, KC_ERR_CORRUPTED_DATA, "a TLV record ends too early");
	*ret_byte = input->data[0];
	*input = view_of(input->data + 1, input->len - 1);
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

/* @rest is @input after tag and length. */
static enum kc_status finish_record(struct kc_view *input, struct kc_view rest, uint32_t tag,
				    size_t len, struct tlv *ret_tlv)
{
	REQUIRE(len <= rest.len, KC_ERR_CORRUPTED_DATA, "a TLV value is longer than its container");
	*ret_tlv = (struct tlv){
		.tag = tag,
		.value = view_of(rest.data, len),
		.record = view_of(input->data, (size_t)(rest.data - input->data) + len)};
	*input = view_of(rest.data + len, rest.len - len);
	return KC_OK;
}

enum kc_status tlv_read(struct kc_view *input, struct tlv *ret_tlv)
{
	struct kc_view rest = *input;
	uint32_t tag = 0;
	size_t len = 0;

	TRY(tlv_read_header(&rest, &tag, &len));
	return finish_record(input, rest, tag, len, ret_tlv);
}

/* ISO 7816-4 5.2.1: the tag field is one byte from 01 to FE. If the first byte of the length field
 * is not FF, it is the length; else the next two bytes are. */
enum kc_status tlv_read_simple(struct kc_view *input, struct tlv *ret_tlv)
{
	struct kc_view rest = *input;
	uint8_t tag = 0;
	uint8_t high = 0;
	uint8_t low = 0;

	TRY(read_byte(&rest, &tag));
	REQUIRE(tag >= 1 && tag <= SIMPLE_TAG_MAX, KC_ERR_CORRUPTED_DATA,
		"a simple TLV record has no tag %02X", (unsigned)tag);
	TRY(read_byte(&rest, &low));
	if (low == SIMPLE_LONG) {
		TRY(read_byte(&rest, &high));
		TRY(read_byte(&rest, &low));
	}
	return finish_record(input, rest, tag, (size_t)high << 8 | low, ret_tlv);
}

/* ISO 7816-4 8.1.1.2: "the first nibble is the tag number, the second nibble the length". */
enum kc_status tlv_read_compact(struct kc_view *input, struct tlv *ret_tlv)
{
	struct kc_view rest = *input;
	uint8_t byte = 0;

	TRY(read_byte(&rest, &byte));
	return finish_record(input, rest, byte >> 4, byte & COMPACT_MAX, ret_tlv);
}

bool tlv_take(struct kc_view *input, uint32_t tag, struct kc_view *ret_value)
{
	struct tlv tlv;

	if (input->len == 0 || tlv_read(input, &tlv) != KC_OK || tlv.tag != tag)
		return false;
	*ret_value = tlv.value;
	return true;
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

bool tlv_is_tag(uint32_t tag)
{
	uint8_t bytes[TAG_BYTES_MAX];
	size_t n = bytes_needed(tag);
	struct kc_view input = view_of(bytes, n);
	struct error_record before = *error_get();
	uint32_t again = 0;
	bool is_tag = false;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(tag >> 8 * (n - 1 - i));
	is_tag = read_tag(&input, &again) == KC_OK && input.len == 0;
	error_adopt(&before);
	return is_tag;
}

/* ISO 7816-4 5.2.2.1: bit 6 of the first tag byte. */
bool tlv_is_constructed(uint32_t tag)
{
	return tag >> 8 * (bytes_needed(tag) - 1) & 0x20;
}

enum kc_status tlv_put_simple(struct bytes *bytes, uint32_t tag, struct kc_view value)
{
	REQUIRE(tag >= 1 && tag <= SIMPLE_TAG_MAX, KC_ERR_PARAM,
		"a simple TLV record's tag is from 1 to 254");
	REQUIRE(value.len <= SIMPLE_LEN_MAX, KC_ERR_PARAM,
		"a simple TLV value of %zu bytes is too long", value.len);
	TRY(bytes_append_byte(bytes, (uint8_t)tag));
	if (value.len >= SIMPLE_LONG) {
		TRY(bytes_append_byte(bytes, SIMPLE_LONG));
		TRY(bytes_append_byte(bytes, (uint8_t)(value.len >> 8)));
	}
	TRY(bytes_append_byte(bytes, (uint8_t)value.len));
	return bytes_append(bytes, value);
}

enum kc_status tlv_put_compact(struct bytes *bytes, uint32_t tag, struct kc_view value)
{
	REQUIRE(tag <= COMPACT_MAX && value.len <= COMPACT_MAX, KC_ERR_PARAM,
		"a compact TLV record has a tag of 4 bits and at most 15 bytes");
	TRY(bytes_append_byte(bytes, (uint8_t)(tag << 4 | value.len)));
	return bytes_append(bytes, value);
}
