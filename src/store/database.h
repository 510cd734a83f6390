/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

/*
 * SQLite with our errors and types: a connection to a database in memory ("main": the items of
 * present tokens), to which the keychain on disk may be attached ("file"), and its prepared
 * statements. The only files that see SQLite; what others hold is SQL text.
 */

#include "base/bytes.h"

struct database;
struct statement;

/* A new, empty database in memory. */
KC_MUST_CHECK enum kc_status database_new(struct database **ret_database);
struct database *database_free(struct database *database);
DEFINE_FREEP(database)

/* Run SQL that has neither parameters nor results; several commands may follow each other. */
KC_MUST_CHECK enum kc_status database_run(struct database *database, const char *sql);

/* Give back what memory can be done without. */
void database_shrink(struct database *database);

/* --- files --------------------------------------------------------------------------------- */

struct database_source {
	const char *path;
	const char *vfs; /* of SQLite; NULL: its own */
	bool is_read_only;
	bool has_log; /* of a read-only one: it has a log to be read with it */
};

/*
 * A file as a database of its own ("main" is the file), made when there is none: for building and
 * examining files. All that touches a file:
 * Expected: KC_ERR_NOT_AVAILABLE  no space, no access, damaged …, with what to do in the hint
 *           KC_ERR_READ_ONLY
 */
KC_MUST_CHECK enum kc_status database_open(const struct database_source *source,
					   struct database **ret_database);

/* Write all of @database's "main" into the empty file @path. Not synced. */
KC_MUST_CHECK enum kc_status database_copy(struct database *database, const char *path);

/*
 * Attach a file as "file": write-ahead log, synced with each transaction, and a page cache of a
 * fixed size. Statements prepared before are prepared anew.
 */
KC_MUST_CHECK enum kc_status database_attach(struct database *database,
					     const struct database_source *source);
/* Fine when there is none. */
void database_detach(struct database *database);
bool database_is_attached(const struct database *database);

/* Has SQLite called the file damaged since it was attached or opened? */
bool database_is_damaged(const struct database *database);

/*
 * Read all of @schema ("main" or "file") and see whether it is whole; what is wrong first is in the
 * error record. Expected: KC_ERR_DECODE  it is damaged
 */
KC_MUST_CHECK enum kc_status database_check(struct database *database, const char *schema);

/* --- transactions -------------------------------------------------------------------------- */

/* Run call() between BEGIN and COMMIT; its failure undoes everything. */
typedef enum kc_status (*database_work_fn)(struct database *database, const void *work);

/* Of token items: "main" alone is written. */
KC_MUST_CHECK enum kc_status database_transact(struct database *database, database_work_fn call,
					       const void *work);
/* Of the file, from the start: what is read in it cannot change before it is written. */
KC_MUST_CHECK enum kc_status database_transact_file(struct database *database,
						    database_work_fn call, const void *work);

/* --- statements ---------------------------------------------------------------------------- */

/*
 * The statement with this text, from the cache or prepared now; borrowed, valid until the next
 * database_prepare(). Its parameters are unset and its results at the start.
 */
KC_MUST_CHECK enum kc_status database_prepare(struct database *database, const char *sql,
					      struct statement **ret_statement);

/* Parameters count from 1. What is bound is copied. */
KC_MUST_CHECK enum kc_status database_bind_text(struct statement *statement, int index,
						struct kc_view text);
KC_MUST_CHECK enum kc_status database_bind_data(struct statement *statement, int index,
						struct kc_view data);
KC_MUST_CHECK enum kc_status database_bind_number(struct statement *statement, int index,
						  int64_t number);
KC_MUST_CHECK enum kc_status database_bind_null(struct statement *statement, int index);

/* Next row. Expected: KC_ERR_DUPLICATE_ITEM  of an INSERT or UPDATE: such a row is there */
KC_MUST_CHECK enum kc_status database_step(struct statement *statement, bool *ret_has_row);

/* Columns count from 0; texts and data are valid until the next step. NULL reads as empty or 0. */
int database_n_columns(struct statement *statement);
bool database_column_is_null(struct statement *statement, int index);
const char *database_column_text(struct statement *statement, int index);
struct kc_view database_column_data(struct statement *statement, int index);
int64_t database_column_number(struct statement *statement, int index);
/* Make parameter @index of @statement what column @column of @row is, of whatever type. */
KC_MUST_CHECK enum kc_status database_bind_column(struct statement *statement, int index,
						  struct statement *row, int column);

/* Let go of the rows and parameters; database_prepare() does it too. */
void database_reset(struct statement *statement);

/* Rows that the last INSERT, UPDATE or DELETE has touched; the position the last INSERT gave. */
int64_t database_n_changed(const struct database *database);
int64_t database_last_position(const struct database *database);

#endif
