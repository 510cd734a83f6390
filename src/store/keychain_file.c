/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One look decides what has to be done, and after doing it one looks again: an interrupted swap is
 * finished, a missing file made, an old one upgraded, a damaged one salvaged; until there is
 * one that can be attached. What somebody else's file is, and what a newer keycask has written, is
 * refused and left as it is.
 */
#include "store/keychain_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"
#include "store/keychain_build.h"
#include "store/keychain_place.h"
#include "store/keychain_swap.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	ROUNDS_MAX = 8, /* more than any file needs */
	REPORT_MAX = 512,
};

struct keychain_file {
	struct database *database;
	struct keychain_build build;
	char *path;
	char *vfs;
	int lock;
	struct keychain_place place;
	char report[REPORT_MAX];
};

struct keychain_file *keychain_file_free(struct keychain_file *file)
{
	if (!file)
		return NULL;
	database_detach(file->database);
	socket_close(&file->lock);
	free(file->path);
	free(file->vfs);
	free(file);
	return NULL;
}

static enum kc_status file_new(struct database *database,
			       const struct keychain_file_options *options,
			       struct keychain_file **ret_file)
{
	CLEANUP(keychain_file_freep) struct keychain_file *file = calloc(1, sizeof(*file));

	REQUIRE(file, KC_ERR_ALLOCATE, "out of memory");
	file->lock = -1;
	file->database = database;
	file->path = strdup(options->path);
	file->vfs = options->vfs ? strdup(options->vfs) : NULL;
	REQUIRE(file->path && (file->vfs || !options->vfs), KC_ERR_ALLOCATE, "out of memory");
	file->build = (struct keychain_build){
		.path = file->path,
		.vfs = file->vfs,
		.migrations = options->migrations.n > 0 ? options->migrations : migrate_known(),
		.step = options->step,
	};
	*ret_file = take(file);
	return KC_OK;
}

/* --- one step towards a file that can be attached ------------------------------------------------
 */

static enum kc_status fail_read_only(const struct keychain_file *file, const char *why)
{
	ignore(fail(KC_ERR_NOT_AVAILABLE, "%s %s, and nothing can be written", file->path, why));
	error_set_hint("make the file and its folder writable for you, then restart keycaskd");
	return KC_ERR_NOT_AVAILABLE;
}

static enum kc_status put_in_place(struct keychain_file *file, const char *aside)
{
	struct keychain_swap swap = {
		.path = file->path, .aside = aside, .is_unique = true, .step = file->build.step};
	char kept[PATHS_MAX];

	return keychain_swap(&swap, kept, sizeof(kept));
}

static enum kc_status refuse_newer(const struct keychain_file *file)
{
	ignore(fail(KC_ERR_NOT_AVAILABLE, "%s is of a newer keycask (version %d, this one: %d)",
		    file->path, file->place.version, file->build.migrations.n));
	error_set_hint("install that keycask again, or move the file away");
	return KC_ERR_NOT_AVAILABLE;
}

static enum kc_status attach(struct keychain_file *file)
{
	struct database_source source = {.path = file->path,
					 .vfs = file->vfs,
					 .is_read_only = file->place.is_read_only,
					 .has_log = file->place.has_log};

	TRY(database_attach(file->database, &source));
	return migrate_check(file->database, "file", &file->build.migrations, file->place.version);
}

static enum kc_status take_step(struct keychain_file *file, bool *ret_is_done)
{
	TRY(keychain_place_look(file->path, &file->place));
	switch (file->place.content) {
	case KEYCHAIN_CONTENT_NONE:
		TRY(keychain_build_empty(&file->build));
		return put_in_place(file, ".stray");
	case KEYCHAIN_CONTENT_DAMAGED:
		return fail(KC_ERR_NOT_AVAILABLE, "%s is damaged", file->path);
	case KEYCHAIN_CONTENT_OURS:
		break;
	}
	if (file->place.version > file->build.migrations.n)
		return refuse_newer(file);
	if (file->place.version < file->build.migrations.n)
		return fail_read_only(file, "is of an older keycask");
	TRY(attach(file));
	*ret_is_done = true;
	return KC_OK;
}

static enum kc_status make_ready(struct keychain_file *file)
{
	bool is_done = false;

	for (int i = 0; i < ROUNDS_MAX && !is_done; i++)
		TRY(take_step(file, &is_done));
	REQUIRE(is_done, KC_ERR_INTERNAL, "%s does not become what it should be", file->path);
	return KC_OK;
}

enum kc_status keychain_file_attach(struct database *database,
				    const struct keychain_file_options *options,
				    struct keychain_file **ret_file)
{
	CLEANUP(keychain_file_freep) struct keychain_file *file = NULL;
	char folder[PATHS_MAX];

	TRY(file_new(database, options, &file));
	TRY(paths_parent(file->path, folder, sizeof(folder)));
	TRY(paths_make_private_folder(folder));
	TRY(keychain_place_lock(file->path, &file->lock));
	TRY(make_ready(file));
	*ret_file = take(file);
	return KC_OK;
}

bool keychain_file_is_read_only(const struct keychain_file *file)
{
	return file->place.is_read_only;
}

const char *keychain_file_report(const struct keychain_file *file)
{
	return file->report[0] ? file->report : NULL;
}

enum kc_status keychain_file_recover(struct keychain_file *file)
{
	return database_check(file->database, "file");
}
