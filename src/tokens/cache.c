/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of the card cache. Whatever a file turns out to be, it is replaced when its card has been
 * read. Nothing is synced: what a crash of the machine destroys, the next insertion writes anew.
 */
#include "tokens/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/hex.h"
#include "sys/device_key.h"
#include "sys/file.h"
#include "sys/paths.h"
#include "tokens/cache_entry.h"
#include "tokens/cache_seal.h"
#include "wire/protocol.h"

#define SUFFIX ".card"

enum {
	NAME_DIGITS = 2 * CACHE_SEAL_NAME_BYTES,
	NAME_LEN = NAME_DIGITS + sizeof(SUFFIX) - 1,
};

struct cache {
	char folder[PATHS_MAX];
	struct secret device_key;
	struct idl *definition;
};

struct cache *cache_free(struct cache *cache)
{
	if (!cache)
		return NULL;
	secret_done(&cache->device_key);
	cache->definition = idl_free(cache->definition);
	free(cache);
	return NULL;
}

enum kc_status cache_new(struct cache **ret_cache)
{
	CLEANUP(cache_freep) struct cache *cache = calloc(1, sizeof(*cache));
	char path[PATHS_MAX];

	REQUIRE(cache, KC_ERR_ALLOCATE, "out of memory");
	TRY(paths_state("cards", cache->folder, sizeof(cache->folder)));
	TRY(paths_make_private_folder(cache->folder));
	TRY(paths_state("device.key", path, sizeof(path)));
	TRY(device_key_load(path, &cache->device_key));
	TRY(idl_parse(protocol_org_keycask_Driver, &cache->definition));
	*ret_cache = take(cache);
	return KC_OK;
}

static enum kc_status path_of(const struct cache *cache, const char *token_id, char *ret_path,
			      size_t size)
{
	CLEANUP(freep) char *digits = NULL;
	uint8_t name[CACHE_SEAL_NAME_BYTES];
	int len = 0;

	TRY(cache_seal_name(secret_view(&cache->device_key), token_id, name));
	digits = hex_encode(VIEW_OF(name), HEX_LOWER);
	REQUIRE(digits, KC_ERR_ALLOCATE, "out of memory");
	len = snprintf(ret_path, size, "%s/%s%s", cache->folder, digits, SUFFIX);
	REQUIRE(len > 0 && (size_t)len < size, KC_ERR_PARAM, "the path %.60s… is too long",
		cache->folder);
	return KC_OK;
}

/* --- one card ----------------------------------------------------------------------------------
 */

static enum kc_status find(struct cache *cache, const char *token_id,
			   struct json_object **ret_enumerated)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(CACHE_ENTRY_MAX + CACHE_SEAL_OVERHEAD);
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(CACHE_ENTRY_MAX + 1);
	char path[PATHS_MAX];

	TRY(paths_check_private_folder(cache->folder));
	TRY(path_of(cache, token_id, path, sizeof(path)));
	TRY(file_read_private(path, &sealed));
	TRY(cache_seal_open(secret_view(&cache->device_key), token_id, bytes_view(&sealed), &text));
	TRY(cache_entry_parse(bytes_view(&text), cache->definition, ret_enumerated));
	/* When it was here last: the time of the file, which says who goes when there are many. */
	ignore(utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW));
	return KC_OK;
}

struct json_object *cache_find(struct cache *cache, const char *token_id)
{
	struct json_object *enumerated = NULL;
	enum kc_status status = KC_ERR_ITEM_NOT_FOUND;

	error_clear();
	if (cache)
		status = find(cache, token_id, &enumerated);
	if (status != KC_OK && status != KC_ERR_ITEM_NOT_FOUND)
		log_warning("token %s: its file in the card cache is ignored: %s", token_id,
			    error_get()->message);
	error_clear();
	return enumerated;
}

static enum kc_status put(struct cache *cache, const char *token_id, struct json_object *enumerated)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(CACHE_ENTRY_MAX + CACHE_SEAL_OVERHEAD);
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(CACHE_ENTRY_MAX + 1);
	char path[PATHS_MAX];

	TRY(paths_check_private_folder(cache->folder));
	TRY(path_of(cache, token_id, path, sizeof(path)));
	TRY(cache_entry_put(enumerated, &text));
	TRY(cache_seal_close(secret_view(&cache->device_key), token_id, bytes_view(&text),
			     &sealed));
	return file_replace(path, bytes_view(&sealed));
}

/* --- all of them -------------------------------------------------------------------------------
 */

static bool is_ours(const char *name)
{
	return strlen(name) == NAME_LEN && strspn(name, "0123456789abcdef") == NAME_DIGITS &&
	       strcmp(name + NAME_DIGITS, SUFFIX) == 0;
}

static void folder_close(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

struct census {
	unsigned n;
	char oldest[NAME_LEN + 1];
	struct timespec oldest_time;
};

static bool is_earlier(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static void count_file(DIR *folder, const char *name, struct census *census)
{
	struct stat info;

	if (!is_ours(name) || fstatat(dirfd(folder), name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (census->n == 0 || is_earlier(info.st_mtim, census->oldest_time)) {
		memcpy(census->oldest, name, NAME_LEN + 1);
		census->oldest_time = info.st_mtim;
	}
	census->n++;
}

static void remove_oldest(struct cache *cache)
{
	CLEANUP(folder_close) DIR *folder = opendir(cache->folder);
	struct census census = {0};

	for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder))
		count_file(folder, entry->d_name, &census);
	if (census.n > CACHE_CARDS_MAX)
		ignore(unlinkat(dirfd(folder), census.oldest, 0));
}

void cache_put(struct cache *cache, const char *token_id, struct json_object *enumerated)
{
	if (!cache)
		return;
	error_clear();
	if (put(cache, token_id, enumerated) != KC_OK)
		log_warning("token %s: it is not kept in the card cache: %s", token_id,
			    error_get()->message);
	error_clear();
	remove_oldest(cache);
}

static unsigned forget_all(struct cache *cache)
{
	CLEANUP(folder_close) DIR *folder = opendir(cache->folder);
	unsigned n = 0;

	for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder))
		n += is_ours(entry->d_name) && unlinkat(dirfd(folder), entry->d_name, 0) == 0;
	return n;
}

unsigned cache_forget(struct cache *cache, const char *token_id)
{
	char path[PATHS_MAX];

	if (!cache)
		return 0;
	if (!token_id)
		return forget_all(cache);
	error_clear();
	return path_of(cache, token_id, path, sizeof(path)) == KC_OK && unlink(path) == 0;
}
