/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layout of tables. Memory that runs out here ends the program: there is nothing sensible to
 * print then.
 */
#include "frontends/cli/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/cli/page.h"

enum {
	GAP = 2,
	NARROWEST = 9, /* of a hash, the eight digits that name a key, and "…" */
};

/* --- width --------------------------------------------------------------------------------- */

/* The character at @text: its length in bytes and its columns. main() has set a UTF-8 locale;
 * where there is none, a byte is a column. */
static size_t step(const char *text, size_t *ret_columns)
{
	mbstate_t state = {0};
	wchar_t character = 0;
	size_t n = mbrtowc(&character, text, strlen(text), &state);
	int columns = 0;

	if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
		*ret_columns = 1;
		return 1;
	}
	columns = wcwidth(character);
	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return n;
}

size_t table_text_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		size_t columns = 0;

		text += step(text, &columns);
		width += columns;
	}
	return width;
}

/* Bytes of @text that fit in @width columns. */
static size_t fitting(const char *text, size_t width)
{
	const char *at = text;

	while (*at) {
		size_t columns = 0;
		size_t n = step(at, &columns);

		if (columns > width)
			break;
		width -= columns;
		at += n;
	}
	return (size_t)(at - text);
}

size_t table_terminal_width(FILE *file)
{
	struct winsize size = {0};

	if (!isatty(fileno(file)) || ioctl(fileno(file), TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* --- building ------------------------------------------------------------------------------ */

struct table table_begin(const char *const *titles)
{
	struct table table = {.n_columns = 0};

	while (titles[table.n_columns] && table.n_columns < TABLE_COLUMNS_MAX) {
		table.titles[table.n_columns] = titles[table.n_columns];
		table.n_columns++;
	}
	return table;
}

void table_done(struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){.n_columns = 0};
}

void table_add(struct table *table, const char *text)
{
	char **cells = reallocarray(table->cells, table->n_cells + 1, sizeof(char *));

	if (!cells)
		abort();
	table->cells = cells;
	table->cells[table->n_cells++] = page_safe(text);
}

/* --- printing ------------------------------------------------------------------------------ */

static void measure(const struct table *table, size_t *widths)
{
	for (size_t column = 0; column < table->n_columns; column++)
		widths[column] = table_text_width(table->titles[column]);
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t width = table_text_width(table->cells[i]);

		if (width > widths[i % table->n_columns])
			widths[i % table->n_columns] = width;
	}
}

static size_t total_width(const size_t *widths, size_t n)
{
	size_t total = (n - 1) * GAP;

	for (size_t i = 0; i < n; i++)
		total += widths[i];
	return total;
}

/* Take from the widest of the columns from @first on until all fit, or none is wide. */
static void shrink(size_t *widths, size_t first, size_t n, size_t max_width)
{
	while (first < n && total_width(widths, n) > max_width) {
		size_t widest = first;

		for (size_t i = first; i < n; i++)
			if (widths[i] > widths[widest])
				widest = i;
		if (widths[widest] <= NARROWEST)
			return;
		widths[widest]--;
	}
}

/* Columns that fit: cut columns that give way, then leave them out, then cut the others. */
static size_t fit(const struct table *table, size_t *widths, size_t max_width)
{
	size_t n = table->n_columns;
	size_t full[TABLE_COLUMNS_MAX];

	memcpy(full, widths, sizeof(full));
	for (; table->n_essential > 0 && n > table->n_essential; n--) {
		memcpy(widths, full, sizeof(full));
		shrink(widths, table->n_essential, n, max_width);
		if (total_width(widths, n) <= max_width)
			return n;
	}
	shrink(widths, 0, n, max_width);
	return n;
}

/* The end of @text that fits in @width columns, not beginning amid a character. */
static const char *fitting_end(const char *text, size_t width)
{
	size_t columns = table_text_width(text);

	while (*text && columns > width) {
		size_t dropped = 0;

		text += step(text, &dropped);
		columns -= dropped;
	}
	return text;
}

/* @text in at most @width columns, of which @head are its beginning: "Certificate …V Authent". */
static char *cut(const char *text, size_t width, size_t head)
{
	size_t len = fitting(text, head);
	char *result = NULL;

	if (table_text_width(text) <= width)
		result = strdup(text);
	else if (asprintf(&result, "%.*s…%s", (int)len, text,
			  fitting_end(text + len, width - 1 - head)) < 0)
		result = NULL;
	if (!result)
		abort();
	return result;
}

/* Do two cells of the first column that differ look alike when they are cut so? */
static bool is_confusing(const struct table *table, size_t width, size_t head)
{
	for (size_t i = 0; i < table->n_cells; i += table->n_columns) {
		CLEANUP(freep) char *a = cut(table->cells[i], width, head);

		for (size_t j = i + table->n_columns; j < table->n_cells; j += table->n_columns) {
			CLEANUP(freep) char *b = cut(table->cells[j], width, head);

			if (strcmp(a, b) == 0 && strcmp(table->cells[i], table->cells[j]) != 0)
				return true;
		}
	}
	return false;
}

/* How much of the beginning of a cut cell is shown: half, or less if that tells cells apart. */
static size_t choose_head(const struct table *table, size_t width)
{
	for (size_t head = width / 2; head > 0; head--)
		if (!is_confusing(table, width, head))
			return head;
	return width / 2;
}

static void print_cell(const char *text, size_t width, size_t head, bool is_last, FILE *file)
{
	CLEANUP(freep) char *shown = cut(text, width, head);

	(void)fputs(shown, file);
	if (!is_last)
		(void)fprintf(file, "%*s", (int)(width + GAP - table_text_width(shown)), "");
}

/* Nothing is printed behind the last cell that has something: no blanks at the end of a line. */
static void print_row(size_t n_columns, char *const *cells, const size_t *widths, size_t head,
		      FILE *file)
{
	while (n_columns > 1 && cells[n_columns - 1][0] == '\0')
		n_columns--;
	for (size_t column = 0; column < n_columns; column++)
		print_cell(cells[column], widths[column], column == 0 ? head : widths[column] - 1,
			   column + 1 == n_columns, file);
}

void table_print(const struct table *table, FILE *file, bool has_color, size_t max_width)
{
	size_t widths[TABLE_COLUMNS_MAX] = {0};
	size_t n = table->n_columns;
	size_t head = 0;

	assert(table->n_columns > 0 && table->n_columns <= TABLE_COLUMNS_MAX);
	measure(table, widths);
	if (max_width > 0)
		n = fit(table, widths, max_width);
	head = choose_head(table, widths[0]);
	(void)fputs(page_style(has_color, PAGE_STRONG), file);
	for (size_t column = 0; column < n; column++)
		print_cell(table->titles[column], widths[column], widths[column] - 1,
			   column + 1 == n, file);
	(void)fprintf(file, "%s\n", page_style(has_color, PAGE_PLAIN));
	for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns) {
		print_row(n, table->cells + i, widths, head, file);
		(void)fputc('\n', file);
	}
}
