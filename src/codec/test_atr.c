/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to reset of cards that exist, and of cards that cannot. */
#include "base/error.h"
#include "codec/atr.h"
#include "codec/hex.h"
#include "harness/test.h"

#define OPENPGP_ATR "3BDA18FF81B1FE751F030031F573C001600090001C"
#define YUBIKEY_ATR "3BFD1300008131FE158073C021C057597562694B657940"

static enum kc_status parse(const char *hex, struct atr *ret_atr)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(64);

	CHECK_OK(hex_decode(hex, &bytes));
	error_clear();
	return atr_parse(bytes_view(&bytes), ret_atr);
}

TEST(protocols_in_order_and_groups)
{
	struct atr atr;

	CHECK_OK(parse(OPENPGP_ATR, &atr));
	CHECK_INT(atr.len, 21);
	CHECK_INT(atr.n_protocols, 2);
	CHECK_INT(atr.protocols[0], 1);
	CHECK_INT(atr.protocols[1], 15);
	CHECK_INT(atr.n_groups, 4);
	CHECK_INT(atr.groups[0].protocol, ATR_ABSENT);
	CHECK_INT(atr.groups[0].ta, 0x18);
	CHECK_INT(atr.groups[0].tb, ATR_ABSENT);
	CHECK_INT(atr.groups[0].tc, 0xff);
	CHECK_INT(atr.groups[1].protocol, 1);
	CHECK_INT(atr.groups[1].ta, ATR_ABSENT);
	CHECK_INT(atr.groups[2].protocol, 1);
	CHECK_INT(atr.groups[2].ta, 0xfe);
	CHECK_INT(atr.groups[2].tb, 0x75);
	CHECK_INT(atr.groups[3].protocol, 15);
	CHECK_INT(atr.groups[3].ta, 0x03);
	CHECK_HEX(atr_historical(&atr), "0031F573C00160009000");
}

TEST(without_td1_there_is_t0_and_no_check_byte)
{
	struct atr atr;

	CHECK_OK(parse("3B021450", &atr));
	CHECK_INT(atr.n_protocols, 1);
	CHECK_INT(atr.protocols[0], 0);
	CHECK_INT(atr.n_groups, 1);
	CHECK_HEX(atr_historical(&atr), "1450");
	CHECK_OK(parse("3F00", &atr));
	CHECK_INT(atr.n_historical, 0);
	CHECK_OK(parse("3B8000", &atr)); /* TD1 that says T=0 alone */
	CHECK_INT(atr.n_groups, 2);
	CHECK_INT(atr.groups[1].protocol, 0);
}

TEST(both_protocols)
{
	struct atr atr;

	CHECK_OK(parse("3B80800101", &atr));
	CHECK_INT(atr.n_protocols, 2);
	CHECK_INT(atr.protocols[0], 0);
	CHECK_INT(atr.protocols[1], 1);
	CHECK_INT(atr.n_groups, 3);
}

TEST(records_of_category_80)
{
	struct tlv records[ATR_RECORDS_MAX];
	struct atr atr;
	size_t n = 0;

	CHECK_OK(parse(YUBIKEY_ATR, &atr));
	CHECK(atr_records(&atr, records, &n));
	CHECK_INT(n, 2);
	CHECK_INT(records[0].tag, 7);
	CHECK_HEX(records[0].value, "C021C0");
	CHECK_INT(records[1].tag, 5);
	CHECK_HEX(records[1].value, "597562694B6579");
	CHECK(atr_can_chain(&atr) && atr_can_extend(&atr));
}

TEST(records_of_category_00_end_with_a_status)
{
	struct tlv records[ATR_RECORDS_MAX];
	struct atr atr;
	size_t n = 0;

	CHECK_OK(parse(OPENPGP_ATR, &atr));
	CHECK(atr_records(&atr, records, &n));
	CHECK_INT(n, 3);
	CHECK_INT(records[0].tag, 3);
	CHECK_HEX(records[0].value, "F5");
	CHECK_INT(records[1].tag, 7);
	CHECK_INT(records[2].tag, 8);
	CHECK_HEX(records[2].value, "009000");
	CHECK(!atr_can_chain(&atr) && atr_can_extend(&atr));
}

TEST(historical_bytes_without_records)
{
	static const char *const hex[] = {
		"3B021450",	  /* no category we know */
		"3B00",		  /* none at all */
		"3B0300FF90",	  /* category 00, too short for its status */
		"3B03803100",	  /* category 80, all is well up to here */
		"3B028031",	  /* a record longer than the rest */
		"3B050031009000", /* the status bytes belong to no record */
	};
	static const bool is_structured[] = {false, false, false, true, false, false};
	struct tlv records[ATR_RECORDS_MAX];
	struct atr atr;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		CHECK_OK(parse(hex[i], &atr));
		CHECK_INT(atr_records(&atr, records, &n), is_structured[i]);
		CHECK(!atr_can_chain(&atr) && !atr_can_extend(&atr));
		CHECK_INT(error_get()->status, KC_OK);
	}
}

static void check_refused(const char *hex, const char *why)
{
	struct atr atr = {.len = 4711};

	CHECK_STATUS(parse(hex, &atr), KC_ERR_CORRUPTED_DATA);
	CHECK_TEXT(error_get()->message, why);
	CHECK_INT(atr.len, 4711);
}

TEST(invalid_answers_are_refused)
{
	check_refused("", "the ATR ends too early");
	check_refused("3B", "the ATR ends too early");

	check_refused("3BF0110000", "the ATR ends too early");
	check_refused("3B0214", "the ATR ends too early");
	check_refused("3B02145000", "1 bytes follow the ATR");
	check_refused("0300", "an ATR begins with 3B or 3F, not with 03");
	check_refused("3B8001", "the ATR ends too early"); /* T=1 wants a check byte */
	check_refused("3B800182", "the ATR's check byte is wrong");
	check_refused("3B8080808080808080808080808080808080808080808080808080808080808080"
		      "808080",
		      "the ATR is too long");
}

struct source {
	struct kc_view rest;
	size_t n_taken;
};

static enum kc_status next(void *context, uint8_t *ret_byte)
{
	struct source *source = context;

	if (source->n_taken == source->rest.len)
		return KC_ERR_COMMUNICATION;
	*ret_byte = source->rest.data[source->n_taken++];
	return KC_OK;
}

TEST(pulling_takes_no_byte_too_many)
{
	static const uint8_t bytes[] = {0x3b, 0x02, 0x14, 0x50, 0xff};
	struct source source = {VIEW_OF(bytes), 0};
	struct atr atr;

	CHECK_OK(atr_pull(next, &source, &atr));
	CHECK_INT(source.n_taken, 4);
	source = (struct source){view_of(bytes, 3), 0};
	CHECK_STATUS(atr_pull(next, &source, &atr), KC_ERR_COMMUNICATION);
}
