/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file with the tables that a keybag uses, and what tests of keybags do with it. */
#include "store/test_keybag_scene.h"

#include <stdio.h>

#include "base/try.h"
#include "harness/test.h"

enum {
	PATH_BYTES = 256,
};

const uint8_t keybag_scene_device_key[SEAL_KEY_BYTES] = {1, 2, 3};

const enum keybag_class keybag_scene_classes[KEYBAG_SCENE_CLASSES] = {
	KEYBAG_WHEN_UNLOCKED,
	KEYBAG_AFTER_FIRST_UNLOCK,
	KEYBAG_ALWAYS,
	KEYBAG_WHEN_UNLOCKED_DEVICE,
	KEYBAG_AFTER_FIRST_UNLOCK_DEVICE,
	KEYBAG_ALWAYS_DEVICE,
	KEYBAG_WHEN_PASSCODE_SET_DEVICE,
};

/* The tables that a keybag uses, with the columns it uses. */
struct database *keybag_scene_database(void)
{
	struct database *database = NULL;
	char sql[PATH_BYTES + 64];

	(void)snprintf(sql, sizeof(sql), "ATTACH '%s/keychain.db' AS file", test_directory());
	CHECK_OK(database_new(&database));
	CHECK_OK(database_run(database, sql));
	CHECK_OK(database_run(
		database,
		"PRAGMA file.journal_mode = WAL; PRAGMA file.synchronous = FULL;"
		"PRAGMA file.secure_delete = ON;"
		"CREATE TABLE IF NOT EXISTS file.settings (name TEXT PRIMARY KEY, value BLOB "
		"NOT NULL);"
		"CREATE TABLE IF NOT EXISTS file.class_keys (protection INTEGER PRIMARY KEY, "
		"wrapped BLOB NOT NULL);"
		"CREATE TABLE IF NOT EXISTS file.generic_passwords (protection INTEGER);"
		"CREATE TABLE IF NOT EXISTS file.internet_passwords (protection INTEGER);"
		"CREATE TABLE IF NOT EXISTS file.certificates (protection INTEGER);"
		"CREATE TABLE IF NOT EXISTS file.keys (protection INTEGER);"));
	return database;
}

struct keybag *keybag_scene_open(struct database *database)
{
	struct keybag *keybag = NULL;

	error_clear();
	CHECK_OK(keybag_open(database, VIEW_OF(keybag_scene_device_key), KEYBAG_SCENE_COST,
			     &keybag));
	return keybag;
}

/* As a daemon that starts again. */
void keybag_scene_reopen(struct database **database, struct keybag **keybag)
{
	*keybag = keybag_free(*keybag);
	*database = database_free(*database);
	*database = keybag_scene_database();
	*keybag = keybag_scene_open(*database);
}

struct secret keybag_scene_stretch(const struct keybag_stretching *stretching, const char *password)
{
	struct secret stretched = {0};

	CHECK_OK(keybag_stretch(stretching, view_of_text(password), &stretched));
	return stretched;
}

enum kc_status keybag_scene_unlock(struct keybag *keybag, const char *password)
{
	struct keybag_stretching stretching = keybag_stretching(keybag);
	CLEANUP(secret_done) struct secret stretched = keybag_scene_stretch(&stretching, password);

	error_clear();
	return keybag_unlock(keybag, secret_view(&stretched));
}

enum kc_status keybag_scene_set_password(struct keybag *keybag, const char *password)
{
	CLEANUP(secret_done) struct secret stretched = {0};
	struct keybag_stretching stretching;
	struct kc_view view;

	error_clear();
	if (!password)
		return keybag_set_password(keybag, NULL, NULL);
	CHECK_OK(keybag_new_stretching(keybag, &stretching));
	stretched = keybag_scene_stretch(&stretching, password);
	view = secret_view(&stretched);
	return keybag_set_password(keybag, &stretching, &view);
}

void keybag_scene_run(struct database *database, const char *sql)
{
	CHECK_OK(database_run(database, sql));
}

long long keybag_scene_count(struct database *database, const char *sql)
{
	struct statement *statement = NULL;
	bool has_row = false;
	long long n = 0;

	CHECK_OK(database_prepare(database, sql, &statement));
	CHECK_OK(database_step(statement, &has_row));
	CHECK(has_row);
	n = database_column_number(statement, 0);
	database_reset(statement);
	return n;
}

struct keybag_scene_key keybag_scene_key(struct keybag *keybag, enum keybag_class protection)
{
	struct kc_view key = {0};
	struct keybag_scene_key copy;

	error_clear();
	CHECK_OK(keybag_key(keybag, protection, &key));
	CHECK_INT(key.len, SEAL_KEY_BYTES);
	memcpy(copy.bytes, key.data, SEAL_KEY_BYTES);
	return copy;
}

void keybag_scene_check_same(struct keybag *keybag, enum keybag_class protection,
			     const struct keybag_scene_key *before)
{
	struct keybag_scene_key now = keybag_scene_key(keybag, protection);

	CHECK(memcmp(&now, before, sizeof(now)) == 0);
}

/* What keybag_key() says of each class, in the order of keybag_scene_classes. */
void keybag_scene_check_all(const struct keybag *keybag, const enum kc_status *expected)
{
	for (size_t i = 0; i < KEYBAG_SCENE_CLASSES; i++) {
		struct kc_view key = {0};

		error_clear();
		CHECK_STATUS(keybag_key(keybag, keybag_scene_classes[i], &key), expected[i]);
	}
}

const enum kc_status keybag_scene_all_open[KEYBAG_SCENE_CLASSES] = {KC_OK, KC_OK, KC_OK, KC_OK,
								    KC_OK, KC_OK, KC_OK};
const enum kc_status keybag_scene_no_passcode[KEYBAG_SCENE_CLASSES] = {
	KC_OK, KC_OK, KC_OK, KC_OK, KC_OK, KC_OK, KC_ERR_NOT_AVAILABLE};
const enum kc_status keybag_scene_locked[KEYBAG_SCENE_CLASSES] = {
	KC_ERR_INTERACTION_NOT_ALLOWED, KC_OK, KC_OK, KC_ERR_INTERACTION_NOT_ALLOWED, KC_OK, KC_OK,
	KC_ERR_INTERACTION_NOT_ALLOWED};
const enum kc_status keybag_scene_before_first[KEYBAG_SCENE_CLASSES] = {
	KC_ERR_INTERACTION_NOT_ALLOWED, KC_ERR_INTERACTION_NOT_ALLOWED, KC_OK,
	KC_ERR_INTERACTION_NOT_ALLOWED, KC_ERR_INTERACTION_NOT_ALLOWED, KC_OK,
	KC_ERR_INTERACTION_NOT_ALLOWED};
