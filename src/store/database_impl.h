/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_DATABASE_IMPL_H
#define STORE_DATABASE_IMPL_H

/* What the files of the database share: the connection, and what SQLite's codes mean. */

#include <sqlite3.h>

#include "store/database.h"

enum {
	DATABASE_STATEMENTS_MAX = 32,
};

struct statement {
	sqlite3_stmt *stmt;
	struct database *database;
	size_t len;    /* of its text */
	uint64_t used; /* when, by database.clock */
};

struct database {
	sqlite3 *db;
	char *path; /* of the file, if there is one */
	bool is_attached;
	bool is_damaged; /* a statement has said so */
	uint64_t clock;
	struct statement statements[DATABASE_STATEMENTS_MAX];
};

/* What @code, of a call on @database, means to us; says so in the error record. */
KC_MUST_CHECK enum kc_status database_status(struct database *database, int code);

/* One without a connection yet; @path, of its file, is for messages. */
KC_MUST_CHECK enum kc_status database_prepare_new(const char *path, struct database **ret_database);
KC_MUST_CHECK enum kc_status database_set_path(struct database *database, const char *path);

/* @flags: SQLITE_OPEN_READWRITE and the like. */
KC_MUST_CHECK enum kc_status database_connect(struct database *database, const char *uri,
					      int flags);

/* Let go of every statement: one that is kept would hold on to what it was prepared for. */
void database_forget_statements(struct database *database);

#endif
