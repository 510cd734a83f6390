/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Levenshtein's distance, in one row; a third of the word may be wrong. */
#include "frontends/cli/suggest.h"

#include <string.h>

struct suggest suggest_begin(const char *word, size_t len)
{
	return (struct suggest){.word = word, .len = len};
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t least_of_two = a < b ? a : b;

	return least_of_two < c ? least_of_two : c;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[SUGGEST_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
			diagonal = above;
		}
	}
	return row[b_len];
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
	size_t len = strlen(candidate);
	size_t limit = suggest->len < 3 ? 1 : suggest->len / 3 + 1;
	size_t found = 0;

	if (suggest->len > SUGGEST_MAX || len > SUGGEST_MAX)
		return;
	found = distance(suggest->word, suggest->len, candidate, len);
	if (found > limit || (suggest->best && found >= suggest->distance))
		return;
	suggest->best = candidate;
	suggest->distance = found;
}
