/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edit distance (insert, delete, replace one letter, swap two neighbours) in three rows. Close
 * means: at most a third of the letters and one more differ, so that a suggestion is help and not
 * noise.
 */
#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

struct nearest nearest_begin(struct kc_view name)
{
	return (struct nearest){name, NULL, name.len < 3 ? 2 : name.len / 3 + 2};
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* "265" for "256" is one slip of the fingers. */
static bool is_swapped(struct kc_view a, size_t i, struct kc_view b, size_t j)
{
	return i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1];
}

static size_t distance(struct kc_view a, struct kc_view b)
{
	size_t rows[3][NEAREST_NAME_MAX + 1];

	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *above_that = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			row[j] = smallest(above[j] + 1, row[j - 1] + 1,
					  above[j - 1] + (a.data[i - 1] != b.data[j - 1]));
			if (is_swapped(a, i, b, j))
				row[j] = smallest(row[j], above_that[j - 2] + 1, row[j]);
		}
	}
	return rows[a.len % 3][b.len];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	struct kc_view other = view_of_text(candidate);
	size_t found = 0;

	if (nearest->name.len > NEAREST_NAME_MAX || other.len > NEAREST_NAME_MAX)
		return;
	found = distance(nearest->name, other);
	if (found >= nearest->distance)
		return;
	nearest->distance = found;
	nearest->best = candidate;
}
