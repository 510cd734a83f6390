/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order matters. PATH.next exists only when it is whole and on the disk. The old file and its
 * log leave before it comes, for SQLite would play a log that it finds into any file of that name.
 */
#include "store/keychain_swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "store/keychain_place.h"
#include "sys/file.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	NAMES_MAX = 100,
	SUFFIX_MAX = 64,
};

static bool exists(const char *path, const char *suffix)
{
	char name[PATHS_MAX];

	return keychain_place_name(path, suffix, name, sizeof(name)) == KC_OK &&
	       access(name, F_OK) == 0;
}

bool keychain_swap_is_due(const char *path)
{
	return exists(path, ".next");
}

static void at_step(keychain_swap_step_fn step, const char *name)
{
	if (step)
		step(name);
}

/* PATH@from becomes PATH@to. What is not there need not move. */
static enum kc_status move(const char *path, const char *from, const char *to)
{
	char old_name[PATHS_MAX];
	char new_name[PATHS_MAX];

	TRY(keychain_place_name(path, from, old_name, sizeof(old_name)));
	TRY(keychain_place_name(path, to, new_name, sizeof(new_name)));
	REQUIRE(rename(old_name, new_name) == 0 || errno == ENOENT, KC_ERR_NOT_AVAILABLE,
		"cannot rename %s: %s", old_name, strerror(errno));
	return KC_OK;
}

static enum kc_status sync_file(const char *path, const char *suffix)
{
	CLEANUP(socket_close) int fd = -1;
	char name[PATHS_MAX];

	TRY(keychain_place_name(path, suffix, name, sizeof(name)));
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	REQUIRE(fd >= 0 && fsync(fd) == 0, KC_ERR_NOT_AVAILABLE, "cannot write %s: %s", name,
		strerror(errno));
	return KC_OK;
}

enum kc_status keychain_swap_prepare(const char *path, keychain_swap_step_fn step)
{
	at_step(step, "built");
	TRY(sync_file(path, ".new"));
	at_step(step, "synced");
	TRY(move(path, ".new", ".next"));
	at_step(step, "whole");
	return file_sync_folder(path);
}

struct names {
	char kept[SUFFIX_MAX];
	char kept_log[SUFFIX_MAX];
};

static void put_names(const char *aside, int i, struct names *ret_names)
{
	if (i == 1)
		ignore(snprintf(ret_names->kept, SUFFIX_MAX, "%s", aside) < 0);
	else
		ignore(snprintf(ret_names->kept, SUFFIX_MAX, "%s-%d", aside, i) < 0);
	ignore(snprintf(ret_names->kept_log, SUFFIX_MAX, "%.*s-wal", SUFFIX_MAX - 5,
			ret_names->kept) < 0);
}

/* Names that neither a file nor a log has. */
static struct names find_names(const struct keychain_swap *swap)
{
	struct names names;

	put_names(swap->aside, 1, &names);
	for (int i = 2; swap->is_unique && i < NAMES_MAX; i++) {
		if (!exists(swap->path, names.kept) && !exists(swap->path, names.kept_log))
			break;
		put_names(swap->aside, i, &names);
	}
	return names;
}

static void forget_shared_memory(const char *path)
{
	char name[PATHS_MAX];

	if (keychain_place_name(path, "-shm", name, sizeof(name)) == KC_OK)
		ignore(unlink(name));
}

enum kc_status keychain_swap(const struct keychain_swap *swap, char *ret_kept, size_t size)
{
	struct names names = find_names(swap);

	TRY(move(swap->path, "", names.kept));
	at_step(swap->step, "aside");
	TRY(move(swap->path, "-wal", names.kept_log));
	at_step(swap->step, "log aside");
	forget_shared_memory(swap->path);
	TRY(move(swap->path, ".next", ""));
	at_step(swap->step, "in place");
	TRY(file_sync_folder(swap->path));
	if (exists(swap->path, names.kept))
		return keychain_place_name(swap->path, names.kept, ret_kept, size);
	return keychain_place_name("", "", ret_kept, size);
}
