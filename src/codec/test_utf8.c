/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands for itself where text is quoted: every byte, at every place of a word. */
#include "codec/utf8.h"

#include <string.h>

#include "harness/test.h"

enum {
	TEXT_BYTES = 27, /* three words and a rest */
};

static bool is_special(int byte)
{
	return byte < ' ' || byte > '~' + 1 || byte == '"' || byte == '\\';
}

TEST(every_byte_at_every_place)
{
	uint8_t text[TEXT_BYTES];

	for (int byte = 0; byte <= UINT8_MAX; byte++) {
		for (size_t at = 0; at < TEXT_BYTES; at++) {
			memset(text, '~', sizeof(text));
			text[at] = (uint8_t)byte;
			CHECK_INT(utf8_quotable_length(VIEW_OF(text)),
				  is_special(byte) ? at : TEXT_BYTES);
		}
	}
}

/* Taking from a small byte borrows from the next. */
TEST(neighbours_do_not_hide_each_other)
{
	uint8_t text[TEXT_BYTES];

	for (int byte = 0; byte <= UINT8_MAX; byte++) {
		for (size_t at = 0; at + 1 < TEXT_BYTES; at++) {
			memset(text, ' ', sizeof(text));
			text[at] = (uint8_t)byte;
			text[at + 1] = '"';
			CHECK_INT(utf8_quotable_length(VIEW_OF(text)),
				  is_special(byte) ? at : at + 1);
		}
	}
}

TEST(nothing_is_as_long_as_it_is)
{
	CHECK_INT(utf8_quotable_length(view_of(NULL, 0)), 0);
}
