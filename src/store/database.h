/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

/*
 * SQLite with our errors and types: a connection to a database in memory ("main": the items of
 * present tokens), to which the keychain on disk may be attached, and its prepared statements. The
 * only file that sees SQLite; what other files hold is SQL text.
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

/* Run call() between BEGIN and COMMIT; its failure undoes everything. */
typedef enum kc_status (*database_work_fn)(struct database *database, const void *work);
KC_MUST_CHECK enum kc_status database_transact(struct database *database, database_work_fn call,
					       const void *work);

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

/* Next row. Expected: KC_ERR_DUPLICATE_ITEM  of an INSERT: such a row is there */
KC_MUST_CHECK enum kc_status database_step(struct statement *statement, bool *ret_has_row);

/* Columns count from 0; texts and data are valid until the next step. NULL reads as empty or 0. */
bool database_column_is_null(struct statement *statement, int index);
const char *database_column_text(struct statement *statement, int index);
struct kc_view database_column_data(struct statement *statement, int index);
int64_t database_column_number(struct statement *statement, int index);

/* Let go of the rows and parameters; database_prepare() does it too. */
void database_reset(struct statement *statement);

#endif
