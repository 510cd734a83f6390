/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A keychain's file that somebody has changed: the input is a list of changes to a whole file with
 * some items, each "page, offset (2), length, bytes"; a page of 255 cuts the file off at that
 * offset of pages. The engine opens it, looks for everything, adds, changes and deletes; whatever
 * it answers, it ends, and a keychain that it has called damaged is kept.
 */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/try.h"
#include "items/engine.h"
#include "sys/file.h"

enum {
	PAGE = 4096,
	CUT = 255,
	CHANGES_MAX = 16,
	FILE_MAX = 4 * 1024 * 1024,
	ITEMS = 12,
};

static const uint8_t device_key[32] = {7};
static const char *const groups[] = {"own"};
static char folder[64];
static char path[128];
static struct bytes original = {.max = FILE_MAX};

static struct engine_request make_request(void)
{
	return (struct engine_request){.caller = {.groups = groups, .n_groups = 1}};
}

static struct engine *open_engine(void)
{
	struct engine_settings settings = {
		.file = path, .device_key = VIEW_OF(device_key), .password_cost = 14};
	struct engine *engine = NULL;

	error_clear();
	assert(engine_new(&settings, &engine) == KC_OK);
	return engine;
}

static enum kc_status add(struct engine *engine, int number)
{
	CLEANUP(field_free) struct json_object *item = json_object_new_object();
	struct engine_request request = make_request();
	struct json_object *ret_item = NULL;
	char account[32];
	struct engine_part part = {.class_name = "generic_password",
				   .data = view_of(original.data, number == 1 ? 9000 : 20),
				   .has_data = original.data != NULL};
	enum kc_status status = KC_OK;

	ignore(snprintf(account, sizeof(account), "account %d", number) < 0);
	json_object_object_add(item, "class", json_object_new_string("generic_password"));
	json_object_object_add(item, "account", json_object_new_string(account));
	error_clear();
	status = engine_add(engine, &request, item, &part, 1, &ret_item);
	json_object_put(ret_item);
	engine_need_done(&request.need);
	return status;
}

static void look(struct engine *engine, const char *item_class)
{
	CLEANUP(field_free) struct json_object *query = json_object_new_object();
	CLEANUP(field_free) struct json_object *items = NULL;
	struct engine_request request = make_request();

	json_object_object_add(query, "class", json_object_new_string(item_class));
	json_object_object_add(query, "match_limit", json_object_new_string("all"));
	json_object_object_add(query, "return_attributes", json_object_new_boolean(true));
	json_object_object_add(query, "return_data", json_object_new_boolean(true));
	error_clear();
	ignore(engine_copy_matching(engine, &request, query, &items) != KC_OK);
	engine_need_done(&request.need);
}

static void change(struct engine *engine)
{
	CLEANUP(field_free) struct json_object *query = json_object_new_object();
	CLEANUP(field_free) struct json_object *changes = json_object_new_object();
	struct engine_request request = make_request();

	json_object_object_add(query, "class", json_object_new_string("generic_password"));
	json_object_object_add(changes, "comment", json_object_new_string("changed"));
	error_clear();
	ignore(engine_update(engine, &request, query, changes, NULL) != KC_OK);
	error_clear();
	ignore(engine_delete(engine, &request, query) != KC_OK);
	engine_need_done(&request.need);
}

static void remove_files(bool with_folder)
{
	DIR *stream = opendir(folder);
	char name[512];

	for (struct dirent *entry = stream ? readdir(stream) : NULL; entry;
	     entry = readdir(stream)) {
		ignore(snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name) < 0);
		ignore(unlink(name));
	}
	if (stream)
		closedir(stream);
	if (with_folder)
		ignore(rmdir(folder));
}

static void remove_all(void)
{
	remove_files(true);
}

/* Where nothing has to wait for a disk, if there is such a place. */
static void make_original(void)
{
	struct engine *engine = NULL;

	ignore(snprintf(folder, sizeof(folder), "%s/keycask-fuzz-XXXXXX",
			access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") < 0);
	log_setup("fuzz", LOG_LEVEL_ERROR);
	assert(mkdtemp(folder));
	ignore(atexit(remove_all));
	ignore(snprintf(path, sizeof(path), "%s/keychain.db", folder) < 0);
	engine = open_engine();
	for (int i = 0; i < ITEMS; i++)
		assert(add(engine, i) == KC_OK);
	engine_free(engine);
	assert(file_read(path, &original) == KC_OK);
}

/* @at: the next change; false: there is none. */
static bool apply(int fd, struct kc_view input, size_t *at)
{
	struct kc_view head = view_slice(input, *at, 4);
	struct kc_view content = {NULL, 0};
	off_t offset = 0;

	if (head.len < 4)
		return false;
	offset = (head.data[1] << 8 | head.data[2]) % PAGE;
	if (head.data[0] == CUT) {
		assert(ftruncate(fd, (off_t)original.len * offset / PAGE) == 0);
		*at += 4;
		return true;
	}
	content = view_slice(input, *at + 4, head.data[3]);
	offset += (off_t)head.data[0] * PAGE;
	if (content.len > 0 && offset + (off_t)content.len <= (off_t)original.len)
		assert(pwrite(fd, content.data, content.len, offset) == (ssize_t)content.len);
	*at += 4 + content.len;
	return true;
}

static void write_changed(struct kc_view input)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t at = 0;

	assert(fd >= 0 && write(fd, original.data, original.len) == (ssize_t)original.len);
	for (int i = 0; i < CHANGES_MAX && apply(fd, input, &at); i++)
		;
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine *engine = NULL;

	if (!original.data)
		make_original();
	remove_files(false);
	write_changed(view_of(data, size));
	engine = open_engine();
	look(engine, "generic_password");
	look(engine, "identity");
	ignore(add(engine, ITEMS) != KC_OK);
	change(engine);
	look(engine, "generic_password");
	engine_free(engine);
	return 0;
}
