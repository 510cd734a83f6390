/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of a Varlink definition; blanks, line ends and comments ('#' to the line's end) between. */
#include "wire/lexer_impl.h"

#include "base/try.h"

static bool is_name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_comment(struct lexer *lexer)
{
	size_t n = 0;

	while (n < lexer->rest.len && lexer->rest.data[n] != '\n')
		n++;
	lexer->rest = view_slice(lexer->rest, n, lexer->rest.len);
}

static void skip_blanks(struct lexer *lexer)
{
	while (lexer->rest.len > 0) {
		uint8_t c = lexer->rest.data[0];

		if (c == '#') {
			skip_comment(lexer);
			continue;
		}
		if (!is_blank(c))
			return;
		lexer->line += c == '\n';
		lexer->rest = view_slice(lexer->rest, 1, lexer->rest.len);
	}
}

static bool is_arrow(struct kc_view rest, size_t at)
{
	return view_equal(view_slice(rest, at, 2), view_of_text("->"));
}

/* The '-' of an interface name belongs to the word, the one of "->" does not. */
static size_t name_length(struct kc_view rest)
{
	size_t n = 0;

	while (n < rest.len &&
	       (is_name_byte(rest.data[n]) || (rest.data[n] == '-' && !is_arrow(rest, n))))
		n++;
	return n;
}

static size_t word_length(struct kc_view rest)
{
	if (is_arrow(rest, 0))
		return 2;
	if (memchr("()[]:,?", rest.data[0], 7))
		return 1;
	return name_length(rest);
}

enum kc_status lexer_next(struct lexer *lexer)
{
	size_t len = 0;

	skip_blanks(lexer);
	if (lexer->rest.len > 0) {
		len = word_length(lexer->rest);
		REQUIRE(len > 0, KC_ERR_DECODE, "line %zu: unexpected character", lexer->line);
	}
	lexer->word = view_slice(lexer->rest, 0, len);
	lexer->rest = view_slice(lexer->rest, len, lexer->rest.len);
	return KC_OK;
}

enum kc_status lexer_init(struct lexer *lexer, struct kc_view text)
{
	*lexer = (struct lexer){.rest = text, .line = 1};
	return lexer_next(lexer);
}

bool lexer_is(const struct lexer *lexer, const char *word)
{
	return view_equal(lexer->word, view_of_text(word));
}

enum kc_status lexer_expect(struct lexer *lexer, const char *word)
{
	REQUIRE(lexer_is(lexer, word), KC_ERR_DECODE, "line %zu: %s is missing", lexer->line, word);
	return lexer_next(lexer);
}
