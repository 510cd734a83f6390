/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two folders of files. A file that somebody else may have written counts for nothing: whoever
 * writes entitlements decides who reads what.
 */
#include "daemon/entitlement_set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/file.h"
#include "sys/paths.h"

enum {
	FILES_MAX = 256, /* of a folder */
};

static const char suffix[] = ".json";

/* --- what is there --------------------------------------------------------------------------- */

static int is_entry(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	size_t end = strlen(suffix);

	return entry->d_name[0] != '.' && len > end &&
	       strcmp(entry->d_name + len - end, suffix) == 0;
}

struct folder {
	const char *path;
	struct dirent **entries;
	int n;
};

static void folder_done(struct folder *folder)
{
	for (int i = 0; i < folder->n; i++)
		free(folder->entries[i]);
	free(folder->entries);
	*folder = (struct folder){NULL, NULL, 0};
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static struct folder folder_list(const char *path)
{
	struct folder folder = {path, NULL, 0};

	folder.n = path ? scandir(path, &folder.entries, is_entry, by_name) : 0;
	if (folder.n < 0)
		folder.n = 0;
	return folder;
}

static bool name_file(const struct folder *folder, int i, char *ret_path, size_t size)
{
	int len = snprintf(ret_path, size, "%s/%s", folder->path, folder->entries[i]->d_name);

	return len > 0 && (size_t)len < size;
}

/* FNV-1a: no one gains anything by two states that look the same but who may write them. */
static void mix(uint64_t *stamp, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		*stamp = (*stamp ^ bytes[i]) * 0x100000001b3;
}

/* The change time covers content, name, owner and mode. */
static void mix_file(uint64_t *stamp, const char *path)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		return;
	mix(stamp, &info.st_dev, sizeof(info.st_dev));
	mix(stamp, &info.st_ino, sizeof(info.st_ino));
	mix(stamp, &info.st_size, sizeof(info.st_size));
	mix(stamp, &info.st_ctim.tv_sec, sizeof(info.st_ctim.tv_sec));
	mix(stamp, &info.st_ctim.tv_nsec, sizeof(info.st_ctim.tv_nsec));
}

static void mix_folder(uint64_t *stamp, const struct folder *folder)
{
	char path[PATHS_MAX];

	if (folder->path)
		mix_file(stamp, folder->path);
	for (int i = 0; i < folder->n; i++) {
		mix(stamp, folder->entries[i]->d_name, strlen(folder->entries[i]->d_name) + 1);
		if (name_file(folder, i, path, sizeof(path)))
			mix_file(stamp, path);
	}
}

/* --- reading --------------------------------------------------------------------------------- */

static struct entitlement_problem *problem_free(struct entitlement_problem *problem)
{
	list_remove(&problem->link);
	free(problem->path);
	free(problem);
	return NULL;
}

static void add_problem(struct entitlement_set *set, const char *path)
{
	struct entitlement_problem *problem = calloc(1, sizeof(*problem));
	char *copy = strdup(path);

	log_warning("%s counts for nothing: %s", path, error_get()->message);
	if (problem && copy) {
		list_init(&problem->link);
		problem->path = copy;
		(void)snprintf(problem->reason, sizeof(problem->reason), "%s",
			       error_get()->message);
		list_append(&set->problems, &problem->link);
	} else {
		free(problem);
		free(copy);
	}
	error_clear();
}

static enum kc_status read_file(struct entitlement_set *set, const char *path)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(ENTITLEMENTS_BYTES_MAX);
	struct entitlements *entitlements = NULL;

	TRY(file_read_trusted(path, &text));
	TRY(entitlements_parse(bytes_view(&text), &entitlements));
	list_append(&set->all, &entitlements->link);
	set->n_files++;
	return KC_OK;
}

static void read_folder(struct entitlement_set *set, const struct folder *folder)
{
	char path[PATHS_MAX];

	error_clear();
	if (folder->n > 0 && file_check_trusted_folder(folder->path) != KC_OK) {
		add_problem(set, folder->path);
		return;
	}
	for (int i = 0; i < folder->n; i++) {
		enum kc_status status = KC_OK;

		if (!name_file(folder, i, path, sizeof(path)))
			continue;
		if (i >= FILES_MAX)
			status = fail(KC_ERR_PARAM, "there are more than %d files", FILES_MAX);
		else
			status = read_file(set, path);
		if (status != KC_OK)
			add_problem(set, path);
	}
}

static void empty(struct entitlement_set *set)
{
	list_for_each_safe (link, &set->all) {
		list_remove(link);
		ignore(entitlements_free(list_entry(link, struct entitlements, link)) != NULL);
	}
	list_for_each_safe (link, &set->problems)
		ignore(problem_free(list_entry(link, struct entitlement_problem, link)) != NULL);
	set->n_files = 0;
}

/* --- the set --------------------------------------------------------------------------------- */

static int64_t seconds_now(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

void entitlement_set_refresh(struct entitlement_set *set)
{
	CLEANUP(folder_done) struct folder system = folder_list(set->system_folder);
	CLEANUP(folder_done) struct folder user = folder_list(set->user_folder);
	uint64_t stamp = 0xcbf29ce484222325;

	mix_folder(&stamp, &system);
	mix_folder(&stamp, &user);
	set->looked_at = seconds_now();
	if (stamp == set->stamp && set->generation > 0)
		return;
	set->stamp = stamp;
	set->generation++;
	empty(set);
	read_folder(set, &system);
	read_folder(set, &user);
}

void entitlement_set_glance(struct entitlement_set *set)
{
	if (seconds_now() != set->looked_at)
		entitlement_set_refresh(set);
}

enum kc_status entitlement_set_init(struct entitlement_set *set)
{
	char folder[PATHS_MAX];

	*set = (struct entitlement_set){.generation = 0};
	list_init(&set->all);
	list_init(&set->problems);
	TRY(paths_system_config("entitlements.d", folder, sizeof(folder)));
	set->system_folder = strdup(folder);
	REQUIRE(set->system_folder, KC_ERR_ALLOCATE, "out of memory");
	if (paths_config("entitlements.d", folder, sizeof(folder)) != KC_OK) {
		error_clear(); /* without a home there are none of the user's own */
		return KC_OK;
	}
	set->user_folder = strdup(folder);
	REQUIRE(set->user_folder, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

void entitlement_set_done(struct entitlement_set *set)
{
	if (!set->all.next)
		return; /* it has not come that far */
	empty(set);
	free(set->system_folder);
	free(set->user_folder);
	*set = (struct entitlement_set){.generation = 0};
}
