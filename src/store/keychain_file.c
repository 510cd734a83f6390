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
#include "store/keychain_report.h"
#include "store/keychain_salvage.h"
#include "store/keychain_swap.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	STEPS_MAX = 8, /* more than any file needs */
	REPORT_MAX = 512,
	VERSION_MAX = 16,
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

/* Of one whose beginning cannot be read it is the likeliest. */
static int old_version(const struct keychain_file *file)
{
	bool is_known = file->place.version > 0 && file->place.version <= file->build.migrations.n;

	return is_known ? file->place.version : file->build.migrations.n;
}

static enum kc_status put_in_place(struct keychain_file *file, const char *aside, bool is_unique,
				   char *ret_kept)
{
	struct keychain_swap swap = {.path = file->path,
				     .aside = aside,
				     .is_unique = is_unique,
				     .step = file->build.step};

	return keychain_swap(&swap, ret_kept, PATHS_MAX);
}

static bool is_older(const struct keychain_file *file)
{
	return file->place.content == KEYCHAIN_CONTENT_OURS &&
	       file->place.version < file->build.migrations.n;
}

static enum kc_status put_in_place_of_older(struct keychain_file *file)
{
	char aside[VERSION_MAX];
	char kept[PATHS_MAX];

	ignore(snprintf(aside, sizeof(aside), ".v%d", file->place.version) < 0);
	return put_in_place(file, aside, false, kept);
}

/* What an interrupted start has left of its work: whole, and not yet in its place. */
static enum kc_status finish_swap(struct keychain_file *file)
{
	char kept[PATHS_MAX];

	TRY(keychain_place_look(file->path, &file->place));
	if (is_older(file))
		return put_in_place_of_older(file);
	return put_in_place(file, keychain_report_aside(), true, kept);
}

static enum kc_status make_empty(struct keychain_file *file)
{
	char kept[PATHS_MAX];

	TRY(keychain_build_empty(&file->build));
	return put_in_place(file, keychain_report_aside(), true, kept);
}

/* A damaged file is set aside; what can be read of it begins the next one. */
static enum kc_status mend(struct keychain_file *file)
{
	struct keychain_salvage salvage = {.n_items = 0};
	char kept[PATHS_MAX];

	if (file->place.is_read_only)
		return fail_read_only(file, "is damaged");
	error_clear();
	TRY(keychain_salvage(&file->build, old_version(file), &salvage));
	TRY(put_in_place(file, keychain_report_aside(), true, kept));
	keychain_report_write(kept, &salvage);
	return KC_OK;
}

static enum kc_status upgrade(struct keychain_file *file)
{
	enum kc_status status = KC_OK;

	if (file->place.is_read_only)
		return fail_read_only(file, "is of an older keycask");
	status = keychain_build_upgrade(&file->build, file->place.version);
	if (status == KC_ERR_DECODE)
		return mend(file);
	TRY(status);
	return put_in_place_of_older(file);
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

static enum kc_status attach_or_mend(struct keychain_file *file, bool *ret_is_done)
{
	enum kc_status status = attach(file);

	*ret_is_done = status == KC_OK;
	if (status != KC_ERR_DECODE && !database_is_damaged(file->database))
		return status;
	database_detach(file->database);
	return mend(file);
}

static enum kc_status take_step(struct keychain_file *file, bool *ret_is_done)
{
	if (keychain_swap_is_due(file->path))
		return finish_swap(file);
	TRY(keychain_place_look(file->path, &file->place));
	switch (file->place.content) {
	case KEYCHAIN_CONTENT_NONE:
		return make_empty(file);
	case KEYCHAIN_CONTENT_DAMAGED:
		return mend(file);
	case KEYCHAIN_CONTENT_OURS:
		break;
	}
	if (file->place.version > file->build.migrations.n)
		return refuse_newer(file);
	if (is_older(file))
		return upgrade(file);
	return attach_or_mend(file, ret_is_done);
}

/* The versions before this one are kept until it has been opened once more. */
static void forget_older(const struct keychain_file *file)
{
	for (int version = 1; version < file->build.migrations.n; version++) {
		char suffix[VERSION_MAX];
		char name[PATHS_MAX];

		ignore(snprintf(suffix, sizeof(suffix), ".v%d", version) < 0);
		if (keychain_place_name(file->path, suffix, name, sizeof(name)) == KC_OK)
			ignore(unlink(name));
	}
}

static enum kc_status make_ready(struct keychain_file *file)
{
	bool is_done = false;
	int n_steps = 0;

	keychain_build_clear(file->path);
	for (; n_steps < STEPS_MAX && !is_done; n_steps++)
		TRY(take_step(file, &is_done));
	REQUIRE(is_done, KC_ERR_INTERNAL, "%s does not become what it should be", file->path);
	if (n_steps == 1)
		forget_older(file);
	keychain_report_read(file->path, file->report, sizeof(file->report));
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

/*
 * SQLite says "damaged" of much that a look at the whole file does not confirm; then it stays where
 * it is (reference/keychain.md 6).
 */
enum kc_status keychain_file_recover(struct keychain_file *file)
{
	enum kc_status status = database_check(file->database, "file");

	if (status != KC_ERR_DECODE)
		return status;
	database_detach(file->database);
	TRY(mend(file));
	return make_ready(file);
}
