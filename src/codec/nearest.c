/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edit distance (insert, delete, replace one letter) in one row. Close means: at most a third of
 * the letters differ, so that a suggestion is help and not noise.
 */
#include "codec/nearest.h"

#include <string.h>

struct nearest nearest_begin(const char *name)
{
	size_t len = strnlen(name, NEAREST_NAME_MAX + 1);

	return (struct nearest){name, NULL, len > NEAREST_NAME_MAX ? 0 : (len + 1) / 3 + 1};
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[NEAREST_NAME_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1,
					  diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t a_len = strnlen(nearest->name, NEAREST_NAME_MAX + 1);
	size_t b_len = strnlen(candidate, NEAREST_NAME_MAX + 1);
	size_t found = 0;

	if (a_len > NEAREST_NAME_MAX || b_len > NEAREST_NAME_MAX)
		return;
	found = distance(nearest->name, a_len, candidate, b_len);
	if (found >= nearest->distance)
		return;
	nearest->distance = found;
	nearest->best = candidate;
}
