/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A search that goes on where a page ended: behind the last position of one place, and up to the
 * one that was the place's last when it was begun.
 */
#include "items/search_impl.h"

#include "base/try.h"
#include "store/sql.h"

void search_page_continue(struct search *search, const struct engine_cursor *cursor,
			  size_t rows_max)
{
	search->is_paged = true;
	search->cursor = *cursor;
	search->rows_max = rows_max ? (int64_t)rows_max : -1;
	if (cursor->n_places_done > SCHEMA_MAIN)
		search->in_main = false;
}

void search_page_note(struct search *search, const struct row *row)
{
	search->cursor.position = row->position;
}

/* What is added from now on is not part of the answer, which would have no end otherwise. */
static enum kc_status find_end(struct search *search)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct statement *statement = NULL;
	const char *text = NULL;
	enum kc_status status = KC_OK;
	bool has_row = false;

	TRY(sql_put(&sql, "SELECT max(position) FROM %s.%s", schema_place_name(search->place),
		    schema_table(search->table)));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(search->engine->database, text, &statement));
	status = database_step(statement, &has_row);
	if (has_row)
		search->cursor.end = database_column_number(statement, 0);
	database_reset(statement);
	return status;
}

enum kc_status search_page_begin(struct search *search)
{
	struct engine_cursor *cursor = &search->cursor;

	if (!search->is_paged)
		return KC_OK;
	if (cursor->n_places_done < (unsigned)search->place) {
		cursor->n_places_done = (unsigned)search->place;
		cursor->position = 0;
		cursor->end = 0;
	}
	return cursor->end == 0 ? find_end(search) : KC_OK;
}
