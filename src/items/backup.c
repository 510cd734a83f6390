/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading for a backup: a connection of its own, in one read transaction from the first item to the
 * last, so that an update of many items is in it whole or not at all, while the write-ahead log
 * lets everybody go on writing. It is stepped in small pieces on the loop, where the class keys
 * are.
 */
#include "items/backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/try.h"
#include "items/access_control.h"
#include "items/row_impl.h"
#include "store/sql.h"

enum {
	LOG_PATH_MAX = 1088,
};

struct backup_reader {
	struct engine *engine;
	struct database *database;
	struct statement *statement;
	enum vocabulary_class item_class; /* VOCABULARY_IDENTITY: the end */
};

enum kc_status backup_require_open(const struct engine *engine, bool is_write)
{
	TRY(engine_need_file(engine, is_write));
	if (keybag_state(engine->keybag) == KEYBAG_UNLOCKED)
		return KC_OK;
	error_set_hint("keycask unlock");
	return fail(KC_ERR_INTERACTION_NOT_ALLOWED, "the keychain is locked");
}

/* --- a connection of its own ------------------------------------------------------------------ */

static bool has_log(const char *path)
{
	char log[LOG_PATH_MAX];
	struct stat info;

	return (size_t)snprintf(log, sizeof(log), "%s-wal", path) < sizeof(log) &&
	       stat(log, &info) == 0;
}

static enum kc_status open_file(const struct engine *engine, struct database **ret_database)
{
	struct database_source source = {.is_read_only = true};
	struct statement *statement = NULL;
	bool has_row = false;

	TRY(database_prepare(engine->database,
			     "SELECT file FROM pragma_database_list WHERE name = 'file'",
			     &statement));
	TRY(database_step(statement, &has_row));
	REQUIRE(has_row, KC_ERR_INTERNAL, "the keychain is not attached");
	source.path = database_column_text(statement, 0);
	source.has_log = !keychain_file_is_read_only(engine->file) || has_log(source.path);
	TRY(database_open(&source, ret_database));
	database_reset(statement);
	return KC_OK;
}

static enum kc_status start_class(struct backup_reader *reader)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	const char *text = NULL;

	if (reader->item_class == VOCABULARY_IDENTITY)
		return KC_OK;
	TRY(bytes_append(&sql, view_of_text("SELECT ")));
	TRY(schema_put_columns(&sql, SCHEMA_FILE, reader->item_class));
	TRY(sql_put(&sql, " FROM main.%s ORDER BY position", schema_table(reader->item_class)));
	TRY(sql_end(&sql, &text));
	return database_prepare(reader->database, text, &reader->statement);
}

enum kc_status backup_reader_new(struct engine *engine, struct backup_reader **ret_reader)
{
	CLEANUP(backup_reader_freep) struct backup_reader *reader = calloc(1, sizeof(*reader));

	REQUIRE(reader, KC_ERR_ALLOCATE, "out of memory");
	TRY(backup_require_open(engine, false));
	reader->engine = engine;
	TRY(open_file(engine, &reader->database));
	/* The moment is that of the first read, which is this one. */
	TRY(database_run(reader->database, "BEGIN; SELECT 1 FROM main.sqlite_schema"));
	TRY(start_class(reader));
	*ret_reader = take(reader);
	return KC_OK;
}

struct backup_reader *backup_reader_free(struct backup_reader *reader)
{
	if (!reader)
		return NULL;
	reader->database = database_free(reader->database);
	free(reader);
	return NULL;
}

/* --- items ------------------------------------------------------------------------------------ */

/* What does not open is absent, and why is nobody's failure. */
static enum kc_status forgive(enum kc_status status, enum backup_found *ret_found)
{
	if (status != KC_ERR_DECODE)
		return status;
	error_clear();
	*ret_found = BACKUP_ABSENT;
	return KC_OK;
}

static bool is_constrained(const struct row *row)
{
	struct access_control access = {.flags = 0};
	enum kc_status status = access_control_of(row->attributes, row->protection, &access);

	error_clear();
	return status != KC_OK || access.flags != 0;
}

static enum kc_status put_item(const struct backup_reader *reader, const struct row *row,
			       struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes secret = BYTES_INIT(ROW_SECRET_MAX);
	struct backup_record record = {.item_class = row->item_class,
				       .has_secret = row->has_secret};

	memcpy(record.item_id, row->item_id, SCHEMA_ID_BYTES);
	record.attributes = view_of_text(
		json_object_to_json_string_ext(row->attributes, JSON_C_TO_STRING_PLAIN));
	REQUIRE(record.attributes.data, KC_ERR_ALLOCATE, "out of memory");
	if (row->has_secret)
		TRY(row_open_secret(reader->engine, row, view_of(NULL, 0), &secret));
	record.secret = bytes_view(&secret);
	return backup_record_put(&record, bytes);
}

static enum kc_status read_row(const struct backup_reader *reader, struct row *row,
			       struct bytes *bytes, enum backup_found *ret_found)
{
	enum kc_status status = KC_OK;

	*ret_found = BACKUP_LEFT_OUT;
	row_get(reader->statement, SCHEMA_FILE, reader->item_class, row);
	if (keybag_class_name(row->protection) && keybag_class_is_for_this_device(row->protection))
		return KC_OK;
	status = row_open(reader->engine, row);
	if (status != KC_OK)
		return forgive(status, ret_found);
	if (is_constrained(row))
		return KC_OK;
	*ret_found = BACKUP_ITEM;
	return forgive(put_item(reader, row, bytes), ret_found);
}

enum kc_status backup_reader_next(struct backup_reader *reader, struct bytes *bytes,
				  enum backup_found *ret_found)
{
	CLEANUP(row_done) struct row row = {.place = SCHEMA_FILE};
	bool has_row = false;

	TRY(backup_require_open(reader->engine, false));
	while (!has_row) {
		if (reader->item_class == VOCABULARY_IDENTITY) {
			*ret_found = BACKUP_END;
			return KC_OK;
		}
		TRY(database_step(reader->statement, &has_row));
		if (!has_row) {
			reader->item_class++;
			TRY(start_class(reader));
		}
	}
	return read_row(reader, &row, bytes, ret_found);
}
