/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New files. Nothing but their builder sees them, so they need no journal on disk. */
#include "store/keychain_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"
#include "store/keychain_place.h"
#include "sys/paths.h"
#include "sys/socket.h"

void keychain_build_clear(const char *path)
{
	static const char *const suffixes[] = {".new",	       ".new-journal",	   ".salvage",
					       ".salvage-wal", ".salvage-journal", ".salvage-shm"};
	char name[PATHS_MAX];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (keychain_place_name(path, suffixes[i], name, sizeof(name)) == KC_OK)
			ignore(unlink(name));
}

/* SQLite would make it readable by others. */
static enum kc_status make_file(const struct keychain_build *build, char *ret_name, size_t size)
{
	CLEANUP(socket_close) int fd = -1;

	keychain_build_clear(build->path);
	TRY(keychain_place_name(build->path, ".new", ret_name, size));
	fd = open(ret_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		return KC_OK;
	ignore(fail(KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", ret_name, strerror(errno)));
	error_set_hint("see that there is space, and that you may write in its folder");
	return KC_ERR_NOT_AVAILABLE;
}

static enum kc_status open_new(const struct keychain_build *build, const char *name,
			       struct database **ret_database)
{
	struct database_source source = {.path = name, .vfs = build->vfs};
	CLEANUP(database_freep) struct database *database = NULL;

	TRY(database_open(&source, &database));
	TRY(database_run(database, "PRAGMA journal_mode = MEMORY"));
	*ret_database = take(database);
	return KC_OK;
}

enum kc_status keychain_build_begin(const struct keychain_build *build, int version,
				    struct database **ret_database)
{
	CLEANUP(database_freep) struct database *database = NULL;
	char name[PATHS_MAX];

	TRY(make_file(build, name, sizeof(name)));
	TRY(open_new(build, name, &database));
	TRY(migrate_run(database, &build->migrations, 0, version));
	*ret_database = take(database);
	return KC_OK;
}

enum kc_status keychain_build_finish(const struct keychain_build *build, struct database **database)
{
	*database = database_free(*database);
	return keychain_swap_prepare(build->path, build->step);
}

enum kc_status keychain_build_empty(const struct keychain_build *build)
{
	CLEANUP(database_freep) struct database *database = NULL;

	TRY(keychain_build_begin(build, build->migrations.n, &database));
	return keychain_build_finish(build, &database);
}

/* --- upgrades ------------------------------------------------------------------------------------
 */

static enum kc_status copy_old(const struct keychain_build *build, int version, const char *name)
{
	struct database_source source = {.path = build->path, .vfs = build->vfs};
	CLEANUP(database_freep) struct database *old = NULL;
	enum kc_status status = KC_OK;

	TRY(database_open(&source, &old));
	status = migrate_check(old, "main", &build->migrations, version);
	if (status == KC_OK)
		status = database_copy(old, name);
	if (status != KC_OK && database_is_damaged(old))
		return error_remap(KC_ERR_DECODE);
	return status;
}

enum kc_status keychain_build_upgrade(const struct keychain_build *build, int version)
{
	CLEANUP(database_freep) struct database *database = NULL;
	char name[PATHS_MAX];

	TRY(make_file(build, name, sizeof(name)));
	TRY(copy_old(build, version, name));
	if (build->step)
		build->step("copied");
	TRY(open_new(build, name, &database));
	TRY(migrate_run(database, &build->migrations, version, build->migrations.n));
	return keychain_build_finish(build, &database);
}
