/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which texts are alike, and which are not. */
#include "codec/fold.h"

#include "harness/test.h"

enum {
	ALL = FOLD_CASE | FOLD_DIACRITICS | FOLD_WIDTH,
};

static void check(const char *text, unsigned flags, const char *expected)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(4096);

	CHECK_OK(fold_put(&bytes, view_of_text(text), flags));
	CHECK_OK(bytes_append_byte(&bytes, 0));
	CHECK_TEXT((const char *)bytes.data, expected);
}

TEST(case_is_folded_in_three_scripts)
{
	check("Jo DOE @[`{ 09", FOLD_CASE, "jo doe @[`{ 09");
	check("ÀÖØÞ ×ß ŸŹź ĀāĹĺŊŋ", FOLD_CASE, "àöøþ ×ß ÿźź āāĺĺŋŋ");
	check("ΆΈΊΌΎΏ ΑΩς", FOLD_CASE, "άέίόύώ αωσ");
	check("ЀЏАЯ ҐґӐӑ", FOLD_CASE, "ѐџая ґґӑӑ");
	check("ḀẔẠỸ ẖ", FOLD_CASE, "ḁẕạỹ ẖ");
	check("漢字 😀 ÿ", FOLD_CASE, "漢字 😀 ÿ");
	check("É", 0, "É");
}

TEST(diacritics_fall_off_their_letter)
{
	check("Ünïcödé ŽŚ ệ ø Ł ß æ", FOLD_DIACRITICS, "Unicode ZS e ø Ł ß æ");
	check("e\xcc\x81"
	      "A\xcc\x8a",
	      FOLD_DIACRITICS, "eA");
	check("Άϋ Ёй", FOLD_DIACRITICS, "Αυ Еи");
	check("É", FOLD_CASE | FOLD_DIACRITICS, "e");
	check("e\xcc\x81", FOLD_CASE, "e\xcc\x81");
}

TEST(widths_are_one)
{
	check("ＡＢｃ　１～", FOLD_WIDTH, "ABc 1~");
	check("ｶﾅ｡", FOLD_WIDTH, "カナ。");
	check("Ａ", FOLD_CASE, "ａ");
	check("Ａ", ALL, "a");
}

TEST(what_is_no_text_and_what_is_too_long)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(4);

	CHECK_STATUS(fold_put(&bytes, view_of("\xff", 1), ALL), KC_ERR_PARAM);
	CHECK_STATUS(fold_put(&bytes, view_of("\xc3", 1), ALL), KC_ERR_PARAM);
	CHECK_STATUS(fold_put(&bytes, view_of_text("12345"), ALL), KC_ERR_PARAM);
	CHECK_OK(fold_put(&bytes, view_of_text(""), ALL));
}
