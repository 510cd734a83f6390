/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8: what comes in over the wire, what people are shown, what may be a PIN. */
#include "codec/utf8.h"

#include <string.h>

static bool is_between(uint8_t byte, uint8_t low, uint8_t high)
{
	return byte >= low && byte <= high;
}

static size_t expected_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (is_between(first, 0xC2, 0xDF))
		return 2;
	if (is_between(first, 0xE0, 0xEF))
		return 3;
	return is_between(first, 0xF0, 0xF4) ? 4 : 0;
}

/* RFC 3629 section 4: UTF8-3 and UTF8-4 narrow the second byte after these first bytes. */
static bool is_second(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xE0:
		return is_between(second, 0xA0, 0xBF);
	case 0xED:
		return is_between(second, 0x80, 0x9F);
	case 0xF0:
		return is_between(second, 0x90, 0xBF);
	case 0xF4:
		return is_between(second, 0x80, 0x8F);
	default:
		return is_between(second, 0x80, 0xBF);
	}
}

size_t utf8_length(struct kc_view view)
{
	size_t len = view.len > 0 ? expected_length(view.data[0]) : 0;

	if (len == 0 || len > view.len)
		return 0;
	if (len > 1 && !is_second(view.data[0], view.data[1]))
		return 0;
	for (size_t i = 2; i < len; i++) {
		if (!is_between(view.data[i], 0x80, 0xBF))
			return 0;
	}
	return len;
}

uint32_t utf8_point(struct kc_view view, size_t len)
{
	uint32_t point = len == 1 ? view.data[0] : view.data[0] & (0x7FU >> len);

	for (size_t i = 1; i < len; i++)
		point = point << 6 | (view.data[i] & 0x3FU);
	return point;
}

/*
 * Eight bytes at once: with no top bit set, taking 0x20 from a smaller byte borrows and sets it, as
 * does taking 1 from what was equal. May say no without need, for a byte after such a one.
 */
static bool is_quotable_word(const uint8_t *bytes)
{
	const uint64_t ones = UINT64_MAX / UINT8_MAX;
	uint64_t word = 0;
	uint64_t borrowed = 0;

	memcpy(&word, bytes, sizeof(word));
	borrowed =
		(word - ones * 0x20) | ((word ^ ones * '"') - ones) | ((word ^ ones * '\\') - ones);
	return ((word | borrowed) & ones * 0x80) == 0;
}

static bool is_quotable(uint8_t byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

size_t utf8_quotable_length(struct kc_view view)
{
	size_t n = 0;

	while (view.len - n >= sizeof(uint64_t) && is_quotable_word(view.data + n))
		n += sizeof(uint64_t);
	while (n < view.len && is_quotable(view.data[n]))
		n++;
	return n;
}

bool utf8_is_text(struct kc_view text)
{
	while (text.len > 0) {
		size_t len = utf8_length(text);

		if (len == 0 || text.data[0] == '\0')
			return false;
		text = view_slice(text, len, text.len);
	}
	return true;
}
