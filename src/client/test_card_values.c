/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask/tlv.h and keycask/atr.h as applications see them; the forms are codec's tests. */
#include <keycask/atr.h>

#include "base/bytes.h"
#include "harness/test.h"

static const uint8_t two[] = {0x30, 0x00, 0x5f, 0xc1, 0x02, 0x01, 0xaa};
static const uint8_t openpgp[] = {0x3b, 0xda, 0x18, 0xff, 0x81, 0xb1, 0xfe, 0x75, 0x1f, 0x03, 0x00,
				  0x31, 0xf5, 0x73, 0xc0, 0x01, 0x60, 0x00, 0x90, 0x00, 0x1c};

static struct kc_view view(const struct kc_bytes *bytes)
{
	return view_of(bytes->data, bytes->len);
}

TEST(sequences_are_exact)
{
	struct kc_tlv *records = NULL;
	struct kc_tlv one;
	struct kc_view value;
	size_t n = 0;

	CHECK_OK(kc_tlv_read_all(KC_TLV_BER, VIEW_OF(two), &records, &n));
	CHECK_INT(n, 2);
	CHECK_INT(records[1].tag, 0x5fc102);
	CHECK_HEX(records[1].value, "AA");
	CHECK_HEX(records[0].record, "3000");
	kc_tlv_free(records);
	records = NULL;
	CHECK_STATUS(kc_tlv_read_all(KC_TLV_BER, view_of(two, 6), &records, &n), KC_ERR_DECODE);
	CHECK(!records);
	CHECK_OK(kc_tlv_read_all(KC_TLV_BER, view_of(two, 0), &records, &n));
	CHECK_INT(n, 0);
	kc_tlv_free(records);
	CHECK_OK(kc_tlv_read_one(KC_TLV_BER, view_of(two, 2), &one));
	CHECK_STATUS(kc_tlv_read_one(KC_TLV_BER, VIEW_OF(two), &one), KC_ERR_DECODE);
	CHECK_OK(kc_tlv_find(KC_TLV_BER, VIEW_OF(two), 0x5fc102, &value));
	CHECK_HEX(value, "AA");
	CHECK_STATUS(kc_tlv_find(KC_TLV_BER, VIEW_OF(two), 0x31, &value), KC_ERR_ITEM_NOT_FOUND);
	CHECK_STATUS(kc_tlv_read_one((enum kc_tlv_form)7, VIEW_OF(two), &one), KC_ERR_PARAM);
}

TEST(more_records_than_one_step)
{
	static const uint8_t zeros[100]; /* compact records of tag 0 */
	struct kc_tlv *records = NULL;
	size_t n = 0;

	CHECK_OK(kc_tlv_read_all(KC_TLV_COMPACT, VIEW_OF(zeros), &records, &n));
	CHECK_INT(n, 100);
	kc_tlv_free(records);
}

TEST(records_are_written)
{
	struct kc_tlv parts[] = {{.tag = 0x80, .value = VIEW_OF("a")}, {.tag = 0x7f49}};
	struct kc_bytes written = {NULL, 0};

	CHECK_OK(kc_tlv_write(KC_TLV_BER, 0x5c, view_of("\x01", 1), &written));
	CHECK_HEX(view(&written), "5C0101");
	kc_bytes_free(&written);
	CHECK_OK(kc_tlv_write(KC_TLV_SIMPLE, 254, view_of("\x01", 1), &written));
	CHECK_HEX(view(&written), "FE0101");
	kc_bytes_free(&written);
	CHECK_OK(kc_tlv_write_records(0x30, parts, 2, &written));
	CHECK_HEX(view(&written), "30078002"
				  "6100"
				  "7F4900");
	kc_bytes_free(&written);
	CHECK_OK(kc_tlv_write_tag(0x5fc102, &written));
	CHECK_HEX(view(&written), "5FC102");
	kc_bytes_free(&written);
	CHECK(kc_tlv_is_constructed(0x7f49) && !kc_tlv_is_constructed(0x5c));
	CHECK_STATUS(kc_tlv_write(KC_TLV_BER, 0x1f, view_of("", 0), &written), KC_ERR_PARAM);
	CHECK_STATUS(kc_tlv_write(KC_TLV_BER, 1ULL << 40, view_of("", 0), &written), KC_ERR_PARAM);
	CHECK_STATUS(kc_tlv_write(KC_TLV_SIMPLE, 255, view_of("", 0), &written), KC_ERR_PARAM);
	CHECK_STATUS(kc_tlv_write(KC_TLV_COMPACT, 16, view_of("", 0), &written), KC_ERR_PARAM);
	CHECK_STATUS(kc_tlv_write_records(0x5c, parts, 2, &written), KC_ERR_PARAM);
	CHECK(!written.data);
}

TEST(an_atr_is_seen_as_the_standard_counts)
{
	struct kc_atr *atr = NULL;
	const struct kc_tlv *records = NULL;
	size_t n = 0;

	CHECK_OK(kc_atr_parse(VIEW_OF(openpgp), &atr));
	CHECK_INT(kc_atr_bytes(atr).len, sizeof(openpgp));
	CHECK_INT(kc_atr_protocol_count(atr), 2);
	CHECK_INT(kc_atr_protocol_at(atr, 0), 1);
	CHECK_INT(kc_atr_protocol_at(atr, 1), 15);
	CHECK_INT(kc_atr_protocol_at(atr, 2), KC_ATR_ABSENT);
	CHECK(!kc_atr_interface_group_at(atr, 0) && !kc_atr_interface_group_at(atr, 5));
	CHECK_INT(kc_atr_interface_group_at(atr, 1)->protocol, KC_ATR_ABSENT);
	CHECK_INT(kc_atr_interface_group_at(atr, 4)->ta, 3);
	CHECK(kc_atr_interface_group_for(atr, 1) == kc_atr_interface_group_at(atr, 2));
	CHECK(!kc_atr_interface_group_for(atr, 0));
	CHECK(!kc_atr_interface_group_for(atr, KC_ATR_ABSENT));
	records = kc_atr_historical_records(atr, &n);
	CHECK_INT(n, 3);
	CHECK_INT(records[2].tag, 8);
	CHECK_HEX(records[2].value, "009000");
	CHECK(kc_atr_can_extend(atr) && !kc_atr_can_chain(atr));
	atr = kc_atr_free(atr);
}

struct source {
	size_t n;
	size_t len;
};

static int next(void *context)
{
	struct source *source = context;

	return source->n < source->len ? openpgp[source->n++] : -1;
}

TEST(an_atr_is_pulled_byte_by_byte)
{
	struct source source = {0, sizeof(openpgp)};
	struct kc_atr *atr = NULL;

	CHECK_OK(kc_atr_parse_source(next, &source, &atr));
	CHECK_INT(source.n, sizeof(openpgp));
	atr = kc_atr_free(atr);
	source = (struct source){0, 20};
	CHECK_STATUS(kc_atr_parse_source(next, &source, &atr), KC_ERR_DECODE);
	CHECK_STATUS(kc_atr_parse(view_of(openpgp, 20), &atr), KC_ERR_DECODE);
	CHECK(!atr);
}
