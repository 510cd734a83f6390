/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each protection class allows in each state of the lock: reference/keychain.md 4.3, and the
 * matrix of 4.4.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/scene.h"

enum {
	TEXT_MAX = 256,
};

enum state {
	UNLOCKED,
	LOCKED,
	BEFORE_FIRST_UNLOCK,
	STATES,
};

static const struct {
	const char *accessible;
	bool is_readable[STATES];
} classes[] = {
	{"when_unlocked", {true, false, false}},
	{"after_first_unlock", {true, true, false}},
	{"always", {true, true, true}},
	{"when_unlocked_this_device_only", {true, false, false}},
	{"after_first_unlock_this_device_only", {true, true, false}},
	{"always_this_device_only", {true, true, true}},
	{"when_passcode_set_this_device_only", {true, false, false}},
};

static const char *const returns[] = {
	"\"return_data\":true", "\"return_attributes\":true", "\"return_persistent_ref\":true",
	"\"return_data\":true,\"return_attributes\":true", "\"match_limit\":\"all\""};

struct text {
	char chars[TEXT_MAX];
};

/* The password of @account; @more is members behind it, or "". */
static struct text password(const char *account, const char *more)
{
	struct text text;

	(void)snprintf(text.chars, sizeof(text.chars),
		       "{\"class\":\"generic_password\",\"account\":\"%s\"%s%s}", account,
		       more[0] ? "," : "", more);
	return text;
}

static void add(struct scene *scene, enum kc_status expected, const char *account,
		const char *accessible)
{
	char more[TEXT_MAX / 2];

	(void)snprintf(more, sizeof(more), "\"accessible\":\"%s\"", accessible);
	CHECK(!scene_add(scene, expected, password(account, more).chars, "x"));
}

static void copy(struct scene *scene, enum kc_status expected, const char *account,
		 const char *more)
{
	CLEANUP(field_free)
	struct json_object *items = scene_copy(scene, expected, password(account, more).chars);

	CHECK((items != NULL) == (expected == KC_OK));
	if (expected == KC_ERR_INTERACTION_NOT_ALLOWED)
		CHECK_TEXT(error_get()->hint, "keycask unlock");
}

static void enter(struct scene *scene, enum state state)
{
	switch (state) {
	case LOCKED:
		scene_lock(scene);
		break;
	case BEFORE_FIRST_UNLOCK:
		scene_restart(scene);
		break;
	case UNLOCKED:
	case STATES:
	default:
		break;
	}
}

static struct scene begin_with_all(void)
{
	struct scene scene = scene_begin();

	scene_set_password(&scene, "pw");
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		add(&scene, KC_OK, classes[i].accessible, classes[i].accessible);
	return scene;
}

/* The next scene of the test shall not find it. */
static void end_for_good(struct scene *scene)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char path[sizeof(scene->path) + 8];
	char base[sizeof(scene->path)];

	memcpy(base, scene->path, sizeof(base));
	scene_end(scene);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", base, suffixes[i]);
		ignore(unlink(path));
	}
}

static enum kc_status wanted(size_t i, enum state state)
{
	return classes[i].is_readable[state] ? KC_OK : KC_ERR_INTERACTION_NOT_ALLOWED;
}

/* "Add → −25308 (also when it would be a duplicate)". */
static void check_add(struct scene *scene, size_t i, enum state state)
{
	enum kc_status expected = wanted(i, state);

	add(scene, expected, "another", classes[i].accessible);
	add(scene, expected == KC_OK ? KC_ERR_DUPLICATE_ITEM : expected, classes[i].accessible,
	    classes[i].accessible);
	if (expected == KC_OK)
		scene_delete(scene, KC_OK, password("another", "").chars);
}

/* "Copy, any return type including none, attributes only → −25308". */
static void check_copy(struct scene *scene, size_t i, enum state state)
{
	copy(scene, wanted(i, state), classes[i].accessible, "");
	for (size_t k = 0; k < ARRAY_LEN(returns); k++)
		copy(scene, wanted(i, state), classes[i].accessible, returns[k]);
}

static void check_update(struct scene *scene, size_t i, enum state state)
{
	struct text query = password(classes[i].accessible, "");

	scene_update(scene, wanted(i, state), query.chars, "{\"label\":\"changed\"}");
	scene_update_data(scene, wanted(i, state), query.chars, "{}", "y");
}

/* "Delete → success". */
static void check_delete(struct scene *scene, size_t i, enum state state)
{
	(void)state;
	scene_delete(scene, KC_OK, password(classes[i].accessible, "").chars);
	copy(scene, KC_ERR_ITEM_NOT_FOUND, classes[i].accessible, "");
}

static void check_states(void (*check)(struct scene *scene, size_t i, enum state state))
{
	for (enum state state = UNLOCKED; state < STATES; state++) {
		CLEANUP(end_for_good) struct scene scene = begin_with_all();

		enter(&scene, state);
		for (size_t i = 0; i < ARRAY_LEN(classes); i++)
			check(&scene, i, state);
	}
}

TEST(lock_and_add)
{
	check_states(check_add);
}

TEST(lock_and_copy)
{
	check_states(check_copy);
}

TEST(lock_and_update)
{
	check_states(check_update);
}

TEST(lock_and_delete)
{
	check_states(check_delete);
}

/* "After unlock the item is readable again with no further action". */
TEST(lock_and_unlock)
{
	for (enum state state = LOCKED; state < STATES; state++) {
		CLEANUP(end_for_good) struct scene scene = begin_with_all();

		enter(&scene, state);
		check_copy(&scene, 0, state);
		scene_unlock(&scene, "pw");
		for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
			CLEANUP(freep)
			char *data = scene_data(&scene, password(classes[i].accessible, "").chars);

			CHECK_TEXT(data, "x");
		}
	}
}

/* "Mixed result set with one locked row → whole query −25308". */
TEST(lock_and_mixed_results)
{
	CLEANUP(scene_end) struct scene scene = begin_with_all();

	scene_lock(&scene);
	CHECK(!scene_copy(&scene, KC_ERR_INTERACTION_NOT_ALLOWED,
			  "{\"class\":\"generic_password\",\"match_limit\":\"all\","
			  "\"return_attributes\":true}"));
	scene_update(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, "{\"class\":\"generic_password\"}",
		     "{\"label\":\"changed\"}");
	copy(&scene, KC_OK, "always", "\"return_data\":true");
	scene_delete(&scene, KC_OK, "{\"class\":\"generic_password\"}");
	scene_unlock(&scene, "pw");
	CHECK_INT(scene_count(&scene, "{\"class\":\"generic_password\"}"), 0);
}

/* A change of protection needs both keys: the one that opens it and the one that seals it. */
TEST(lock_and_another_protection)
{
	CLEANUP(scene_end) struct scene scene = begin_with_all();

	scene_lock(&scene);
	scene_update(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, password("always", "").chars,
		     "{\"accessible\":\"when_unlocked\"}");
	scene_update(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, password("when_unlocked", "").chars,
		     "{\"accessible\":\"always\"}");
	scene_update(&scene, KC_OK, password("always", "").chars,
		     "{\"accessible\":\"after_first_unlock\"}");
	scene_unlock(&scene, "pw");
	scene_update(&scene, KC_OK, password("when_unlocked", "").chars,
		     "{\"accessible\":\"always\"}");
	scene_restart(&scene);
	copy(&scene, KC_OK, "when_unlocked", "\"return_data\":true");
	copy(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, "always", "\"return_data\":true");
}

/* "akpu without passcode → errSecNotAvailable"; "vanishes when the passcode is removed". */
TEST(lock_and_no_password)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	const char *accessible = "when_passcode_set_this_device_only";

	add(&scene, KC_ERR_NOT_AVAILABLE, "a", accessible);
	scene_said("the keychain has no password");
	add(&scene, KC_OK, "b", "when_unlocked");
	scene_update(&scene, KC_ERR_NOT_AVAILABLE, password("b", "").chars,
		     "{\"accessible\":\"when_passcode_set_this_device_only\"}");
	scene_set_password(&scene, "pw");
	add(&scene, KC_OK, "a", accessible);
	copy(&scene, KC_OK, "a", "\"return_data\":true");
	CHECK_OK(keybag_set_password(engine_keybag(scene.engine), NULL, NULL));
	copy(&scene, KC_ERR_ITEM_NOT_FOUND, "a", "");
	copy(&scene, KC_OK, "b", "\"return_data\":true");
	scene_restart(&scene);
	copy(&scene, KC_OK, "b", "\"return_data\":true");
}
