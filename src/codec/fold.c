/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Simple case folding, canonical decomposition to the base letter and compatibility widths, from
 * the Unicode Character Database as far as the names on certificates go: one character stays one.
 */
#include "codec/fold.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/utf8.h"

/* --- case ---------------------------------------------------------------------------------- */

struct case_range {
	uint32_t first;
	uint32_t last;
	int32_t delta; /* 0: pairs of upper and lower, beginning with an upper */
};

static const struct case_range case_ranges[] = {
	{'A', 'Z', 32},	     {0xC0, 0xD6, 32},	  {0xD8, 0xDE, 32},	{0x100, 0x12F, 0},
	{0x132, 0x137, 0},   {0x139, 0x148, 0},	  {0x14A, 0x177, 0},	{0x178, 0x178, -121},
	{0x179, 0x17E, 0},   {0x386, 0x386, 38},  {0x388, 0x38A, 37},	{0x38C, 0x38C, 64},
	{0x38E, 0x38F, 63},  {0x391, 0x3AB, 32},  {0x3C2, 0x3C2, 1},	{0x400, 0x40F, 80},
	{0x410, 0x42F, 32},  {0x460, 0x481, 0},	  {0x48A, 0x4BF, 0},	{0x4D0, 0x52F, 0},
	{0x1E00, 0x1E95, 0}, {0x1EA0, 0x1EFF, 0}, {0xFF21, 0xFF3A, 32},
};

static uint32_t fold_case(uint32_t point)
{
	for (size_t i = 0; i < ARRAY_LEN(case_ranges); i++) {
		const struct case_range *range = &case_ranges[i];

		if (point < range->first || point > range->last)
			continue;
		if (range->delta != 0)
			return (uint32_t)((int32_t)point + range->delta);
		return point + ((point - range->first) % 2 == 0 ? 1 : 0);
	}
	return point;
}

/* --- diacritics ---------------------------------------------------------------------------- */

struct letters {
	uint32_t first;
	const char *bases; /* a space: it is its own base */
};

static const struct letters latin[] = {
	{0xC0, "AAAAAA CEEEEIIII NOOOOO  UUUUY  aaaaaa ceeeeiiii nooooo  uuuuy y"
	       "AaAaAaCcCcCcCcDd  EeEeEeEeEeGgGgGgGgHh  IiIiIiIiI   JjKk LlLlLl "
	       "   NnNnNn   OoOoOo  RrRrRrSsSsSsSsTtTt  UuUuUuUuUuUuWwYyYZzZzZz "},
	{0x1E00, "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
		 "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
		 "WwWwWwWwWwXxXxYyZzZzZzhtwy      AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
		 "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy      "},
};

/* Accented letters of Greek and Cyrillic, and their bases. */
static const uint16_t others[][2] = {
	{0x386, 0x391}, {0x388, 0x395}, {0x389, 0x397}, {0x38A, 0x399}, {0x38C, 0x39F},
	{0x38E, 0x3A5}, {0x38F, 0x3A9}, {0x390, 0x3B9}, {0x3AA, 0x399}, {0x3AB, 0x3A5},
	{0x3AC, 0x3B1}, {0x3AD, 0x3B5}, {0x3AE, 0x3B7}, {0x3AF, 0x3B9}, {0x3B0, 0x3C5},
	{0x3CA, 0x3B9}, {0x3CB, 0x3C5}, {0x3CC, 0x3BF}, {0x3CD, 0x3C5}, {0x3CE, 0x3C9},
	{0x400, 0x415}, {0x401, 0x415}, {0x403, 0x413}, {0x407, 0x406}, {0x40C, 0x41A},
	{0x40D, 0x418}, {0x40E, 0x423}, {0x419, 0x418}, {0x439, 0x438}, {0x450, 0x435},
	{0x451, 0x435}, {0x453, 0x433}, {0x457, 0x456}, {0x45C, 0x43A}, {0x45D, 0x438},
	{0x45E, 0x443},
};

/* Combining Diacritical Marks stand behind their letter. */
static bool is_mark(uint32_t point)
{
	return point >= 0x300 && point <= 0x36F;
}

static uint32_t fold_diacritic(uint32_t point)
{
	for (size_t i = 0; i < ARRAY_LEN(latin); i++) {
		size_t len = strlen(latin[i].bases);

		if (point >= latin[i].first && point - latin[i].first < len) {
			char base = latin[i].bases[point - latin[i].first];

			return base == ' ' ? point : (uint32_t)base;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (others[i][0] == point)
			return others[i][1];
	return point;
}

/* --- width --------------------------------------------------------------------------------- */

/* U+FF61 to U+FF9F: halfwidth punctuation and katakana. */
static const uint16_t kana[] = {
	0x3002, 0x300C, 0x300D, 0x3001, 0x30FB, 0x30F2, 0x30A1, 0x30A3, 0x30A5, 0x30A7, 0x30A9,
	0x30E3, 0x30E5, 0x30E7, 0x30C3, 0x30FC, 0x30A2, 0x30A4, 0x30A6, 0x30A8, 0x30AA, 0x30AB,
	0x30AD, 0x30AF, 0x30B1, 0x30B3, 0x30B5, 0x30B7, 0x30B9, 0x30BB, 0x30BD, 0x30BF, 0x30C1,
	0x30C4, 0x30C6, 0x30C8, 0x30CA, 0x30CB, 0x30CC, 0x30CD, 0x30CE, 0x30CF, 0x30D2, 0x30D5,
	0x30D8, 0x30DB, 0x30DE, 0x30DF, 0x30E0, 0x30E1, 0x30E2, 0x30E4, 0x30E6, 0x30E8, 0x30E9,
	0x30EA, 0x30EB, 0x30EC, 0x30ED, 0x30EF, 0x30F3, 0x3099, 0x309A,
};

static uint32_t fold_width(uint32_t point)
{
	if (point == 0x3000)
		return ' ';
	if (point >= 0xFF01 && point <= 0xFF5E)
		return point - 0xFEE0;
	if (point >= 0xFF61 && point - 0xFF61 < ARRAY_LEN(kana))
		return kana[point - 0xFF61];
	return point;
}

/* --- all of it ----------------------------------------------------------------------------- */

static uint32_t fold_point(uint32_t point, unsigned flags)
{
	if (flags & FOLD_WIDTH)
		point = fold_width(point);
	if (flags & FOLD_DIACRITICS)
		point = fold_diacritic(point);
	return flags & FOLD_CASE ? fold_case(point) : point;
}

/* All that is folded is within the Basic Multilingual Plane. */
static enum kc_status put_point(struct bytes *bytes, uint32_t point)
{
	if (point < 0x80)
		return bytes_append_byte(bytes, (uint8_t)point);
	if (point < 0x800)
		TRY(bytes_append_byte(bytes, (uint8_t)(0xC0 | point >> 6)));
	else {
		TRY(bytes_append_byte(bytes, (uint8_t)(0xE0 | point >> 12)));
		TRY(bytes_append_byte(bytes, (uint8_t)(0x80 | (point >> 6 & 0x3F))));
	}
	return bytes_append_byte(bytes, (uint8_t)(0x80 | (point & 0x3F)));
}

enum kc_status fold_put(struct bytes *bytes, struct kc_view text, unsigned flags)
{
	while (text.len > 0) {
		size_t len = utf8_length(text);
		uint32_t point = 0;

		REQUIRE(len > 0, KC_ERR_PARAM, "a text that is not UTF-8");
		point = utf8_point(text, len);
		if (fold_point(point, flags) == point)
			TRY((flags & FOLD_DIACRITICS) && is_mark(point)
				    ? KC_OK
				    : bytes_append(bytes, view_slice(text, 0, len)));
		else
			TRY(put_point(bytes, fold_point(point, flags)));
		text = view_slice(text, len, text.len);
	}
	return KC_OK;
}
