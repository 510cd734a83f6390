/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Foreign text on a screen, and what counts as UTF-8. */
#include "codec/display.h"
#include "codec/utf8.h"
#include "harness/test.h"

#include <stdlib.h>

static void check_display(struct kc_view text, size_t max, const char *expected)
{
	CLEANUP(freep) char *shown = display_escape(text, max);

	CHECK_TEXT(shown, expected);
	CHECK(strlen(shown) <= max);
	CHECK(utf8_is_text(view_of_text(shown)));
}

TEST(display_keeps_what_is_harmless)
{
	check_display(view_of_text("Zoë Müller 王 \xF0\x9F\x94\x91"), 100,
		      "Zoë Müller 王 \xF0\x9F\x94\x91");
	check_display(view_of_text("DOMAIN\\user"), 100, "DOMAIN\\user");
	check_display(view_of_text("می\u200Cخواهم"), 100, "می\u200Cخواهم");
	check_display(view_of(NULL, 0), 10, "");
}

TEST(display_escapes_controls)
{
	check_display(view_of("a\0b\n\x1B[31m\x7F", 10), 100,
		      "a\\u{0000}b\\u{000A}\\u{001B}[31m\\u{007F}");
	check_display(view_of_text("\xC2\x85\u2028"), 100, "\\u{0085}\\u{2028}");
}

TEST(display_escapes_what_reorders_or_hides)
{
	check_display(view_of_text("invoice\u202Efdp"), 100, "invoice\\u{202E}fdp");
	check_display(view_of_text("\u2066x\u2069\u200Fy\u061C"), 100,
		      "\\u{2066}x\\u{2069}\\u{200F}y\\u{061C}");
	check_display(view_of_text("\U000E0041\uFEFF\u200B"), 100, "\\u{E0041}\\u{FEFF}\\u{200B}");
	check_display(view_of_text("\xEF\xBF\xBE\xF0\x9F\xBF\xBF"), 100, "\\u{FFFE}\\u{1FFFF}");
}

TEST(display_escapes_bytes_that_are_not_utf8)
{
	check_display(view_of_text("a\xFF\xC3"), 100, "a\\xFF\\xC3");
	check_display(view_of_text("\xC0\xAF\xED\xA0\x80"), 100, "\\xC0\\xAF\\xED\\xA0\\x80");
	check_display(view_of_text("\xF4\x90\x80\x80"), 100, "\\xF4\\x90\\x80\\x80");
}

TEST(display_cuts_at_a_character)
{
	check_display(view_of_text("abcdef"), 6, "abcdef");
	check_display(view_of_text("abcdefg"), 6, "abc…");
	check_display(view_of_text("ab\u202Ecd"), 9, "ab…");
	check_display(view_of_text("äöüß"), 7, "äö…");
	check_display(view_of_text("abc"), 2, "ab");
	check_display(view_of_text("abc"), 0, "");
}

TEST(display_knows_utf8)
{
	CHECK(utf8_is_text(view_of_text("é王\xF0\x9F\x94\x91")));
	CHECK(utf8_is_text(view_of(NULL, 0)));
	CHECK(!utf8_is_text(view_of("a\0", 2)));
	CHECK(!utf8_is_text(view_of_text("\x80")));
	CHECK(!utf8_is_text(view_of_text("\xE2\x82")));
	CHECK(!utf8_is_text(view_of_text("\xE0\x80\x80")));
}
