/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_STORE_IMPL_H
#define ITEMS_STORE_IMPL_H

/*
 * A SQLite database and its prepared statements, with our errors and types: the only file of the
 * room (with schema.c, which holds SQL text) that knows what is behind the engine.
 */

#include "base/bytes.h"

struct store;
struct statement;

/* A new, empty database in memory. */
KC_MUST_CHECK enum kc_status store_new(struct store **ret_store);
struct store *store_free(struct store *store);
DEFINE_FREEP(store)

/* Run SQL that has neither parameters nor results; several commands may follow each other. */
KC_MUST_CHECK enum kc_status store_run(struct store *store, const char *sql);

/* Run call() between BEGIN and COMMIT; its failure undoes everything. */
typedef enum kc_status (*store_work_fn)(struct store *store, const void *work);
KC_MUST_CHECK enum kc_status store_transact(struct store *store, store_work_fn call,
					    const void *work);

/*
 * The statement with this text, from the cache or prepared now; borrowed, valid until the next
 * store_prepare(). Its parameters are unset and its results at the start.
 */
KC_MUST_CHECK enum kc_status store_prepare(struct store *store, const char *sql,
					   struct statement **ret_statement);

/* Parameters count from 1. What is bound is copied. */
KC_MUST_CHECK enum kc_status store_bind_text(struct statement *statement, int index,
					     struct kc_view text);
KC_MUST_CHECK enum kc_status store_bind_data(struct statement *statement, int index,
					     struct kc_view data);
KC_MUST_CHECK enum kc_status store_bind_number(struct statement *statement, int index,
					       int64_t number);

/* Next row. Expected: KC_ERR_DUPLICATE_ITEM  of an INSERT: such a row is there */
KC_MUST_CHECK enum kc_status store_step(struct statement *statement, bool *ret_has_row);

/* Columns count from 0; texts and data are valid until the next step. NULL reads as empty or 0. */
bool store_column_is_null(struct statement *statement, int index);
const char *store_column_text(struct statement *statement, int index);
struct kc_view store_column_data(struct statement *statement, int index);
int64_t store_column_number(struct statement *statement, int index);

/* Let go of the rows and parameters; store_prepare() does it too. */
void store_reset(struct statement *statement);

#endif
