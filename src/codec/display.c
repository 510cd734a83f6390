/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Escapes for foreign text (design decision 17). What is dangerous on a screen: characters that
 * end or move the line, that reorder what stands around them (Unicode UAX 9), or that are not
 * seen. Joiners (U+200C, U+200D) stay: whole scripts need them.
 */
#include "codec/display.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/utf8.h"

enum {
	ESCAPE_MAX = 16,
};

static const char ellipsis[] = "\xE2\x80\xA6";

struct range {
	uint32_t first;
	uint32_t last;
};

static const struct range harmful[] = {
	{0x0000, 0x001F},    /* C0 controls */
	{0x007F, 0x009F},    /* delete, C1 controls */
	{0x00AD, 0x00AD},    /* soft hyphen */
	{0x061C, 0x061C},    /* Arabic letter mark */
	{0x180E, 0x180E},    /* Mongolian vowel separator */
	{0x200B, 0x200B},    /* zero width space */
	{0x200E, 0x200F},    /* left-to-right, right-to-left mark */
	{0x2028, 0x202E},    /* line and paragraph separator, embeddings, overrides */
	{0x2060, 0x206F},    /* word joiner, isolates, deprecated controls */
	{0xFDD0, 0xFDEF},    /* noncharacters */
	{0xFEFF, 0xFEFF},    /* byte order mark */
	{0xFFF9, 0xFFFB},    /* interlinear annotation */
	{0xFFFE, 0xFFFF},    /* noncharacters */
	{0xE0000, 0xE007F},  /* tags: invisible ASCII */
	{0xF0000, 0x10FFFF}, /* private planes */
};

static bool is_harmful(uint32_t point)
{
	for (size_t i = 0; i < ARRAY_LEN(harmful); i++)
		if (point >= harmful[i].first && point <= harmful[i].last)
			return true;
	return (point & 0xFFFE) == 0xFFFE;
}

/* What stands for the start of @text in @piece; how many bytes of @text that covers. */
static size_t next_piece(struct kc_view text, char piece[ESCAPE_MAX], size_t *ret_piece_len)
{
	size_t len = utf8_length(text);
	uint32_t point = len > 0 ? utf8_point(text, len) : 0;
	int printed = 0;

	if (len > 0 && !is_harmful(point)) {
		memcpy(piece, text.data, len);
		*ret_piece_len = len;
		return len;
	}
	if (len == 0)
		printed = snprintf(piece, ESCAPE_MAX, "\\x%02X", text.data[0]);
	else
		printed = snprintf(piece, ESCAPE_MAX, "\\u{%04X}", point);
	*ret_piece_len = (size_t)printed;
	return len == 0 ? 1 : len;
}

/* How long the pieces of @text are that fit in @room; moves @text past them. */
static size_t measure(struct kc_view *text, size_t room)
{
	char piece[ESCAPE_MAX];
	size_t piece_len = 0;
	size_t len = 0;

	while (text->len > 0) {
		size_t used = next_piece(*text, piece, &piece_len);

		if (len + piece_len > room)
			break;
		len += piece_len;
		*text = view_of(text->data + used, text->len - used);
	}
	return len;
}

static void fill(char *out, struct kc_view text, size_t len)
{
	char piece[ESCAPE_MAX];
	size_t piece_len = 0;

	for (size_t at = 0; at < len; at += piece_len) {
		size_t used = next_piece(text, piece, &piece_len);

		memcpy(out + at, piece, piece_len);
		text = view_of(text.data + used, text.len - used);
	}
}

char *display_escape(struct kc_view text, size_t max)
{
	struct kc_view rest = text;
	size_t len = measure(&rest, max);
	size_t mark = 0;
	char *out = NULL;

	if (rest.len > 0 && max >= sizeof(ellipsis) - 1) {
		mark = sizeof(ellipsis) - 1;
		rest = text;
		len = measure(&rest, max - mark);
	}
	out = malloc(len + mark + 1);
	if (!out)
		return NULL;
	fill(out, text, len);
	memcpy(out + len, ellipsis, mark);
	out[len + mark] = '\0';
	return out;
}
