/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One place for each identity (reference/keychain.md 2.7, 2.9). Whether the caller may see what is
 * in the way does not matter: uniqueness is the keychain's.
 */
#include "items/place_impl.h"

#include "base/try.h"
#include "store/sql.h"

static enum kc_status prepare(const struct engine *engine, enum vocabulary_class item_class,
			      const char *condition, struct statement **ret_statement)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	const char *text = NULL;

	TRY(bytes_append(&sql, view_of_text("SELECT ")));
	TRY(schema_put_columns(&sql, SCHEMA_FILE, item_class));
	TRY(sql_put(&sql, " FROM file.%s WHERE %s", schema_table(item_class), condition));
	TRY(sql_end(&sql, &text));
	return database_prepare(engine->database, text, ret_statement);
}

static enum kc_status step(struct statement *statement, enum vocabulary_class item_class,
			   struct row *row, bool *ret_has_row)
{
	enum kc_status status = database_step(statement, ret_has_row);

	if (status == KC_OK && *ret_has_row) {
		row_get(statement, SCHEMA_FILE, item_class, row);
		status = row_own(row);
	}
	database_reset(statement);
	return status;
}

enum kc_status place_load(const struct engine *engine, enum vocabulary_class item_class,
			  int64_t position, struct row *ret_row)
{
	struct statement *statement = NULL;
	bool has_row = false;

	TRY(prepare(engine, item_class, "position = ?1", &statement));
	TRY(database_bind_number(statement, 1, position));
	TRY(step(statement, item_class, ret_row, &has_row));
	REQUIRE(has_row, KC_ERR_ITEM_NOT_FOUND, "the item is gone");
	return KC_OK;
}

static enum kc_status fail_duplicate(const struct row *row)
{
	error_set_hint("find it by the attributes that make it unique, and update it");
	return fail(KC_ERR_DUPLICATE_ITEM, "there is such a %s already",
		    vocabulary_class_name(row->item_class));
}

static enum kc_status make_free(const struct engine *engine, const struct row *row,
				const char *condition, struct kc_view value, struct row *ret_other)
{
	CLEANUP(row_done) struct row other = {0};
	struct error_record before = *error_get();
	struct statement *statement = NULL;
	bool has_row = false;

	TRY(prepare(engine, row->item_class, condition, &statement));
	TRY(database_bind_data(statement, 1, value));
	TRY(step(statement, row->item_class, &other, &has_row));
	if (!has_row || (row->position && other.position == row->position))
		return KC_OK;
	if (row_open(engine, &other) == KC_ERR_DECODE) {
		error_adopt(&before);
		unreadable_forget(engine->unreadable, row->item_class, other.position);
		return row_delete(engine->database, SCHEMA_FILE, row->item_class, other.position);
	}
	/* Locked: what is there is nobody's to judge. */
	error_adopt(&before);
	if (ret_other) {
		*ret_other = other;
		other = (struct row){.place = SCHEMA_FILE};
	}
	return fail_duplicate(row);
}

enum kc_status place_make_free(const struct engine *engine, const struct row *row,
			       struct row *ret_other)
{
	return make_free(engine, row, "identity = ?1", hash_view(&row->identity), ret_other);
}

enum kc_status place_make_id_free(const struct engine *engine, const struct row *row)
{
	return make_free(engine, row, "item_id = ?1", VIEW_OF(row->item_id), NULL);
}
