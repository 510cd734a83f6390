/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept of a card comes back as it was, and from no file that is not exactly ours. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "sys/file.h"
#include "tokens/cache.h"
#include "tokens/cache_entry.h"
#include "tokens/cache_seal.h"

#define TOKEN "org.keycask.piv:0123456789ABCDEF"
#define OTHER "org.keycask.piv:0123456789ABCDEE"
#define ANSWER                                                                                     \
	"{\"objects\":[{\"kind\":\"certificate\",\"object_id\":\"AQ==\",\"label\":\"C\","          \
	"\"data\":\"MAA=\",\"algorithms\":[],\"can_sign\":false,\"can_decrypt\":false,"            \
	"\"can_derive\":false}],\"pins\":[]}"

enum {
	FILE_MAX = 1024 * 1024,
};

static struct cache *open_cache(void)
{
	struct cache *cache = NULL;

	CHECK(setenv("KEYCASK_STATE_DIR", test_directory(), 1) == 0);
	CHECK_OK(cache_new(&cache));
	return cache;
}

static struct json_object *answer(void)
{
	struct json_object *object = json_tokener_parse(ANSWER);

	CHECK(object);
	return object;
}

/* The one file in the cache's folder. */
static const char *only_file(char path[512])
{
	char folder[400];
	DIR *entries = NULL;
	int n = 0;

	(void)snprintf(folder, sizeof(folder), "%s/cards", test_directory());
	entries = opendir(folder);
	CHECK(entries);
	for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, 512, "%.300s/%.200s", folder, entry->d_name);
		n++;
	}
	closedir(entries);
	CHECK_INT(n, 1);
	return path;
}

static void put_answer(struct cache *cache, const char *token_id)
{
	CLEANUP(field_free) struct json_object *object = answer();

	cache_put(cache, token_id, object);
}

static bool is_known(struct cache *cache, const char *token_id)
{
	CLEANUP(field_free) struct json_object *found = cache_find(cache, token_id);
	CLEANUP(field_free) struct json_object *expected = answer();

	CHECK(!found || json_object_equal(found, expected));
	return found != NULL;
}

TEST(a_card_is_known_again_also_to_the_next_daemon)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();

	CHECK(!is_known(cache, TOKEN));
	put_answer(cache, TOKEN);
	CHECK(is_known(cache, TOKEN));
	CHECK(!is_known(cache, OTHER));
	cache = cache_free(cache);
	cache = open_cache();
	CHECK(is_known(cache, TOKEN));
}

TEST(nothing_of_the_card_can_be_read_from_file_or_name)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_MAX);
	char path[512];
	struct stat info;

	put_answer(cache, TOKEN);
	CHECK_OK(file_read(only_file(path), &content));
	CHECK(!memmem(content.data, content.len, "certificate", 11));
	CHECK(!strstr(path, "0123456789ABCDEF"));
	CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
	(void)snprintf(path, sizeof(path), "%s/device.key", test_directory());
	CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600 && info.st_size == 32);
}

TEST(forgetting_one_or_all)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();

	put_answer(cache, TOKEN);
	put_answer(cache, OTHER);
	CHECK_INT(cache_forget(cache, OTHER), 1);
	CHECK_INT(cache_forget(cache, OTHER), 0);
	CHECK(is_known(cache, TOKEN) && !is_known(cache, OTHER));
	put_answer(cache, OTHER);
	CHECK_INT(cache_forget(cache, NULL), 2);
	CHECK(!is_known(cache, TOKEN) && !is_known(cache, OTHER));
	CHECK_INT(cache_forget(NULL, NULL), 0);
}

/* --- files that are no good --------------------------------------------------------------------
 */

static void write_file(const char *path, struct kc_view content)
{
	CHECK_OK(file_replace(path, content));
}

/* Ignored, and whole again after the card has been read. */
static void check_ignored(struct cache *cache)
{
	CHECK(!is_known(cache, TOKEN));
	put_answer(cache, TOKEN);
	CHECK(is_known(cache, TOKEN));
}

TEST(a_file_cut_anywhere_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_MAX);
	char path[512];

	put_answer(cache, TOKEN);
	CHECK_OK(file_read(only_file(path), &content));
	for (size_t len = 0; len < content.len; len++) {
		write_file(path, view_slice(bytes_view(&content), 0, len));
		CHECK(!is_known(cache, TOKEN));
	}
	check_ignored(cache);
}

TEST(a_file_with_any_byte_changed_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_MAX);
	char path[512];

	put_answer(cache, TOKEN);
	CHECK_OK(file_read(only_file(path), &content));
	for (size_t i = 0; i < content.len; i++) {
		content.data[i] ^= 0x10;
		write_file(path, bytes_view(&content));
		CHECK(!is_known(cache, TOKEN));
		content.data[i] ^= 0x10;
	}
	write_file(path, bytes_view(&content));
	CHECK(is_known(cache, TOKEN));
}

TEST(the_file_of_another_card_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	char path[512];
	char other[512];

	put_answer(cache, OTHER);
	memcpy(other, only_file(path), sizeof(other));
	CHECK_INT(cache_forget(cache, OTHER), 1);
	put_answer(cache, TOKEN);
	memcpy(path, only_file(path), sizeof(path));
	put_answer(cache, OTHER);
	CHECK(rename(other, path) == 0);
	check_ignored(cache);
}

TEST(a_file_sealed_on_another_device_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	static const uint8_t key[32] = {1};
	char path[512];

	put_answer(cache, TOKEN);
	cache = cache_free(cache);
	(void)snprintf(path, sizeof(path), "%s/device.key", test_directory());
	write_file(path, VIEW_OF(key));
	cache = open_cache();
	check_ignored(cache);
}

TEST(a_file_of_another_version_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_MAX);
	char path[512];

	put_answer(cache, TOKEN);
	CHECK_OK(file_read(only_file(path), &content));
	content.data[7] = 0;
	write_file(path, bytes_view(&content));
	check_ignored(cache);
}

TEST(a_file_that_is_too_long_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_MAX);
	char path[512];

	put_answer(cache, TOKEN);
	CHECK_OK(bytes_reserve(&content, CACHE_ENTRY_MAX + 100));
	memset(content.data, 'K', CACHE_ENTRY_MAX + 100);
	write_file(only_file(path), view_of(content.data, CACHE_ENTRY_MAX + 100));
	check_ignored(cache);
}

TEST(a_link_is_not_followed)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	char path[512];
	char target[512];
	struct stat info;

	put_answer(cache, TOKEN);
	(void)snprintf(target, sizeof(target), "%s/elsewhere", test_directory());
	CHECK(rename(only_file(path), target) == 0 && symlink(target, path) == 0);
	check_ignored(cache);
	CHECK(lstat(path, &info) == 0 && S_ISREG(info.st_mode)); /* the link is gone, … */
	CHECK(stat(target, &info) == 0);			 /* … not what it pointed to */
}

TEST(a_file_open_to_others_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	char path[512];

	put_answer(cache, TOKEN);
	CHECK(chmod(only_file(path), 0640) == 0);
	check_ignored(cache);
}

TEST(a_file_of_another_user_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	char path[512];

	put_answer(cache, TOKEN);
	if (chown(only_file(path), 65534, (gid_t)-1) == 0) /* only root may give files away */
		check_ignored(cache);
}

TEST(what_is_no_file_at_all_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	char path[512];

	put_answer(cache, TOKEN);
	CHECK(unlink(only_file(path)) == 0 && mkdir(path, 0700) == 0);
	CHECK(!is_known(cache, TOKEN));
	put_answer(cache, TOKEN); /* is not kept, and nothing else happens */
	CHECK(!is_known(cache, TOKEN));
	CHECK(rmdir(path) == 0 && mkfifo(path, 0600) == 0);
	check_ignored(cache);
}

TEST(a_folder_open_to_others_is_not_used)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	struct cache *second = NULL;
	char folder[512];

	put_answer(cache, TOKEN);
	(void)snprintf(folder, sizeof(folder), "%s/cards", test_directory());
	CHECK(chmod(folder, 0755) == 0);
	CHECK(!is_known(cache, TOKEN));
	CHECK_STATUS(cache_new(&second), KC_ERR_NOT_AVAILABLE);
	CHECK(chmod(folder, 0700) == 0);
	CHECK(is_known(cache, TOKEN));
}

TEST(a_device_key_that_is_none_is_named_and_left_alone)
{
	static const char *const wrong[] = {"", "short",
					    "0123456789012345678901234567890123456789"};
	CLEANUP(cache_freep) struct cache *cache = NULL;
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_MAX);
	char path[512];

	CHECK(setenv("KEYCASK_STATE_DIR", test_directory(), 1) == 0);
	(void)snprintf(path, sizeof(path), "%s/device.key", test_directory());
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		error_clear();
		write_file(path, view_of_text(wrong[i]));
		CHECK_STATUS(cache_new(&cache), KC_ERR_NOT_AVAILABLE);
		CHECK(strstr(error_get()->message, "device.key"));
	}
	CHECK_OK(file_read(path, &content));
	CHECK(view_equal(bytes_view(&content), view_of_text(wrong[2])));
}

/* --- many, and much ----------------------------------------------------------------------------
 */

TEST(the_card_that_was_away_longest_is_forgotten)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	char token_id[64];

	for (int i = 0; i < CACHE_CARDS_MAX; i++) {
		(void)snprintf(token_id, sizeof(token_id), "a:%d", i);
		put_answer(cache, token_id);
	}
	CHECK(is_known(cache, "a:0")); /* it was here just now: a:1 was away longest */
	put_answer(cache, "a:one more");
	CHECK(is_known(cache, "a:0"));
	CHECK(!is_known(cache, "a:1"));
	CHECK(is_known(cache, "a:2"));
	CHECK_INT(cache_forget(cache, NULL), CACHE_CARDS_MAX);
}

TEST(a_card_with_too_much_is_not_kept)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	CLEANUP(field_free) struct json_object *object = answer();
	CLEANUP(freep) char *label = calloc(1, CACHE_ENTRY_MAX + 1);
	struct json_object *objects = json_object_object_get(object, "objects");

	CHECK(label && objects);
	memset(label, 'x', CACHE_ENTRY_MAX);
	CHECK_OK(field_put_text(json_object_array_get_idx(objects, 0), "label", label));
	cache_put(cache, TOKEN, object);
	CHECK(!is_known(cache, TOKEN));
	CHECK_INT(cache_forget(cache, NULL), 0);
}

TEST(what_drivers_no_longer_say_is_ignored)
{
	CLEANUP(cache_freep) struct cache *cache = open_cache();
	CLEANUP(field_free) struct json_object *object = json_tokener_parse("{\"objects\":7}");

	cache_put(cache, TOKEN, object);
	check_ignored(cache);
}
