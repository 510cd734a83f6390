/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

/*
 * Aligned tables. Cells are copied and made safe for a terminal; columns are as wide as their
 * widest cell looks (wide and combining characters count as a terminal shows them), and on a
 * terminal that is too narrow the widest columns are cut, those to be cut first before others. Text
 * is cut in the middle: names often differ at their end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	TABLE_COLUMNS_MAX = 10,
};

struct table {
	const char *titles[TABLE_COLUMNS_MAX];
	size_t n_columns;
	char **cells;
	size_t n_cells;
	size_t n_essential; /* columns behind these, if not 0, give way first */
};

/* @titles ends with NULL. Release with table_done(). */
struct table table_begin(const char *const *titles);
void table_done(struct table *table);

/* The next cell, row by row; NULL is an empty one. */
void table_add(struct table *table, const char *text);

/* @max_width 0: as wide as it takes. */
void table_print(const struct table *table, FILE *file, bool has_color, size_t max_width);

/* Columns of the terminal behind @file; 0 when it is none. */
size_t table_terminal_width(FILE *file);

/* How many columns of a terminal @text takes. */
size_t table_text_width(const char *text);

#endif
