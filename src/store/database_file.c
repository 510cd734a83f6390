/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files: as databases of their own, and attached beside the one in memory. SQLite never makes one:
 * it would be readable by others. Of a read-only file it is told that nobody changes it; then it
 * makes nothing beside it either.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "store/database_impl.h"
#include "store/sql.h"

enum {
	URI_MAX = 3 * 1024 + 128, /* each byte of a path as %xx */
};

/*
 * secure_delete: what a former password wrapped must not stay behind in free pages. No memory is
 * mapped: a disk that fails would end the daemon with a signal. cell_size_check finds damage before
 * it is read. The log is cut back once it was longer.
 */
static const char *const terms[] = {
	"mmap_size = 0",      "cache_size = -256",    "synchronous = FULL",
	"secure_delete = ON", "cell_size_check = ON", "journal_size_limit = 1048576",
};

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("/._-~+:@", c) != NULL;
}

static enum kc_status put_path(const char *path, struct bytes *uri)
{
	for (const char *at = path; *at; at++) {
		char escaped[4];

		if (is_plain(*at)) {
			TRY(bytes_append_byte(uri, (uint8_t)*at));
			continue;
		}
		ignore(snprintf(escaped, sizeof(escaped), "%%%02X", (unsigned)(uint8_t)*at) < 0);
		TRY(bytes_append(uri, view_of_text(escaped)));
	}
	return KC_OK;
}

/* https://www.sqlite.org/uri.html */
static enum kc_status put_uri(const struct database_source *source, struct bytes *uri)
{
	TRY(bytes_append(uri, view_of_text("file:")));
	TRY(put_path(source->path, uri));
	TRY(bytes_append(uri, view_of_text(source->is_read_only ? "?mode=ro" : "?mode=rw")));
	if (source->is_read_only && !source->has_log)
		TRY(bytes_append(uri, view_of_text("&immutable=1")));
	if (source->vfs) {
		TRY(bytes_append(uri, view_of_text("&vfs=")));
		TRY(bytes_append(uri, view_of_text(source->vfs)));
	}
	return bytes_append_byte(uri, 0);
}

static enum kc_status set_terms(struct database *database, const char *schema)
{
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
		const char *text = NULL;

		TRY(sql_put(&sql, "PRAGMA %s.%s", schema, terms[i]));
		TRY(sql_end(&sql, &text));
		TRY(database_run(database, text));
	}
	return KC_OK;
}

enum kc_status database_open(const struct database_source *source, struct database **ret_database)
{
	CLEANUP(database_freep) struct database *database = NULL;
	CLEANUP(bytes_done) struct bytes uri = BYTES_INIT(URI_MAX);

	TRY(put_uri(source, &uri));
	TRY(database_prepare_new(source->path, &database));
	TRY(database_connect(database, (const char *)uri.data,
			     source->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE));
	TRY(set_terms(database, "main"));
	*ret_database = take(database);
	return KC_OK;
}

enum kc_status database_copy(struct database *database, const char *path)
{
	struct statement *statement = NULL;
	bool has_row = false;
	enum kc_status status = KC_OK;

	TRY(database_prepare(database, "VACUUM INTO ?", &statement));
	TRY(database_bind_text(statement, 1, view_of_text(path)));
	status = database_step(statement, &has_row);
	database_reset(statement);
	return status;
}

static enum kc_status attach(struct database *database, const struct database_source *source)
{
	CLEANUP(bytes_done) struct bytes uri = BYTES_INIT(URI_MAX);
	struct statement *statement = NULL;
	bool has_row = false;

	TRY(put_uri(source, &uri));
	TRY(database_set_path(database, source->path));
	TRY(database_prepare(database, "ATTACH ? AS file", &statement));
	TRY(database_bind_text(statement, 1, view_of(uri.data, uri.len - 1)));
	return database_step(statement, &has_row);
}

/* What it did comes as a result: "delete" instead of "wal" is no error to SQLite. */
static enum kc_status keep_log(struct database *database)
{
	struct statement *statement = NULL;
	bool has_row = false;
	bool is_kept = false;

	TRY(database_prepare(database, "PRAGMA file.journal_mode = WAL", &statement));
	TRY(database_step(statement, &has_row));
	is_kept = has_row && strcmp(database_column_text(statement, 0), "wal") == 0;
	database_reset(statement);
	REQUIRE(is_kept, KC_ERR_NOT_AVAILABLE,
		"%s cannot have a write-ahead log on its file system", database->path);
	return KC_OK;
}

static enum kc_status prepare_file(struct database *database, const struct database_source *source)
{
	TRY(set_terms(database, "file"));
	if (!source->is_read_only)
		TRY(keep_log(database));
	/* What is damaged at its very beginning is heard of now. */
	return database_run(database, "SELECT 1 FROM file.sqlite_schema");
}

enum kc_status database_attach(struct database *database, const struct database_source *source)
{
	enum kc_status status = KC_OK;

	database_detach(database);
	status = attach(database, source);
	database_forget_statements(database);
	TRY(status);
	database->is_attached = true;
	status = prepare_file(database, source);
	if (status != KC_OK)
		database_detach(database);
	return status;
}

/* With a statement still open on it SQLite would refuse. */
void database_detach(struct database *database)
{
	database_forget_statements(database);
	if (database->is_attached)
		ignore(sqlite3_exec(database->db, "DETACH file", NULL, NULL, NULL));
	database->is_attached = false;
	free(database->path);
	database->path = NULL;
}

bool database_is_attached(const struct database *database)
{
	return database->is_attached;
}

bool database_is_damaged(const struct database *database)
{
	return database->is_damaged;
}

enum kc_status database_check(struct database *database, const char *schema)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct statement *statement = NULL;
	const char *text = NULL;
	bool has_row = false;
	enum kc_status status = KC_OK;

	TRY(sql_put(&sql, "PRAGMA %s.integrity_check(1)", schema));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(database, text, &statement));
	status = database_step(statement, &has_row);
	if (status != KC_OK && database->is_damaged)
		status = error_remap(KC_ERR_DECODE);
	else if (status == KC_OK && strcmp(database_column_text(statement, 0), "ok") != 0)
		status = fail(KC_ERR_DECODE, "%s is damaged: %.120s", database->path,
			      database_column_text(statement, 0));
	database_reset(statement);
	return status;
}
