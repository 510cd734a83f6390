/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask/tlv.h over codec/tlv.h, which does the reading and writing. */
#include <keycask/tlv.h>

#include <stdlib.h>

#include "base/bytes.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "wire/message.h"

enum {
	RECORDS_STEP = 16,
};

struct form {
	enum kc_status (*read)(struct kc_view *input, struct tlv *ret_tlv);
	enum kc_status (*put)(struct bytes *bytes, uint32_t tag, struct kc_view value);
};

static const struct form forms[] = {
	[KC_TLV_BER] = {tlv_read, tlv_put},
	[KC_TLV_SIMPLE] = {tlv_read_simple, tlv_put_simple},
	[KC_TLV_COMPACT] = {tlv_read_compact, tlv_put_compact},
};

static enum kc_status find_form(enum kc_tlv_form form, const struct form **ret_form)
{
	REQUIRE((size_t)form < ARRAY_LEN(forms), KC_ERR_PARAM, "no such TLV form");
	*ret_form = &forms[form];
	return KC_OK;
}

/* --- reading --------------------------------------------------------------------------------- */

static enum kc_status read_record(enum kc_tlv_form form, struct kc_view *input,
				  struct kc_tlv *ret_tlv)
{
	const struct form *reader = NULL;
	struct tlv tlv;

	TRY(find_form(form, &reader));
	if (reader->read(input, &tlv) != KC_OK)
		return error_remap(KC_ERR_DECODE);
	*ret_tlv = (struct kc_tlv){tlv.tag, tlv.value, tlv.record};
	return KC_OK;
}

enum kc_status kc_tlv_read(enum kc_tlv_form form, struct kc_view *input, struct kc_tlv *ret_tlv)
{
	error_clear();
	return read_record(form, input, ret_tlv);
}

enum kc_status kc_tlv_read_one(enum kc_tlv_form form, struct kc_view data, struct kc_tlv *ret_tlv)
{
	struct kc_tlv tlv;

	error_clear();
	TRY(read_record(form, &data, &tlv));
	REQUIRE(data.len == 0, KC_ERR_DECODE, "%zu bytes follow the TLV record", data.len);
	*ret_tlv = tlv;
	return KC_OK;
}

static enum kc_status grow(struct kc_tlv **records, size_t n)
{
	struct kc_tlv *larger = NULL;

	if (n % RECORDS_STEP != 0)
		return KC_OK;
	larger = realloc(*records, (n + RECORDS_STEP) * sizeof(**records));
	REQUIRE(larger, KC_ERR_ALLOCATE, "out of memory");
	*records = larger;
	return KC_OK;
}

enum kc_status kc_tlv_read_all(enum kc_tlv_form form, struct kc_view data,
			       struct kc_tlv **ret_records, size_t *ret_n)
{
	CLEANUP(freep) struct kc_tlv *records = NULL;
	size_t n = 0;

	error_clear();
	TRY(grow(&records, 0)); /* never NULL: none is an answer, too */
	for (; data.len > 0; n++) {
		TRY(grow(&records, n));
		TRY(read_record(form, &data, &records[n]));
	}
	*ret_records = take(records);
	*ret_n = n;
	return KC_OK;
}

void kc_tlv_free(struct kc_tlv *records)
{
	free(records);
}

enum kc_status kc_tlv_find(enum kc_tlv_form form, struct kc_view data, uint64_t tag,
			   struct kc_view *ret_value)
{
	struct kc_tlv tlv = {0};

	error_clear();
	while (data.len > 0) {
		TRY(read_record(form, &data, &tlv));
		if (tlv.tag != tag)
			continue;
		*ret_value = tlv.value;
		return KC_OK;
	}
	return fail(KC_ERR_ITEM_NOT_FOUND, "no TLV record %llX", (unsigned long long)tag);
}

bool kc_tlv_is_constructed(uint64_t tag)
{
	return tag <= UINT32_MAX && tlv_is_constructed((uint32_t)tag);
}

/* --- writing --------------------------------------------------------------------------------- */

static enum kc_status check_tag(enum kc_tlv_form form, uint64_t tag)
{
	REQUIRE(tag <= UINT32_MAX && (form != KC_TLV_BER || tlv_is_tag((uint32_t)tag)),
		KC_ERR_PARAM, "%llX is no TLV tag", (unsigned long long)tag);
	return KC_OK;
}

enum kc_status kc_tlv_write(enum kc_tlv_form form, uint64_t tag, struct kc_view value,
			    struct kc_bytes *ret_record)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);
	const struct form *writer = NULL;

	error_clear();
	TRY(find_form(form, &writer));
	TRY(check_tag(form, tag));
	TRY(writer->put(&bytes, (uint32_t)tag, value));
	*ret_record = bytes_take(&bytes);
	return KC_OK;
}

enum kc_status kc_tlv_write_records(uint64_t tag, const struct kc_tlv *records, size_t n,
				    struct kc_bytes *ret_record)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);

	error_clear();
	TRY(check_tag(KC_TLV_BER, tag));
	REQUIRE(kc_tlv_is_constructed(tag), KC_ERR_PARAM,
		"records of tag %llX have no records in them", (unsigned long long)tag);
	for (size_t i = 0; i < n; i++) {
		TRY(check_tag(KC_TLV_BER, records[i].tag));
		TRY(tlv_put(&content, (uint32_t)records[i].tag, records[i].value));
	}
	TRY(tlv_put(&bytes, (uint32_t)tag, bytes_view(&content)));
	*ret_record = bytes_take(&bytes);
	return KC_OK;
}

enum kc_status kc_tlv_write_tag(uint64_t tag, struct kc_bytes *ret_tag)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(16);

	error_clear();
	TRY(check_tag(KC_TLV_BER, tag));
	TRY(tlv_put_header(&bytes, (uint32_t)tag, 0));
	bytes.len--; /* the length, 00 */
	*ret_tag = bytes_take(&bytes);
	return KC_OK;
}
