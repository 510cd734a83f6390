/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One pass over the text with no memory of its own. json-c, strict as it can be set, still takes
 * NaN, Infinity, raw control characters and half of Unicode's mistakes; here they end.
 */
#include "wire/scan_impl.h"

#include "base/try.h"
#include "codec/utf8.h"
#include "wire/message.h"

enum {
	NUMBER_MAX = 64,
	INTEGER_DIGITS_MAX = 19, /* of 9223372036854775807 */
};

struct scan {
	struct kc_view text;
	size_t at;
	size_t n_values;
	unsigned depth;
};

static struct kc_view rest_of(const struct scan *scan)
{
	return view_slice(scan->text, scan->at, scan->text.len);
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->text.len && is_blank(scan->text.data[scan->at]))
		scan->at++;
}

static enum kc_status count_value(struct scan *scan)
{
	scan->n_values++;
	REQUIRE(scan->n_values <= WIRE_VALUES_MAX, KC_ERR_DECODE, "JSON of too many values");
	return KC_OK;
}

/* After a backslash. What may follow is json-c's to know; U+0000 would cut C strings short. */
static enum kc_status scan_escape(struct scan *scan)
{
	struct kc_view rest = rest_of(scan);

	REQUIRE(rest.len >= 2, KC_ERR_DECODE, "text that does not end");
	REQUIRE(!view_equal(view_slice(rest, 1, 5), view_of_text("u0000")), KC_ERR_DECODE,
		"text with a NUL character");
	scan->at += 2;
	return KC_OK;
}

/* Most of every text: a value in base64 is thousands of these. */
static void skip_plain(struct scan *scan)
{
	scan->at += utf8_quotable_length(rest_of(scan));
}

static enum kc_status scan_character(struct scan *scan)
{
	size_t len = utf8_length(rest_of(scan));

	REQUIRE(scan->text.data[scan->at] >= 0x20, KC_ERR_DECODE, "control character in a text");
	REQUIRE(len > 0, KC_ERR_DECODE, "text that is not UTF-8");
	scan->at += len;
	return KC_OK;
}

static enum kc_status scan_string(struct scan *scan)
{
	TRY(count_value(scan));
	scan->at++;
	skip_plain(scan);
	while (scan->at < scan->text.len && scan->text.data[scan->at] != '"') {
		if (scan->text.data[scan->at] == '\\')
			TRY(scan_escape(scan));
		else
			TRY(scan_character(scan));
		skip_plain(scan);
	}
	REQUIRE(scan->at < scan->text.len, KC_ERR_DECODE, "text that does not end");
	scan->at++;
	return KC_OK;
}

static size_t count_digits(struct kc_view view)
{
	size_t n = 0;

	while (n < view.len && is_digit(view.data[n]))
		n++;
	return n;
}

/* -9223372036854775808 to 9223372036854775807, in @digits without the sign. */
static bool fits_64_bits(struct kc_view digits, bool is_negative)
{
	const char *limit = is_negative ? "9223372036854775808" : "9223372036854775807";

	if (digits.len < INTEGER_DIGITS_MAX)
		return true;
	return digits.len == INTEGER_DIGITS_MAX &&
	       memcmp(digits.data, limit, INTEGER_DIGITS_MAX) <= 0;
}

/* [ minus ] int: how long it is, 0 when it is none. */
static size_t integer_length(struct kc_view word)
{
	size_t sign = word.data[0] == '-';
	struct kc_view digits = view_slice(word, sign, word.len);
	size_t n = count_digits(digits);

	if (n == 0 || (n > 1 && digits.data[0] == '0'))
		return 0;
	return sign + n;
}

/* frac or exp at the start of @word: how long, 0 when there is none. */
static size_t fraction_length(struct kc_view word)
{
	size_t n = word.len > 0 && word.data[0] == '.' ? count_digits(view_slice(word, 1, word.len))
						       : 0;

	return n > 0 ? n + 1 : 0;
}

static size_t exponent_length(struct kc_view word)
{
	size_t start = 1;
	size_t n = 0;

	if (word.len < 2 || (word.data[0] != 'e' && word.data[0] != 'E'))
		return 0;
	if (word.data[1] == '+' || word.data[1] == '-')
		start = 2;
	n = count_digits(view_slice(word, start, word.len));
	return n > 0 ? start + n : 0;
}

static bool is_number(struct kc_view word)
{
	size_t n = integer_length(word);
	size_t sign = word.data[0] == '-';

	if (n == 0 || word.len > NUMBER_MAX)
		return false;
	if (n == word.len)
		return fits_64_bits(view_slice(word, sign, word.len), sign != 0);
	n += fraction_length(view_slice(word, n, word.len));
	n += exponent_length(view_slice(word, n, word.len));
	return n == word.len;
}

static bool is_literal(struct kc_view word)
{
	return view_equal(word, view_of_text("true")) || view_equal(word, view_of_text("false")) ||
	       view_equal(word, view_of_text("null"));
}

static bool ends_word(uint8_t byte)
{
	return is_blank(byte) || strchr("{}[],:\"", byte) != NULL;
}

static enum kc_status scan_word(struct scan *scan)
{
	struct kc_view word = rest_of(scan);
	size_t len = 0;

	while (len < word.len && word.data[len] != 0 && !ends_word(word.data[len]))
		len++;
	word.len = len;
	REQUIRE(len > 0 && (is_literal(word) || is_number(word)), KC_ERR_DECODE,
		"word that is no JSON value");
	scan->at += len;
	return count_value(scan);
}

static enum kc_status scan_open(struct scan *scan)
{
	scan->at++;
	scan->depth++;
	REQUIRE(scan->depth <= WIRE_DEPTH_MAX, KC_ERR_DECODE, "JSON nested too deeply");
	return count_value(scan);
}

static enum kc_status scan_close(struct scan *scan)
{
	scan->at++;
	scan->depth--;
	if (scan->depth > 0)
		return KC_OK;
	skip_blanks(scan);
	REQUIRE(scan->at == scan->text.len, KC_ERR_DECODE, "more text after the JSON object");
	return KC_OK;
}

/* What stands before a colon is a key, not a value. */
static enum kc_status scan_colon(struct scan *scan)
{
	scan->at++;
	scan->n_values--;
	return KC_OK;
}

static enum kc_status scan_token(struct scan *scan)
{
	switch (scan->text.data[scan->at]) {
	case '{':
	case '[':
		return scan_open(scan);
	case '}':
	case ']':
		return scan_close(scan);
	case '"':
		return scan_string(scan);
	case ':':
		return scan_colon(scan);
	case ',':
		scan->at++;
		return KC_OK;
	default:
		return scan_word(scan);
	}
}

enum kc_status scan_text(struct kc_view text)
{
	struct scan scan = {.text = text};

	skip_blanks(&scan);
	REQUIRE(scan.at < text.len && text.data[scan.at] == '{', KC_ERR_DECODE,
		"text that is no JSON object");
	do {
		TRY(scan_token(&scan));
		skip_blanks(&scan);
	} while (scan.depth > 0 && scan.at < text.len);
	REQUIRE(scan.depth == 0, KC_ERR_DECODE, "JSON object that does not end");
	return KC_OK;
}
