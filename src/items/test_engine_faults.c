/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs on a disk that fails: each n-th write, sync, truncation, read and opening in turn. What
 * was acknowledged is there afterwards; of the call that failed all or nothing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "harness/test.h"
#include "items/engine.h"
#include "store/fault_vfs.h"

enum {
	ACCOUNTS = 3,
	STEPS = ACCOUNTS + 3,
	FAULTS_MAX = 2000,
};

/* What each account's comment is; 0: there is no such item. */
struct state {
	char comments[ACCOUNTS];
};

static const uint8_t device_key[32] = {7};
static const char *const groups[] = {"own"};

static struct engine_request make_request(void)
{
	return (struct engine_request){.caller = {.groups = groups, .n_groups = 1}};
}

static struct engine *open_engine(void)
{
	char path[512];
	struct engine_settings settings = {.file = path,
					   .device_key = VIEW_OF(device_key),
					   .password_cost = 14,
					   .vfs = FAULT_VFS};
	struct engine *engine = NULL;

	ignore(snprintf(path, sizeof(path), "%s/state/keychain.db", test_directory()) < 0);
	error_clear();
	CHECK_OK(engine_new(&settings, &engine));
	return engine;
}

static void remove_state(void)
{
	char folder[512];

	ignore(snprintf(folder, sizeof(folder), "%s/state", test_directory()) < 0);
	test_remove(folder);
}

static struct json_object *parsed(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct json_object *parsed(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	ignore(vsnprintf(text, sizeof(text), format, args) < 0);
	va_end(args);
	return json_tokener_parse(text);
}

static enum kc_status add(struct engine *engine, int account)
{
	CLEANUP(field_free)
	struct json_object *item = parsed(
		"{\"class\":\"generic_password\",\"account\":\"%d\",\"comment\":\"a\"}", account);
	struct engine_request request = make_request();
	struct json_object *added = NULL;
	struct engine_part part = {
		.class_name = "generic_password", .data = view_of_text("secret"), .has_data = true};
	enum kc_status status = engine_add(engine, &request, item, &part, 1, &added);

	json_object_put(added);
	engine_need_done(&request.need);
	return status;
}

static enum kc_status update_all(struct engine *engine, char comment)
{
	CLEANUP(field_free)
	struct json_object *query = parsed("{\"class\":\"generic_password\"}");
	CLEANUP(field_free)
	struct json_object *changes = parsed("{\"comment\":\"%c\"}", comment);
	struct engine_request request = make_request();
	enum kc_status status = engine_update(engine, &request, query, changes, NULL);

	engine_need_done(&request.need);
	return status;
}

static enum kc_status delete_first(struct engine *engine)
{
	CLEANUP(field_free)
	struct json_object *query = parsed("{\"class\":\"generic_password\",\"account\":\"0\"}");
	struct engine_request request = make_request();
	enum kc_status status = engine_delete(engine, &request, query);

	engine_need_done(&request.need);
	return status;
}

/* What is there when @step has been done after @state. */
static struct state after(struct state state, int step)
{
	if (step < ACCOUNTS)
		state.comments[step] = 'a';
	else if (step == ACCOUNTS + 1)
		state.comments[0] = 0;
	else
		for (int i = 0; i < ACCOUNTS; i++)
			state.comments[i] = state.comments[i] ? (char)('b' + step) : '\0';
	return state;
}

static enum kc_status take_step(struct engine *engine, int step)
{
	error_clear();
	if (step < ACCOUNTS)
		return add(engine, step);
	if (step == ACCOUNTS + 1)
		return delete_first(engine);
	return update_all(engine, (char)('b' + step));
}

static struct state look(struct engine *engine)
{
	CLEANUP(field_free)
	struct json_object *query =
		parsed("{\"class\":\"generic_password\",\"match_limit\":\"all\","
		       "\"return_attributes\":true,\"return_data\":true}");
	CLEANUP(field_free) struct json_object *items = NULL;
	struct engine_request request = make_request();
	struct state state = {{0}};
	enum kc_status status = engine_copy_matching(engine, &request, query, &items);

	CHECK(status == KC_OK || status == KC_ERR_ITEM_NOT_FOUND);
	for (size_t i = 0; items && i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		CHECK(field_get(item, "value_data"));
		state.comments[field_text(item, "account")[0] - '0'] =
			field_text(item, "comment")[0];
	}
	engine_need_done(&request.need);
	return state;
}

static bool is_equal(struct state a, struct state b)
{
	return memcmp(a.comments, b.comments, ACCOUNTS) == 0;
}

/* With the disk well again. */
static void check_state(struct state before, struct state possible)
{
	struct engine *engine = NULL;
	struct state found;

	fault_vfs_arm(FAULT_WRITE, 0, false);
	engine = open_engine();
	CHECK(engine_file(engine).is_open && !engine_file(engine).reason);
	found = look(engine);
	CHECK(is_equal(found, before) || is_equal(found, possible));
	if (!found.comments[0])
		CHECK_OK(add(engine, 0));
	CHECK_OK(update_all(engine, 'z'));
	engine_free(engine);
}

/* False: nothing has failed. */
static bool live(void)
{
	struct engine *engine = open_engine();
	struct state before = {{0}};
	struct state possible = before;
	enum kc_status status = KC_OK;
	bool has_struck = false;

	for (int step = 0; step < STEPS && status == KC_OK; step++) {
		before = possible;
		possible = after(before, step);
		status = take_step(engine, step);
	}
	if (status == KC_OK)
		before = possible;
	else
		CHECK(status == KC_ERR_NOT_AVAILABLE && error_get()->message[0] &&
		      error_get()->hint[0]);
	engine_free(engine);
	has_struck = fault_vfs_has_struck();
	check_state(before, possible);
	return has_struck;
}

static void fail_each(enum fault_kind kind)
{
	int n = 1;
	bool has_struck = true;

	fault_vfs_register();
	for (; n < FAULTS_MAX && has_struck; n++) {
		remove_state();
		fault_vfs_arm(kind, n, false);
		has_struck = live();
	}
	printf("# %s: %d faults\n", fault_vfs_name(kind), n - 2);
	CHECK(n > 2 && n < FAULTS_MAX);
}

#define EACH(name_, kind_)                                                                         \
	TEST(each_##name_##_may_fail)                                                              \
	{                                                                                          \
		fail_each(kind_);                                                                  \
	}

EACH(write, FAULT_WRITE)
EACH(write_for_want_of_space, FAULT_FULL)
EACH(sync, FAULT_SYNC)
EACH(truncation, FAULT_TRUNCATE)
EACH(read, FAULT_READ)
EACH(opening, FAULT_OPEN)
