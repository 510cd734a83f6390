/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

/* "Did you mean …?" for commands and options. */

#include <stddef.h>

enum {
	SUGGEST_MAX = 48, /* longer words are never close to anything */
};

struct suggest {
	const char *word;
	size_t len;
	const char *best; /* NULL: nothing close was offered */
	size_t distance;
};

struct suggest suggest_begin(const char *word, size_t len);

/* Keep @candidate (borrowed) when it is close to the word, and closer than those before. */
void suggest_offer(struct suggest *suggest, const char *candidate);

#endif
