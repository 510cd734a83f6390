/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keybags: what is there in which state, and the password's life. */
#include "store/keybag.h"

#include <stdio.h>

#include "base/try.h"
#include "harness/test.h"
#include "store/test_keybag_scene.h"

TEST(classes_have_names)
{
	for (size_t i = 0; i < KEYBAG_SCENE_CLASSES; i++) {
		const char *name = keybag_class_name(keybag_scene_classes[i]);
		enum keybag_class found = 0;

		CHECK(keybag_find_class(name, &found));
		CHECK_INT(found, keybag_scene_classes[i]);
		CHECK_INT(keybag_class_is_for_this_device(found),
			  strstr(name, "_this_device_only") != NULL);
	}
	CHECK_TEXT(keybag_class_name(KEYBAG_AFTER_FIRST_UNLOCK_DEVICE),
		   "after_first_unlock_this_device_only");
	CHECK(!keybag_class_name(0));
	CHECK(!keybag_class_name((enum keybag_class)KEYBAG_CLASSES_END));
	CHECK(!keybag_find_class("when_unlocked ", &(enum keybag_class){0}));
}

/* "scrypt", N = 16, r = 8: by Python's hashlib.scrypt(b"a password", salt=bytes(range(32)), n=16,
 * r=8, p=1, dklen=32). */
TEST(stretches_to_a_known_answer)
{
	struct keybag_stretching stretching = {.cost = 4};
	CLEANUP(secret_done) struct secret stretched = {0};

	for (size_t i = 0; i < sizeof(stretching.salt); i++)
		stretching.salt[i] = (uint8_t)i;
	CHECK_OK(keybag_stretch(&stretching, view_of_text("a password"), &stretched));
	CHECK_HEX(secret_view(&stretched),
		  "40d962bba67a20ea19d24fd1229d115fab5c5a79d31009ff1c4f7ef439212e54");
}

TEST(stretching_has_its_limits)
{
	struct keybag_stretching stretching = {.cost = KEYBAG_COST_MAX + 1};
	struct secret stretched = {0};

	CHECK_STATUS(keybag_stretch(&stretching, view_of_text("x"), &stretched), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "a password cannot be stretched at cost 21");
	stretching.cost = 0;
	CHECK_STATUS(keybag_stretch(&stretching, view_of_text("x"), &stretched), KC_ERR_PARAM);
}

TEST(without_a_password_it_is_open_and_cannot_be_locked)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	struct keybag_scene_key before = keybag_scene_key(keybag, KEYBAG_WHEN_UNLOCKED);

	CHECK(!keybag_has_password(keybag));
	CHECK_TEXT(keybag_state_name(keybag_state(keybag)), "unlocked");
	keybag_scene_check_all(keybag, keybag_scene_no_passcode);
	CHECK_TEXT(error_get()->message, "the keychain has no password");
	CHECK_TEXT(error_get()->hint, "keycask passwd sets one");
	CHECK_STATUS(keybag_lock(keybag), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(keybag_unlock(keybag, VIEW_OF(keybag_scene_device_key)), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(keybag_check(keybag, VIEW_OF(keybag_scene_device_key)), KC_ERR_NOT_AVAILABLE);
	keybag_scene_reopen(&database, &keybag);
	keybag_scene_check_all(keybag, keybag_scene_no_passcode);
	keybag_scene_check_same(keybag, KEYBAG_WHEN_UNLOCKED, &before);
}

TEST(every_class_has_a_key_of_its_own)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	struct keybag_scene_key keys[KEYBAG_SCENE_CLASSES];

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	for (size_t i = 0; i < KEYBAG_SCENE_CLASSES; i++) {
		keys[i] = keybag_scene_key(keybag, keybag_scene_classes[i]);
		for (size_t k = 0; k < i; k++)
			CHECK(memcmp(&keys[i], &keys[k], sizeof(keys[i])) != 0);
	}
}

TEST(states_come_and_go)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	keybag_scene_check_all(keybag, keybag_scene_all_open);
	CHECK_OK(keybag_lock(keybag));
	CHECK_TEXT(keybag_state_name(keybag_state(keybag)), "locked");
	keybag_scene_check_all(keybag, keybag_scene_locked);
	CHECK_TEXT(error_get()->message, "the keychain is locked");
	CHECK_TEXT(error_get()->hint, "keycask unlock");
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
	keybag_scene_check_all(keybag, keybag_scene_all_open);
	keybag_scene_reopen(&database, &keybag);
	CHECK_TEXT(keybag_state_name(keybag_state(keybag)), "before_first_unlock");
	keybag_scene_check_all(keybag, keybag_scene_before_first);
	CHECK_TEXT(error_get()->message,
		   "the keychain has not been unlocked since keycaskd started");
	error_clear();
	CHECK_OK(keybag_lock(keybag));
	CHECK_INT(keybag_state(keybag), KEYBAG_BEFORE_FIRST_UNLOCK);
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
	keybag_scene_check_all(keybag, keybag_scene_all_open);
}

/* reference/keychain.md 4.4: class-A keys are dropped from memory on lock. */
TEST(locking_wipes_the_keys)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	static const uint8_t zeros[SEAL_KEY_BYTES];
	struct kc_view key = {0};

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	CHECK_OK(keybag_key(keybag, KEYBAG_WHEN_UNLOCKED, &key));
	CHECK(!view_equal(key, VIEW_OF(zeros)));
	CHECK_OK(keybag_lock(keybag));
	CHECK(view_equal(key, VIEW_OF(zeros)));
}

TEST(a_wrong_password_changes_nothing)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	CHECK_STATUS(keybag_scene_unlock(keybag, "two"), KC_ERR_AUTH_FAILED);
	CHECK_TEXT(error_get()->message, "wrong keychain password");
	keybag_scene_check_all(keybag, keybag_scene_all_open);
	keybag_scene_reopen(&database, &keybag);
	CHECK_STATUS(keybag_scene_unlock(keybag, "One"), KC_ERR_AUTH_FAILED);
	CHECK_STATUS(keybag_scene_unlock(keybag, ""), KC_ERR_AUTH_FAILED);
	keybag_scene_check_all(keybag, keybag_scene_before_first);
}

TEST(checking_changes_nothing)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	CLEANUP(secret_done) struct secret right = {0};
	CLEANUP(secret_done) struct secret wrong = {0};
	struct keybag_stretching stretching;

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	CHECK_OK(keybag_lock(keybag));
	stretching = keybag_stretching(keybag);
	right = keybag_scene_stretch(&stretching, "one");
	wrong = keybag_scene_stretch(&stretching, "two");
	CHECK_OK(keybag_check(keybag, secret_view(&right)));
	CHECK_STATUS(keybag_check(keybag, secret_view(&wrong)), KC_ERR_AUTH_FAILED);
	keybag_scene_check_all(keybag, keybag_scene_locked);
}

TEST(another_password_keeps_the_keys)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	struct keybag_scene_key before[KEYBAG_SCENE_CLASSES];

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	for (size_t i = 0; i < KEYBAG_SCENE_CLASSES; i++)
		before[i] = keybag_scene_key(keybag, keybag_scene_classes[i]);
	CHECK_OK(keybag_scene_set_password(keybag, "two"));
	for (size_t i = 0; i < KEYBAG_SCENE_CLASSES; i++)
		keybag_scene_check_same(keybag, keybag_scene_classes[i], &before[i]);
	keybag_scene_reopen(&database, &keybag);
	CHECK_STATUS(keybag_scene_unlock(keybag, "one"), KC_ERR_AUTH_FAILED);
	CHECK_OK(keybag_scene_unlock(keybag, "two"));
	for (size_t i = 0; i < KEYBAG_SCENE_CLASSES; i++)
		keybag_scene_check_same(keybag, keybag_scene_classes[i], &before[i]);
}

static const char *const tables[] = {"generic_passwords", "internet_passwords", "certificates",
				     "keys"};

static void add_rows(struct database *database)
{
	char sql[96];

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		(void)snprintf(sql, sizeof(sql), "INSERT INTO file.%s VALUES (1), (7), (7)",
			       tables[i]);
		keybag_scene_run(database, sql);
	}
}

static void check_rows(struct database *database, int n_each)
{
	char sql[96];

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM file.%s", tables[i]);
		CHECK_INT(keybag_scene_count(database, sql), n_each);
	}
}

/* reference/keychain.md 4.3: vanishes when the passcode is removed. */
TEST(without_the_password_its_class_vanishes)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	struct keybag_scene_key passcode_set;
	struct keybag_scene_key when_unlocked;

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	passcode_set = keybag_scene_key(keybag, KEYBAG_WHEN_PASSCODE_SET_DEVICE);
	when_unlocked = keybag_scene_key(keybag, KEYBAG_WHEN_UNLOCKED);
	add_rows(database);
	CHECK_OK(keybag_scene_set_password(keybag, "two"));
	check_rows(database, 3);
	CHECK_OK(keybag_scene_set_password(keybag, NULL));
	CHECK(!keybag_has_password(keybag));
	check_rows(database, 1);
	CHECK_INT(keybag_scene_count(database,
				     "SELECT count(*) FROM file.class_keys WHERE protection = 7"),
		  0);
	keybag_scene_check_all(keybag, keybag_scene_no_passcode);
	keybag_scene_reopen(&database, &keybag);
	CHECK_INT(keybag_state(keybag), KEYBAG_UNLOCKED);
	keybag_scene_check_all(keybag, keybag_scene_no_passcode);
	keybag_scene_check_same(keybag, KEYBAG_WHEN_UNLOCKED, &when_unlocked);
	CHECK_OK(keybag_scene_set_password(keybag, "three"));
	CHECK(memcmp(keybag_scene_key(keybag, KEYBAG_WHEN_PASSCODE_SET_DEVICE).bytes,
		     passcode_set.bytes, SEAL_KEY_BYTES) != 0);
}

TEST(a_locked_keybag_keeps_its_password)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	CHECK_OK(keybag_lock(keybag));
	CHECK_STATUS(keybag_scene_set_password(keybag, "two"), KC_ERR_INTERACTION_NOT_ALLOWED);
	CHECK_STATUS(keybag_scene_set_password(keybag, NULL), KC_ERR_INTERACTION_NOT_ALLOWED);
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
}

TEST(a_change_that_cannot_be_written_did_not_happen)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	add_rows(database);
	keybag_scene_run(database, "PRAGMA query_only = ON");
	CHECK(keybag_scene_set_password(keybag, "two") != KC_OK);
	CHECK(keybag_scene_set_password(keybag, NULL) != KC_OK);
	CHECK(keybag_has_password(keybag));
	keybag_scene_check_all(keybag, keybag_scene_all_open);
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
	keybag_scene_reopen(&database, &keybag);
	check_rows(database, 3);
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
}

static void stop_at(struct database *database, enum keybag_class protection)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql),
		       "CREATE TRIGGER file.stop BEFORE INSERT ON class_keys "
		       "WHEN new.protection = %d BEGIN SELECT raise(ABORT, 'stop'); END",
		       (int)protection);
	keybag_scene_run(database, sql);
}

/* Each of the writes of one change fails in turn. */
TEST(a_change_is_all_or_nothing)
{
	static const enum keybag_class wrapped_again[] = {
		KEYBAG_WHEN_UNLOCKED, KEYBAG_AFTER_FIRST_UNLOCK, KEYBAG_WHEN_UNLOCKED_DEVICE,
		KEYBAG_AFTER_FIRST_UNLOCK_DEVICE, KEYBAG_WHEN_PASSCODE_SET_DEVICE};
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	for (size_t i = 0; i < ARRAY_LEN(wrapped_again); i++) {
		stop_at(database, wrapped_again[i]);
		CHECK(keybag_scene_set_password(keybag, "two") != KC_OK);
		keybag_scene_run(database, "DROP TRIGGER file.stop");
		keybag_scene_check_all(keybag, keybag_scene_all_open);
		keybag_scene_reopen(&database, &keybag);
		CHECK_OK(keybag_scene_unlock(keybag, "one"));
	}
}
