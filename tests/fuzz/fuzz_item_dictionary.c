/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients send to change the keychain: each line of the input is a verb ("a", "c", "u" or "d")
 * and its dictionary, of an update two with a tab between, over an engine with a file. A verb
 * succeeds or gives one of the documented statuses; what was added is found by its reference, and
 * by the very attributes that come back (reference/keychain.md 2.2).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "items/engine.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	LINES_MAX = 8,
};

static const char *const groups[] = {"own", "other"};
static const uint8_t device_key[32] = {1, 2, 3};
static const char *const classes[] = {"generic_password", "internet_password", "certificate",
				      "key"};
static struct engine *engine;
static char folder[] = "/dev/shm/fuzz-items-XXXXXX";

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void remove_folder(void)
{
	static const char *const names[] = {"keychain.db", "keychain.db-wal", "keychain.db-shm",
					    "keychain.db.lock"};
	char path[128];

	engine = engine_free(engine);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

/* In memory where there is such a folder: an addition is on the disk before it answers. */
static void begin(void)
{
	char path[128];
	struct engine_settings settings = {
		.file = path, .device_key = VIEW_OF(device_key), .password_cost = 1};

	if (access("/dev/shm", W_OK) != 0)
		memcpy(folder, "/var/tmp", 8);
	require(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/keychain.db", folder);
	require(engine_new(&settings, &engine) == KC_OK);
	require(engine_file(engine).is_open);
	atexit(remove_folder);
}

static struct engine_request new_request(void)
{
	error_clear();
	return (struct engine_request){.caller = {.groups = groups, .n_groups = ARRAY_LEN(groups)}};
}

static void check(enum kc_status status)
{
	static const enum kc_status documented[] = {
		KC_OK,
		KC_ERR_ITEM_NOT_FOUND,
		KC_ERR_DUPLICATE_ITEM,
		KC_ERR_NO_SUCH_ATTR,
		KC_ERR_NO_SUCH_CLASS,
		KC_ERR_PARAM,
		KC_ERR_UNIMPLEMENTED,
		KC_ERR_MISSING_ENTITLEMENT,
		KC_ERR_AUTHENTICATION_NEEDED,
		KC_ERR_INTERACTION_NOT_ALLOWED,
		KC_ERR_AUTH_FAILED,
		KC_ERR_NOT_AVAILABLE,
	};

	for (size_t i = 0; i < ARRAY_LEN(documented); i++)
		if (documented[i] == status) {
			require(error_get()->status == status);
			return;
		}
	abort();
}

static enum kc_status copy(struct json_object *query, struct json_object **ret_items)
{
	struct engine_request request = new_request();
	enum kc_status status = engine_copy_matching(engine, &request, query, ret_items);

	check(status);
	engine_need_done(&request.need);
	return status;
}

static void set_flag(struct json_object *object, const char *name)
{
	require(json_object_object_add(object, name, json_object_new_boolean(true)) == 0);
}

/* By its reference, and then by what it says of itself. */
static void find_again(struct json_object *item)
{
	CLEANUP(field_free) struct json_object *items = NULL;
	CLEANUP(field_free) struct json_object *again = NULL;
	CLEANUP(field_free) struct json_object *query = json_object_new_object();
	struct json_object *reference = field_get(item, "value_persistent_ref");
	enum kc_status status = KC_OK;

	require(reference && query);
	json_object_object_add(query, "value_persistent_ref", json_object_get(reference));
	set_flag(query, "return_attributes");
	status = copy(query, &items);
	require(status == KC_OK || status == KC_ERR_AUTHENTICATION_NEEDED);
	if (status != KC_OK)
		return;
	require(json_object_array_length(items) == 1);
	require(copy(json_object_array_get_idx(items, 0), &again) == KC_OK);
}

static struct engine_part part_of(struct json_object *dictionary)
{
	struct json_object *data = field_get(dictionary, "value_data");
	const char *text = data ? json_object_get_string(data) : NULL;

	return (struct engine_part){.class_name = field_text(dictionary, "class"),
				    .data = view_of_text(text ? text : ""),
				    .has_data = data != NULL};
}

static void add(struct json_object *dictionary)
{
	CLEANUP(field_free) struct json_object *item = NULL;
	struct engine_part part = part_of(dictionary);
	struct engine_request request = new_request();
	enum kc_status status = KC_OK;

	set_flag(dictionary, "return_persistent_ref");
	status = engine_add(engine, &request, dictionary, &part, part.has_data ? 1 : 0, &item);
	check(status);
	engine_need_done(&request.need);
	if (status == KC_OK)
		find_again(item);
}

static void update(struct json_object *query, struct json_object *changes)
{
	struct engine_part part = part_of(changes);
	struct engine_request request = new_request();

	check(engine_update(engine, &request, query, changes, part.has_data ? &part : NULL));
	engine_need_done(&request.need);
}

static void delete (struct json_object *query)
{
	struct engine_request request = new_request();

	check(engine_delete(engine, &request, query));
	engine_need_done(&request.need);
}

static void run(char verb, struct json_object *dictionary, struct json_object *changes)
{
	CLEANUP(field_free) struct json_object *items = NULL;

	if (verb == 'a' && field_text(dictionary, "class"))
		add(dictionary);
	else if (verb == 'c')
		(void)copy(dictionary, &items);
	else if (verb == 'u' && changes)
		update(dictionary, changes);
	else if (verb == 'd')
		delete (dictionary);
}

static void run_line(struct kc_view line)
{
	CLEANUP(field_free) struct json_object *dictionary = NULL;
	CLEANUP(field_free) struct json_object *changes = NULL;
	struct kc_view first = line.len > 0 ? view_slice(line, 1, line.len) : line;
	const uint8_t *tab = first.len > 0 ? memchr(first.data, '\t', first.len) : NULL;
	struct kc_view second = {NULL, 0};

	if (tab) {
		second = view_slice(first, (size_t)(tab - first.data) + 1, first.len);
		first.len = (size_t)(tab - first.data);
	}
	error_clear();
	if (message_parse(first, &dictionary) != KC_OK)
		return;
	if (tab && message_parse(second, &changes) != KC_OK)
		return;
	run((char)line.data[0], dictionary, changes);
}

static void empty(void)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		CLEANUP(field_free) struct json_object *query = json_object_new_object();

		require(query != NULL);
		json_object_object_add(query, "class", json_object_new_string(classes[i]));
		json_object_object_add(query, "synchronizable", json_object_new_string("any"));
		delete (query);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_view left = view_of(data, size);

	if (!engine)
		begin();
	for (int i = 0; i < LINES_MAX && left.len > 0; i++) {
		const uint8_t *end = memchr(left.data, '\n', left.len);
		size_t len = end ? (size_t)(end - left.data) : left.len;

		run_line(view_slice(left, 0, len));
		left = view_slice(left, end ? len + 1 : len, left.len);
	}
	empty();
	return 0;
}
