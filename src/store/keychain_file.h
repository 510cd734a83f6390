/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYCHAIN_FILE_H
#define STORE_KEYCHAIN_FILE_H

/*
 * keychain.db on its way into a database: taken for this process alone, checked, brought to the
 * newest schema, attached as "file". Nothing in it is ever thrown away: a damaged file is set aside
 * under another name, with what could still be read copied over, and the report says so.
 */

#include "base/cleanup.h"
#include "store/database.h"
#include "store/keychain_swap.h"
#include "store/migrate.h"

struct keychain_file;

struct keychain_file_options {
	const char *path;
	const char *vfs; /* of SQLite; NULL: its own */
	/* For tests: other migrations than ours, and where to crash. */
	struct migration_list migrations;
	keychain_swap_step_fn step;
};

/*
 * Attach the file, made if there is none. Expected, each with what to do in the hint:
 *   KC_ERR_NOT_AVAILABLE  another daemon has it (named); it is not ours alone, a symbolic link or
 *                         no file; it cannot be read; it is of a newer keycask; the disk is full
 */
KC_MUST_CHECK enum kc_status keychain_file_attach(struct database *database,
						  const struct keychain_file_options *options,
						  struct keychain_file **ret_file);
/* Detach and let go. */
struct keychain_file *keychain_file_free(struct keychain_file *file);
DEFINE_FREEP(keychain_file)

/* The file system or the mode allows no writing. */
bool keychain_file_is_read_only(const struct keychain_file *file);

/* What a person should know of what was found when it was opened; NULL: nothing. */
const char *keychain_file_report(const struct keychain_file *file);

/*
 * A statement has said that the file is damaged: look, and if it is, set it aside and begin a new
 * one with what can be read. KC_OK: the file is whole, or has been replaced.
 */
KC_MUST_CHECK enum kc_status keychain_file_recover(struct keychain_file *file);

#endif
