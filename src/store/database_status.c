/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place where SQLite's result codes become ours (reference/keychain.md 5.7), with what
 * happened and what a person can do about it. Whatever fails, nothing was changed: SQLite has
 * rolled back, or the caller does.
 */
#include <errno.h>
#include <string.h>

#include "base/try.h"
#include "store/database_impl.h"

static const char *name_of(const struct database *database)
{
	return database->path ? database->path : "the database";
}

static enum kc_status fail_constraint(struct database *database, int code)
{
	if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    code == SQLITE_CONSTRAINT_ROWID)
		return fail(KC_ERR_DUPLICATE_ITEM, "such an item is there already");
	return fail(KC_ERR_INTERNAL, "database: %s", sqlite3_errmsg(database->db));
}

static enum kc_status fail_read_only(struct database *database, int code)
{
	enum kc_status status = fail(KC_ERR_READ_ONLY, "the keychain is read only: nothing can be "
						       "added, changed or deleted");

	if (code == SQLITE_READONLY_DBMOVED)
		error_set_hint("%s was moved or replaced while it was in use: restart keycaskd",
			       name_of(database));
	else
		error_set_hint("make %s and its folder writable for you, then restart keycaskd",
			       name_of(database));
	return status;
}

static enum kc_status fail_full(struct database *database)
{
	enum kc_status status =
		fail(KC_ERR_NOT_AVAILABLE,
		     "there is no space left for the keychain; nothing was changed");

	error_set_hint("free some space on the file system of %s, then try again",
		       name_of(database));
	return status;
}

static bool is_out_of_space(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

static int errno_of(struct database *database, int which)
{
	const char *schema = database->is_attached ? "file" : "main";
	sqlite3_file *file = NULL;
	int error = 0;

	if (sqlite3_file_control(database->db, schema, which, &file) != SQLITE_OK || !file ||
	    !file->pMethods ||
	    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error) != SQLITE_OK)
		return 0;
	return error;
}

/* Of a transaction's end SQLite tells no errno, but its files remember: the log, then the file. */
static int find_errno(struct database *database)
{
	int error = sqlite3_system_errno(database->db);

	if (error == 0)
		error = errno_of(database, SQLITE_FCNTL_JOURNAL_POINTER);
	return error ? error : errno_of(database, SQLITE_FCNTL_FILE_POINTER);
}

static enum kc_status fail_io(struct database *database, int code)
{
	int error = find_errno(database);
	enum kc_status status = KC_OK;

	if (code == SQLITE_IOERR_NOMEM)
		return fail(KC_ERR_ALLOCATE, "out of memory");
	if (is_out_of_space(error))
		return fail_full(database);
	if (error == EROFS)
		return fail_read_only(database, code);
	status = fail(KC_ERR_NOT_AVAILABLE, "%s cannot be used: %s", name_of(database),
		      error ? strerror(error) : sqlite3_errstr(code));
	error_set_hint("nothing was changed; look at what the system says of this disk (dmesg)");
	return status;
}

static enum kc_status fail_open(struct database *database)
{
	int error = sqlite3_system_errno(database->db);
	enum kc_status status = KC_OK;

	if (is_out_of_space(error))
		return fail_full(database);
	status = fail(KC_ERR_NOT_AVAILABLE, "cannot open %s: %s", name_of(database),
		      error ? strerror(error) : "it is no file that can be read");
	error_set_hint("see that %s is a file of yours that you may read and write",
		       name_of(database));
	return status;
}

static enum kc_status fail_busy(struct database *database)
{
	enum kc_status status =
		fail(KC_ERR_NOT_AVAILABLE, "another program is writing to %s; nothing was changed",
		     name_of(database));

	error_set_hint("end whatever has the file open (fuser -v %s), then try again",
		       name_of(database));
	return status;
}

static enum kc_status fail_damaged(struct database *database)
{
	enum kc_status status = fail(KC_ERR_NOT_AVAILABLE, "%s is damaged", name_of(database));

	database->is_damaged = true;
	error_set_hint("keycask doctor says what has become of it");
	return status;
}

enum kc_status database_status(struct database *database, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return KC_OK;
	case SQLITE_CONSTRAINT:
		return fail_constraint(database, code);
	case SQLITE_READONLY:
		return fail_read_only(database, code);
	case SQLITE_FULL:
		return fail_full(database);
	case SQLITE_IOERR:
		return fail_io(database, code);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return fail_open(database);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return fail_busy(database);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fail_damaged(database);
	case SQLITE_NOMEM:
		return fail(KC_ERR_ALLOCATE, "out of memory");
	case SQLITE_TOOBIG:
		return fail(KC_ERR_PARAM, "a value is too long");
	default:
		return fail(KC_ERR_INTERNAL, "database: %s", sqlite3_errmsg(database->db));
	}
}
