/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The three TLV forms, read and written, and what none of them is. */
#include "codec/hex.h"
#include "codec/tlv.h"
#include "harness/test.h"

typedef enum kc_status (*read_fn)(struct kc_view *input, struct tlv *ret_tlv);

static void check_refused(read_fn read, const char *hex)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(1024);
	struct kc_view input = {NULL, 0};
	struct tlv tlv = {.tag = 4711};

	CHECK_OK(hex_decode(hex, &bytes));
	input = bytes_view(&bytes);
	CHECK_STATUS(read(&input, &tlv), KC_ERR_CORRUPTED_DATA);
	CHECK_INT(input.len, bytes.len);
	CHECK_INT(tlv.tag, 4711);
}

TEST(ber_reads_long_tags_and_any_length_form)
{
	static const uint8_t bytes[] = {0x5f, 0xc1, 0x02, 0x81, 0x01, 0xaa, 0x30, 0x00};
	struct kc_view input = VIEW_OF(bytes);
	struct tlv tlv;

	CHECK_OK(tlv_read(&input, &tlv));
	CHECK_INT(tlv.tag, 0x5fc102);
	CHECK_HEX(tlv.value, "AA");
	CHECK_HEX(tlv.record, "5FC1028101AA");
	CHECK_OK(tlv_read(&input, &tlv));
	CHECK_INT(tlv.tag, 0x30);
	CHECK_HEX(tlv.record, "3000");
	CHECK_INT(tlv.value.len, 0);
	CHECK_INT(input.len, 0);
	check_refused(tlv_read, "");
	check_refused(tlv_read, "30");
	check_refused(tlv_read, "3002AA");
	check_refused(tlv_read, "3080AA0000"); /* indefinite: ISO 7816-4 has no such form */
	check_refused(tlv_read, "308500000000010A");
	check_refused(tlv_read, "1F81818101");
}

TEST(ber_writes_the_shortest_form)
{
	static const uint8_t zeros[300];
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(1024);

	CHECK_OK(tlv_put(&bytes, 0x7f49, view_of("\x01", 1)));
	CHECK_HEX(bytes_view(&bytes), "7F490101");
	bytes_consume(&bytes, bytes.len);
	CHECK_OK(tlv_put(&bytes, 0x53, view_of(zeros, 128)));
	CHECK_HEX(view_slice(bytes_view(&bytes), 0, 4), "53818000");
	bytes_consume(&bytes, bytes.len);
	CHECK_OK(tlv_put(&bytes, 0x53, VIEW_OF(zeros)));
	CHECK_HEX(view_slice(bytes_view(&bytes), 0, 5), "5382012C00");
}

TEST(what_a_tag_is)
{
	CHECK(tlv_is_tag(0x30) && tlv_is_tag(0x7f49) && tlv_is_tag(0x5fc102) && tlv_is_tag(0));
	CHECK(tlv_is_tag(0x1f818101));
	CHECK(!tlv_is_tag(0x1f) && !tlv_is_tag(0x3001) && !tlv_is_tag(0x5f81));
	CHECK(!tlv_is_tag(0x1f818181));
	CHECK(tlv_is_constructed(0x30) && tlv_is_constructed(0x7f49));
	CHECK(!tlv_is_constructed(0x5fc102) && !tlv_is_constructed(0x04));
}

TEST(simple_records)
{
	static const uint8_t zeros[300];
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(1024);
	struct kc_view input;
	struct tlv tlv;

	CHECK_OK(tlv_put_simple(&bytes, 254, view_of(zeros, 2)));
	CHECK_HEX(bytes_view(&bytes), "FE020000");
	CHECK_OK(tlv_put_simple(&bytes, 1, view_of(zeros, 255)));
	CHECK_HEX(view_slice(bytes_view(&bytes), 4, 4), "01FF00FF");
	input = bytes_view(&bytes);
	CHECK_OK(tlv_read_simple(&input, &tlv));
	CHECK_INT(tlv.tag, 254);
	CHECK_HEX(tlv.record, "FE020000");
	CHECK_OK(tlv_read_simple(&input, &tlv));
	CHECK_INT(tlv.value.len, 255);
	CHECK_INT(input.len, 0);
	check_refused(tlv_read_simple, "");
	check_refused(tlv_read_simple, "0001AA");
	check_refused(tlv_read_simple, "FF01AA");
	check_refused(tlv_read_simple, "01");
	check_refused(tlv_read_simple, "01FF00");
	check_refused(tlv_read_simple, "0102AA");
	CHECK_STATUS(tlv_put_simple(&bytes, 0, view_of(zeros, 1)), KC_ERR_PARAM);
	CHECK_STATUS(tlv_put_simple(&bytes, 255, view_of(zeros, 1)), KC_ERR_PARAM);
	CHECK_STATUS(tlv_put_simple(&bytes, 7, view_of(zeros, 65536)), KC_ERR_PARAM);
}

TEST(compact_records)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(64);
	struct kc_view input;
	struct tlv tlv;

	CHECK_OK(tlv_put_compact(&bytes, 7, view_of("\x01\x02\x03", 3)));
	CHECK_OK(tlv_put_compact(&bytes, 0, view_of(NULL, 0)));
	CHECK_HEX(bytes_view(&bytes), "7301020300");
	input = bytes_view(&bytes);
	CHECK_OK(tlv_read_compact(&input, &tlv));
	CHECK_INT(tlv.tag, 7);
	CHECK_HEX(tlv.value, "010203");
	CHECK_HEX(tlv.record, "73010203");
	CHECK_OK(tlv_read_compact(&input, &tlv));
	CHECK_INT(tlv.tag, 0);
	CHECK_HEX(tlv.record, "00");
	check_refused(tlv_read_compact, "");
	check_refused(tlv_read_compact, "31");
	CHECK_STATUS(tlv_put_compact(&bytes, 16, view_of("", 0)), KC_ERR_PARAM);
	CHECK_STATUS(tlv_put_compact(&bytes, 1, view_of("0123456789abcdef", 16)), KC_ERR_PARAM);
}

TEST(records_in_their_order)
{
	static const uint8_t two[] = {0x02, 0x01, 0x07, 0x04, 0x00};
	struct kc_view rest = VIEW_OF(two);
	struct kc_view value = {NULL, 0};

	CHECK(tlv_take(&rest, 0x02, &value));
	CHECK_HEX(value, "07");
	CHECK(tlv_take(&rest, 0x04, &value));
	CHECK(value.len == 0);
	CHECK(!tlv_take(&rest, 0x04, &value));
	rest = VIEW_OF(two);
	CHECK(!tlv_take(&rest, 0x04, &value));
	rest = view_of(two, 2);
	CHECK(!tlv_take(&rest, 0x02, &value));
}
