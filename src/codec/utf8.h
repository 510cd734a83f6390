/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

/* UTF-8 by the letter of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */

#include <stdbool.h>

#include "base/bytes.h"

/* The length of the character at the start of @view, 1 to 4; 0 when there is no valid one. */
size_t utf8_length(struct kc_view view);

/* The code point of the character of @len bytes, as utf8_length() gave it, at the start of @view.
 */
uint32_t utf8_point(struct kc_view view, size_t len);

/*
 * How many bytes at the start of @view stand for themselves wherever text is quoted: printable
 * ASCII, but neither the quote nor the backslash.
 */
size_t utf8_quotable_length(struct kc_view view);

/* Is all of @text such characters, and no NUL among them? */
bool utf8_is_text(struct kc_view text);

#endif
