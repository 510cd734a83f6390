/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_LEXER_IMPL_H
#define WIRE_LEXER_IMPL_H

/* The words of an interface definition. */

#include <stdbool.h>

#include "base/bytes.h"

struct lexer {
	struct kc_view rest; /* after the current word */
	struct kc_view word; /* empty at the end */
	size_t line;	     /* of the current word, from 1 */
};

/* Start with the first word of @text. */
KC_MUST_CHECK enum kc_status lexer_init(struct lexer *lexer, struct kc_view text);

/* A word is a run of letters, digits, '_', '.' and '-', or "->", or one of ()[]:,? by itself.
 * Expected: KC_ERR_DECODE  another character */
KC_MUST_CHECK enum kc_status lexer_next(struct lexer *lexer);

bool lexer_is(const struct lexer *lexer, const char *word);

/* Go past @word, which must be there. Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status lexer_expect(struct lexer *lexer, const char *word);

#endif
