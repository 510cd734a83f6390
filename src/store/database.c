/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SQLite with our errors. Statements are kept by their text: queries come in few shapes, and
 * preparing costs ten times what running does. SQL text is always ours, values are always bound.
 */
#include "store/database.h"

#include <stdlib.h>

#include "base/try.h"
#include "store/database_impl.h"

enum {
	LOOKASIDE_BYTES = 128,
	LOOKASIDE_SLOTS = 64,
	BUSY_MS = 1000, /* the loop waits: we have a lock of our own before that */
};

enum kc_status database_run(struct database *database, const char *sql)
{
	return database_status(database, sqlite3_exec(database->db, sql, NULL, NULL, NULL));
}

enum kc_status database_set_path(struct database *database, const char *path)
{
	char *copy = strdup(path);

	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	free(database->path);
	database->path = copy;
	database->is_damaged = false;
	return KC_OK;
}

enum kc_status database_prepare_new(const char *path, struct database **ret_database)
{
	CLEANUP(database_freep) struct database *database = calloc(1, sizeof(*database));

	REQUIRE(database, KC_ERR_ALLOCATE, "out of memory");
	if (path)
		TRY(database_set_path(database, path));
	*ret_database = take(database);
	return KC_OK;
}

/* No mutex: one thread, the daemon's loop, owns an engine. */
enum kc_status database_connect(struct database *database, const char *uri, int flags)
{
	int code = sqlite3_open_v2(
		uri, &database->db,
		flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	TRY(database_status(database, code));
	/* The daemon is small: SQLite's default for small allocations is a tenth of it. */
	TRY(database_status(database, sqlite3_db_config(database->db, SQLITE_DBCONFIG_LOOKASIDE,
							NULL, LOOKASIDE_BYTES, LOOKASIDE_SLOTS)));
	TRY(database_status(database,
			    sqlite3_db_config(database->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL)));
	TRY(database_status(database, sqlite3_busy_timeout(database->db, BUSY_MS)));
	return database_run(database, "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;");
}

enum kc_status database_new(struct database **ret_database)
{
	CLEANUP(database_freep) struct database *database = NULL;

	TRY(database_prepare_new(NULL, &database));
	TRY(database_connect(database, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
	*ret_database = take(database);
	return KC_OK;
}

void database_forget_statements(struct database *database)
{
	for (size_t i = 0; i < DATABASE_STATEMENTS_MAX; i++) {
		sqlite3_finalize(database->statements[i].stmt);
		database->statements[i] = (struct statement){0};
	}
}

struct database *database_free(struct database *database)
{
	if (!database)
		return NULL;
	database_forget_statements(database);
	sqlite3_close(database->db);
	free(database->path);
	free(database);
	return NULL;
}

void database_shrink(struct database *database)
{
	sqlite3_db_release_memory(database->db);
}

/* --- transactions ----------------------------------------------------------------------------
 */

static enum kc_status transact(struct database *database, const char *begin, database_work_fn call,
			       const void *work)
{
	enum kc_status status = KC_OK;

	TRY(database_run(database, begin));
	status = call(database, work);
	if (status == KC_OK)
		status = database_run(database, "COMMIT");
	/* Some failures end it by themselves: then there is nothing to roll back. */
	if (status != KC_OK && !sqlite3_get_autocommit(database->db))
		ignore(database_run(database, "ROLLBACK"));
	return status;
}

enum kc_status database_transact(struct database *database, database_work_fn call, const void *work)
{
	return transact(database, "BEGIN", call, work);
}

enum kc_status database_transact_file(struct database *database, database_work_fn call,
				      const void *work)
{
	return transact(database, "BEGIN IMMEDIATE", call, work);
}

/* --- statements ------------------------------------------------------------------------------
 */

/* The place of the statement with this text, or the one whose last use is longest ago. */
static struct statement *find_place(struct database *database, const char *sql, size_t len)
{
	struct statement *oldest = &database->statements[0];

	for (size_t i = 0; i < DATABASE_STATEMENTS_MAX; i++) {
		struct statement *place = &database->statements[i];

		if (place->stmt && place->len == len &&
		    memcmp(sqlite3_sql(place->stmt), sql, len) == 0)
			return place;
		if (place->used < oldest->used)
			oldest = place;
	}
	sqlite3_finalize(oldest->stmt);
	oldest->stmt = NULL;
	return oldest;
}

enum kc_status database_prepare(struct database *database, const char *sql,
				struct statement **ret_statement)
{
	size_t len = strlen(sql);
	struct statement *place = find_place(database, sql, len);

	place->database = database;
	place->len = len;
	if (!place->stmt)
		TRY(database_status(database, sqlite3_prepare_v3(database->db, sql, -1,
								 SQLITE_PREPARE_PERSISTENT,
								 &place->stmt, NULL)));
	place->used = ++database->clock;
	database_reset(place);
	*ret_statement = place;
	return KC_OK;
}

static enum kc_status bound(struct statement *statement, int code)
{
	return database_status(statement->database, code);
}

enum kc_status database_bind_text(struct statement *statement, int index, struct kc_view text)
{
	const char *data = text.data ? (const char *)text.data : "";

	return bound(statement, sqlite3_bind_text64(statement->stmt, index, data, text.len,
						    SQLITE_TRANSIENT, SQLITE_UTF8));
}

enum kc_status database_bind_data(struct statement *statement, int index, struct kc_view data)
{
	/* SQLite takes a NULL pointer as NULL, which is not an empty value. */
	return bound(statement, sqlite3_bind_blob64(statement->stmt, index,
						    data.data ? data.data : (const void *)"",
						    data.len, SQLITE_TRANSIENT));
}

enum kc_status database_bind_number(struct statement *statement, int index, int64_t number)
{
	return bound(statement, sqlite3_bind_int64(statement->stmt, index, number));
}

enum kc_status database_bind_null(struct statement *statement, int index)
{
	return bound(statement, sqlite3_bind_null(statement->stmt, index));
}

enum kc_status database_bind_column(struct statement *statement, int index, struct statement *row,
				    int column)
{
	return bound(statement, sqlite3_bind_value(statement->stmt, index,
						   sqlite3_column_value(row->stmt, column)));
}

enum kc_status database_step(struct statement *statement, bool *ret_has_row)
{
	int code = sqlite3_step(statement->stmt);

	TRY(bound(statement, code));
	*ret_has_row = code == SQLITE_ROW;
	return KC_OK;
}

int database_n_columns(struct statement *statement)
{
	return sqlite3_column_count(statement->stmt);
}

bool database_column_is_null(struct statement *statement, int index)
{
	return sqlite3_column_type(statement->stmt, index) == SQLITE_NULL;
}

const char *database_column_text(struct statement *statement, int index)
{
	const unsigned char *text = sqlite3_column_text(statement->stmt, index);

	return text ? (const char *)text : "";
}

struct kc_view database_column_data(struct statement *statement, int index)
{
	const void *data = sqlite3_column_blob(statement->stmt, index);

	return view_of(data, (size_t)sqlite3_column_bytes(statement->stmt, index));
}

int64_t database_column_number(struct statement *statement, int index)
{
	return sqlite3_column_int64(statement->stmt, index);
}

void database_reset(struct statement *statement)
{
	sqlite3_reset(statement->stmt);
	sqlite3_clear_bindings(statement->stmt);
}

int64_t database_n_changed(const struct database *database)
{
	return sqlite3_changes64(database->db);
}

int64_t database_last_position(const struct database *database)
{
	return sqlite3_last_insert_rowid(database->db);
}
