/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keybags in a file of their own: what is there in which state, the password's life, damage. */
#include "store/keybag.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"

enum {
	COST = 4, /* quick */
	PATH_BYTES = 256,
};

static const uint8_t device_key[SEAL_KEY_BYTES] = {1, 2, 3};

static const enum keybag_class all_classes[] = {
	KEYBAG_WHEN_UNLOCKED,
	KEYBAG_AFTER_FIRST_UNLOCK,
	KEYBAG_ALWAYS,
	KEYBAG_WHEN_UNLOCKED_DEVICE,
	KEYBAG_AFTER_FIRST_UNLOCK_DEVICE,
	KEYBAG_ALWAYS_DEVICE,
	KEYBAG_WHEN_PASSCODE_SET_DEVICE,
};

/* The tables that a keybag uses, with the columns it uses. */
static struct database *open_database(void)
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

static struct keybag *open_keybag(struct database *database)
{
	struct keybag *keybag = NULL;

	error_clear();
	CHECK_OK(keybag_open(database, VIEW_OF(device_key), COST, &keybag));
	return keybag;
}

/* As a daemon that starts again. */
static void reopen(struct database **database, struct keybag **keybag)
{
	*keybag = keybag_free(*keybag);
	*database = database_free(*database);
	*database = open_database();
	*keybag = open_keybag(*database);
}

static struct secret stretch(const struct keybag_stretching *stretching, const char *password)
{
	struct secret stretched = {0};

	CHECK_OK(keybag_stretch(stretching, view_of_text(password), &stretched));
	return stretched;
}

static enum kc_status unlock(struct keybag *keybag, const char *password)
{
	struct keybag_stretching stretching = keybag_stretching(keybag);
	CLEANUP(secret_done) struct secret stretched = stretch(&stretching, password);

	error_clear();
	return keybag_unlock(keybag, secret_view(&stretched));
}

static enum kc_status set_password(struct keybag *keybag, const char *password)
{
	CLEANUP(secret_done) struct secret stretched = {0};
	struct keybag_stretching stretching;
	struct kc_view view;

	error_clear();
	if (!password)
		return keybag_set_password(keybag, NULL, NULL);
	CHECK_OK(keybag_new_stretching(keybag, &stretching));
	stretched = stretch(&stretching, password);
	view = secret_view(&stretched);
	return keybag_set_password(keybag, &stretching, &view);
}

static void run(struct database *database, const char *sql)
{
	CHECK_OK(database_run(database, sql));
}

static long long count(struct database *database, const char *sql)
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

struct key_copy {
	uint8_t bytes[SEAL_KEY_BYTES];
};

static struct key_copy copy_key(struct keybag *keybag, enum keybag_class protection)
{
	struct kc_view key = {0};
	struct key_copy copy;

	error_clear();
	CHECK_OK(keybag_key(keybag, protection, &key));
	CHECK_INT(key.len, SEAL_KEY_BYTES);
	memcpy(copy.bytes, key.data, SEAL_KEY_BYTES);
	return copy;
}

static void check_same_key(struct keybag *keybag, enum keybag_class protection,
			   const struct key_copy *before)
{
	struct key_copy now = copy_key(keybag, protection);

	CHECK(memcmp(&now, before, sizeof(now)) == 0);
}

/* What keybag_key() says of each class, in the order of all_classes. */
static void check_all(const struct keybag *keybag, const enum kc_status *expected)
{
	for (size_t i = 0; i < ARRAY_LEN(all_classes); i++) {
		struct kc_view key = {0};

		error_clear();
		CHECK_STATUS(keybag_key(keybag, all_classes[i], &key), expected[i]);
	}
}

static const enum kc_status all_open[] = {KC_OK, KC_OK, KC_OK, KC_OK, KC_OK, KC_OK, KC_OK};
static const enum kc_status no_passcode[] = {
	KC_OK, KC_OK, KC_OK, KC_OK, KC_OK, KC_OK, KC_ERR_NOT_AVAILABLE};
static const enum kc_status when_locked[] = {KC_ERR_INTERACTION_NOT_ALLOWED, KC_OK, KC_OK,
					     KC_ERR_INTERACTION_NOT_ALLOWED, KC_OK, KC_OK,
					     KC_ERR_INTERACTION_NOT_ALLOWED};
static const enum kc_status before_first[] = {
	KC_ERR_INTERACTION_NOT_ALLOWED, KC_ERR_INTERACTION_NOT_ALLOWED, KC_OK,
	KC_ERR_INTERACTION_NOT_ALLOWED, KC_ERR_INTERACTION_NOT_ALLOWED, KC_OK,
	KC_ERR_INTERACTION_NOT_ALLOWED};

TEST(classes_have_names)
{
	for (size_t i = 0; i < ARRAY_LEN(all_classes); i++) {
		const char *name = keybag_class_name(all_classes[i]);
		enum keybag_class found = 0;

		CHECK(keybag_find_class(name, &found));
		CHECK_INT(found, all_classes[i]);
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
	CHECK_TEXT(error_get()->message, "a password cannot be stretched at cost 23");
	stretching.cost = 0;
	CHECK_STATUS(keybag_stretch(&stretching, view_of_text("x"), &stretched), KC_ERR_PARAM);
}

TEST(without_a_password_it_is_open_and_cannot_be_locked)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	struct key_copy before = copy_key(keybag, KEYBAG_WHEN_UNLOCKED);

	CHECK(!keybag_has_password(keybag));
	CHECK_TEXT(keybag_state_name(keybag_state(keybag)), "unlocked");
	check_all(keybag, no_passcode);
	CHECK_TEXT(error_get()->message, "the keychain has no password");
	CHECK_TEXT(error_get()->hint, "keycask passwd sets one");
	CHECK_STATUS(keybag_lock(keybag), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(keybag_unlock(keybag, VIEW_OF(device_key)), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(keybag_check(keybag, VIEW_OF(device_key)), KC_ERR_NOT_AVAILABLE);
	reopen(&database, &keybag);
	check_all(keybag, no_passcode);
	check_same_key(keybag, KEYBAG_WHEN_UNLOCKED, &before);
}

TEST(every_class_has_a_key_of_its_own)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	struct key_copy keys[ARRAY_LEN(all_classes)];

	CHECK_OK(set_password(keybag, "one"));
	for (size_t i = 0; i < ARRAY_LEN(all_classes); i++) {
		keys[i] = copy_key(keybag, all_classes[i]);
		for (size_t k = 0; k < i; k++)
			CHECK(memcmp(&keys[i], &keys[k], sizeof(keys[i])) != 0);
	}
}

TEST(states_come_and_go)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);

	CHECK_OK(set_password(keybag, "one"));
	check_all(keybag, all_open);
	CHECK_OK(keybag_lock(keybag));
	CHECK_TEXT(keybag_state_name(keybag_state(keybag)), "locked");
	check_all(keybag, when_locked);
	CHECK_TEXT(error_get()->message, "the keychain is locked");
	CHECK_TEXT(error_get()->hint, "keycask unlock");
	CHECK_OK(unlock(keybag, "one"));
	check_all(keybag, all_open);
	reopen(&database, &keybag);
	CHECK_TEXT(keybag_state_name(keybag_state(keybag)), "before_first_unlock");
	check_all(keybag, before_first);
	CHECK_TEXT(error_get()->message,
		   "the keychain has not been unlocked since keycaskd started");
	error_clear();
	CHECK_OK(keybag_lock(keybag));
	CHECK_INT(keybag_state(keybag), KEYBAG_BEFORE_FIRST_UNLOCK);
	CHECK_OK(unlock(keybag, "one"));
	check_all(keybag, all_open);
}

/* reference/keychain.md 4.4: class-A keys are dropped from memory on lock. */
TEST(locking_wipes_the_keys)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	static const uint8_t zeros[SEAL_KEY_BYTES];
	struct kc_view key = {0};

	CHECK_OK(set_password(keybag, "one"));
	CHECK_OK(keybag_key(keybag, KEYBAG_WHEN_UNLOCKED, &key));
	CHECK(!view_equal(key, VIEW_OF(zeros)));
	CHECK_OK(keybag_lock(keybag));
	CHECK(view_equal(key, VIEW_OF(zeros)));
}

TEST(a_wrong_password_changes_nothing)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);

	CHECK_OK(set_password(keybag, "one"));
	CHECK_STATUS(unlock(keybag, "two"), KC_ERR_AUTH_FAILED);
	CHECK_TEXT(error_get()->message, "wrong keychain password");
	check_all(keybag, all_open);
	reopen(&database, &keybag);
	CHECK_STATUS(unlock(keybag, "One"), KC_ERR_AUTH_FAILED);
	CHECK_STATUS(unlock(keybag, ""), KC_ERR_AUTH_FAILED);
	check_all(keybag, before_first);
}

TEST(checking_changes_nothing)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	CLEANUP(secret_done) struct secret right = {0};
	CLEANUP(secret_done) struct secret wrong = {0};
	struct keybag_stretching stretching;

	CHECK_OK(set_password(keybag, "one"));
	CHECK_OK(keybag_lock(keybag));
	stretching = keybag_stretching(keybag);
	right = stretch(&stretching, "one");
	wrong = stretch(&stretching, "two");
	CHECK_OK(keybag_check(keybag, secret_view(&right)));
	CHECK_STATUS(keybag_check(keybag, secret_view(&wrong)), KC_ERR_AUTH_FAILED);
	check_all(keybag, when_locked);
}

TEST(another_password_keeps_the_keys)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	struct key_copy before[ARRAY_LEN(all_classes)];

	CHECK_OK(set_password(keybag, "one"));
	for (size_t i = 0; i < ARRAY_LEN(all_classes); i++)
		before[i] = copy_key(keybag, all_classes[i]);
	CHECK_OK(set_password(keybag, "two"));
	for (size_t i = 0; i < ARRAY_LEN(all_classes); i++)
		check_same_key(keybag, all_classes[i], &before[i]);
	reopen(&database, &keybag);
	CHECK_STATUS(unlock(keybag, "one"), KC_ERR_AUTH_FAILED);
	CHECK_OK(unlock(keybag, "two"));
	for (size_t i = 0; i < ARRAY_LEN(all_classes); i++)
		check_same_key(keybag, all_classes[i], &before[i]);
}

static const char *const tables[] = {"generic_passwords", "internet_passwords", "certificates",
				     "keys"};

static void add_rows(struct database *database)
{
	char sql[96];

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		(void)snprintf(sql, sizeof(sql), "INSERT INTO file.%s VALUES (1), (7), (7)",
			       tables[i]);
		run(database, sql);
	}
}

static void check_rows(struct database *database, int n_each)
{
	char sql[96];

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM file.%s", tables[i]);
		CHECK_INT(count(database, sql), n_each);
	}
}

/* reference/keychain.md 4.3: vanishes when the passcode is removed. */
TEST(without_the_password_its_class_vanishes)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	struct key_copy passcode_set;
	struct key_copy when_unlocked;

	CHECK_OK(set_password(keybag, "one"));
	passcode_set = copy_key(keybag, KEYBAG_WHEN_PASSCODE_SET_DEVICE);
	when_unlocked = copy_key(keybag, KEYBAG_WHEN_UNLOCKED);
	add_rows(database);
	CHECK_OK(set_password(keybag, "two"));
	check_rows(database, 3);
	CHECK_OK(set_password(keybag, NULL));
	CHECK(!keybag_has_password(keybag));
	check_rows(database, 1);
	CHECK_INT(count(database, "SELECT count(*) FROM file.class_keys WHERE protection = 7"), 0);
	check_all(keybag, no_passcode);
	reopen(&database, &keybag);
	CHECK_INT(keybag_state(keybag), KEYBAG_UNLOCKED);
	check_all(keybag, no_passcode);
	check_same_key(keybag, KEYBAG_WHEN_UNLOCKED, &when_unlocked);
	CHECK_OK(set_password(keybag, "three"));
	CHECK(memcmp(copy_key(keybag, KEYBAG_WHEN_PASSCODE_SET_DEVICE).bytes, passcode_set.bytes,
		     SEAL_KEY_BYTES) != 0);
}

TEST(a_locked_keybag_keeps_its_password)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);

	CHECK_OK(set_password(keybag, "one"));
	CHECK_OK(keybag_lock(keybag));
	CHECK_STATUS(set_password(keybag, "two"), KC_ERR_INTERACTION_NOT_ALLOWED);
	CHECK_STATUS(set_password(keybag, NULL), KC_ERR_INTERACTION_NOT_ALLOWED);
	CHECK_OK(unlock(keybag, "one"));
}

TEST(a_change_that_cannot_be_written_did_not_happen)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);

	CHECK_OK(set_password(keybag, "one"));
	add_rows(database);
	run(database, "PRAGMA query_only = ON");
	CHECK(set_password(keybag, "two") != KC_OK);
	CHECK(set_password(keybag, NULL) != KC_OK);
	CHECK(keybag_has_password(keybag));
	check_all(keybag, all_open);
	CHECK_OK(unlock(keybag, "one"));
	reopen(&database, &keybag);
	check_rows(database, 3);
	CHECK_OK(unlock(keybag, "one"));
}

static void stop_at(struct database *database, enum keybag_class protection)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql),
		       "CREATE TRIGGER file.stop BEFORE INSERT ON class_keys "
		       "WHEN new.protection = %d BEGIN SELECT raise(ABORT, 'stop'); END",
		       (int)protection);
	run(database, sql);
}

/* Each of the writes of one change fails in turn. */
TEST(a_change_is_all_or_nothing)
{
	static const enum keybag_class wrapped_again[] = {
		KEYBAG_WHEN_UNLOCKED, KEYBAG_AFTER_FIRST_UNLOCK, KEYBAG_WHEN_UNLOCKED_DEVICE,
		KEYBAG_AFTER_FIRST_UNLOCK_DEVICE, KEYBAG_WHEN_PASSCODE_SET_DEVICE};
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);

	CHECK_OK(set_password(keybag, "one"));
	for (size_t i = 0; i < ARRAY_LEN(wrapped_again); i++) {
		stop_at(database, wrapped_again[i]);
		CHECK(set_password(keybag, "two") != KC_OK);
		run(database, "DROP TRIGGER file.stop");
		check_all(keybag, all_open);
		reopen(&database, &keybag);
		CHECK_OK(unlock(keybag, "one"));
	}
}

TEST(a_read_only_file_opens_and_keeps_its_password)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);

	CHECK_OK(set_password(keybag, "one"));
	keybag = keybag_free(keybag);
	run(database, "PRAGMA query_only = ON");
	keybag = open_keybag(database);
	check_all(keybag, before_first);
	CHECK_OK(unlock(keybag, "one"));
	check_all(keybag, all_open);
	CHECK_OK(keybag_lock(keybag));
}

TEST(another_device_key_does_not_open_it)
{
	CLEANUP(database_freep) struct database *database = open_database();
	static const uint8_t other_key[SEAL_KEY_BYTES] = {3};
	struct keybag *keybag = open_keybag(database);

	for (int i = 0; i < 2; i++) {
		if (i == 1)
			CHECK_OK(set_password(keybag, "one"));
		keybag = keybag_free(keybag);
		error_clear();
		CHECK_STATUS(keybag_open(database, VIEW_OF(other_key), COST, &keybag),
			     KC_ERR_NOT_AVAILABLE);
		CHECK_TEXT(error_get()->message, "the device key does not open this keychain: it "
						 "is of another device");
		CHECK(strstr(error_get()->hint, "device.key"));
		keybag = open_keybag(database);
	}
	CHECK_OK(unlock(keybag, "one"));
	ignore(keybag_free(keybag) != NULL);
}

static void check_damaged(struct keybag *keybag, enum keybag_class protection, const char *message)
{
	struct kc_view key = {0};

	error_clear();
	CHECK_STATUS(keybag_key(keybag, protection, &key), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, message);
}

static const char *const exchange =
	"UPDATE file.class_keys SET protection = -protection WHERE protection IN (1, 2);"
	"UPDATE file.class_keys SET protection = 3 + protection WHERE protection < 0";

TEST(exchanged_keys_do_not_open)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	struct key_copy other = copy_key(keybag, KEYBAG_WHEN_UNLOCKED_DEVICE);

	for (int i = 0; i < 2; i++) {
		if (i == 1)
			CHECK_OK(set_password(keybag, "one"));
		run(database, exchange);
		reopen(&database, &keybag);
		if (i == 1)
			CHECK_OK(unlock(keybag, "one"));
		check_damaged(keybag, KEYBAG_WHEN_UNLOCKED,
			      "the keychain's key for what is accessible when_unlocked is damaged");
		check_damaged(keybag, KEYBAG_AFTER_FIRST_UNLOCK,
			      "the keychain's key for what is accessible after_first_unlock is "
			      "damaged");
		check_same_key(keybag, KEYBAG_WHEN_UNLOCKED_DEVICE, &other);
		CHECK_STATUS(set_password(keybag, "two"), KC_ERR_NOT_AVAILABLE);
		run(database, exchange);
		reopen(&database, &keybag);
		if (i == 1)
			CHECK_OK(unlock(keybag, "one"));
		check_all(keybag, i == 1 ? all_open : no_passcode);
	}
}

/* Those of a copy of the file with an older password do not open with the newer one. */
TEST(an_older_wrapping_does_not_open)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);

	CHECK_OK(set_password(keybag, "one"));
	run(database, "CREATE TABLE file.old AS SELECT * FROM file.class_keys");
	CHECK_OK(set_password(keybag, "two"));
	run(database, "INSERT OR REPLACE INTO file.class_keys SELECT * FROM file.old "
		      "WHERE protection = 1");
	reopen(&database, &keybag);
	CHECK_OK(unlock(keybag, "two"));
	check_damaged(keybag, KEYBAG_WHEN_UNLOCKED,
		      "the keychain's key for what is accessible when_unlocked is damaged");
}

TEST(damaged_settings_are_said_and_nothing_is_made_anew)
{
	static const struct {
		const char *sql;
		const char *message;
	} cases[] = {
		{"UPDATE file.settings SET value = x'00' WHERE name = 'keybag'",
		 "the keychain's settings are damaged: keybag"},
		{"UPDATE file.settings SET value = zeroblob(1000) WHERE name = 'keybag'",
		 "the keychain's settings are damaged: keybag"},
		{"UPDATE file.settings SET value = zeroblob(49) WHERE name = 'keybag'",
		 "the keychain's settings are damaged: passwords at cost 0"},
		{"UPDATE file.settings SET value = zeroblob(34) WHERE name = 'password'",
		 "the keychain's settings are damaged: password"},
		{"UPDATE file.settings SET value = x'ff' || substr(value, 2) WHERE name = "
		 "'password'",
		 "the keychain's settings are damaged: passwords at cost 255"},
		{"DELETE FROM file.settings WHERE name = 'keybag'",
		 "the keychain's settings are damaged: what its keys belong to is missing"},
	};
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);

	CHECK_OK(set_password(keybag, "one"));
	run(database, "CREATE TABLE file.whole AS SELECT * FROM file.settings");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		run(database, cases[i].sql);
		keybag = keybag_free(keybag);
		error_clear();
		CHECK_STATUS(keybag_open(database, VIEW_OF(device_key), COST, &keybag),
			     KC_ERR_NOT_AVAILABLE);
		CHECK_TEXT(error_get()->message, cases[i].message);
		run(database, "INSERT OR REPLACE INTO file.settings SELECT * FROM file.whole");
	}
	keybag = open_keybag(database);
	CHECK_OK(unlock(keybag, "one"));
	check_all(keybag, all_open);
}

/* Without the row that says there is a password, the keys are damaged and not new. */
TEST(a_lost_password_setting_loses_no_key)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	struct keybag_stretching old;

	CHECK_OK(set_password(keybag, "one"));
	old = keybag_stretching(keybag);
	CHECK_INT(old.cost, COST);
	run(database, "CREATE TABLE file.whole AS SELECT * FROM file.settings;"
		      "DELETE FROM file.settings WHERE name = 'password'");
	reopen(&database, &keybag);
	check_damaged(keybag, KEYBAG_WHEN_UNLOCKED,
		      "the keychain's key for what is accessible when_unlocked is damaged");
	run(database, "INSERT OR REPLACE INTO file.settings SELECT * FROM file.whole");
	reopen(&database, &keybag);
	CHECK_OK(unlock(keybag, "one"));
	check_all(keybag, all_open);
}

TEST(application_passwords_have_one_salt)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	struct keybag_stretching before = keybag_application_stretching(keybag);
	struct keybag_stretching after;

	CHECK_OK(set_password(keybag, "one"));
	reopen(&database, &keybag);
	after = keybag_application_stretching(keybag);
	CHECK_INT(after.cost, COST);
	CHECK(view_equal(VIEW_OF(after.salt), VIEW_OF(before.salt)));
}

/* In the file nothing is readable: neither keys nor what comes of the password. */
TEST(the_file_has_no_key)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	struct statement *statement = NULL;
	bool has_row = false;

	CHECK_OK(set_password(keybag, "one"));
	CHECK_OK(database_prepare(database, "SELECT protection, wrapped FROM file.class_keys",
				  &statement));
	for (int n = 0;; n++) {
		struct kc_view wrapped;
		struct kc_view key = {0};

		CHECK_OK(database_step(statement, &has_row));
		if (!has_row) {
			CHECK_INT(n, ARRAY_LEN(all_classes));
			return;
		}
		wrapped = database_column_data(statement, 1);
		CHECK_OK(keybag_key(keybag, (enum keybag_class)database_column_number(statement, 0),
				    &key));
		CHECK(!memmem(wrapped.data, wrapped.len, key.data, 8));
	}
}

/* Is @wrapped in the file or its log? */
static bool is_at_rest(struct kc_view wrapped)
{
	static const char *const names[] = {"keychain.db", "keychain.db-wal"};
	static uint8_t content[1 << 20];
	bool is_there = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[PATH_BYTES];
		FILE *file = NULL;
		size_t n = 0;

		(void)snprintf(path, sizeof(path), "%s/%s", test_directory(), names[i]);
		file = fopen(path, "rb");
		CHECK(file);
		n = fread(content, 1, sizeof(content), file);
		CHECK(n < sizeof(content));
		CHECK_INT(fclose(file), 0);
		is_there |= n > 0 && memmem(content, n, wrapped.data, wrapped.len);
	}
	return is_there;
}

TEST(what_a_former_password_opens_is_gone)
{
	CLEANUP(database_freep) struct database *database = open_database();
	CLEANUP(keybag_freep) struct keybag *keybag = open_keybag(database);
	CLEANUP(bytes_done) struct bytes wrapped = BYTES_INIT(256);
	struct statement *statement = NULL;
	bool has_row = false;

	CHECK_OK(set_password(keybag, "one"));
	CHECK_OK(database_prepare(
		database, "SELECT wrapped FROM file.class_keys WHERE protection = 1", &statement));
	CHECK_OK(database_step(statement, &has_row));
	CHECK_OK(bytes_append(&wrapped, database_column_data(statement, 0)));
	database_reset(statement);
	CHECK(is_at_rest(bytes_view(&wrapped)));
	CHECK_OK(set_password(keybag, "two"));
	CHECK(!is_at_rest(bytes_view(&wrapped)));
}

/* --- kill -9 ------------------------------------------------------------------------------- */

static _Noreturn void change_for_ever(int told)
{
	struct database *database = open_database();
	struct keybag *keybag = open_keybag(database);
	const char *const passwords[] = {"one", "two"};

	if (unlock(keybag, "one") != KC_OK && unlock(keybag, "two") != KC_OK)
		_exit(1);
	for (unsigned i = 0;; i++) {
		if (set_password(keybag, passwords[i % 2]) != KC_OK)
			_exit(1);
		ignore(write(told, ".", 1) < 0);
	}
}

static void kill_while_changing(int n_changes, unsigned delay_us)
{
	int told[2];
	char byte = 0;
	int status = 0;
	pid_t child = 0;

	CHECK_INT(pipe(told), 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		change_for_ever(told[1]);
	close(told[1]);
	for (int i = 0; i < n_changes; i++)
		CHECK_INT(read(told[0], &byte, 1), 1);
	usleep(delay_us);
	CHECK_INT(kill(child, SIGKILL), 0);
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
	close(told[0]);
}

TEST(killed_while_changing_the_old_or_the_new_works)
{
	struct database *database = open_database();
	struct keybag *keybag = open_keybag(database);
	struct key_copy before[ARRAY_LEN(all_classes)];

	CHECK_OK(set_password(keybag, "one"));
	for (size_t i = 0; i < ARRAY_LEN(all_classes); i++)
		before[i] = copy_key(keybag, all_classes[i]);
	for (unsigned round = 0; round < 30; round++) {
		keybag = keybag_free(keybag);
		database = database_free(database);
		kill_while_changing((int)(round % 3) + 1, round * 97 % 1000);
		database = open_database();
		keybag = open_keybag(database);
		CHECK(unlock(keybag, "one") == KC_OK || unlock(keybag, "two") == KC_OK);
		for (size_t i = 0; i < ARRAY_LEN(all_classes); i++)
			check_same_key(keybag, all_classes[i], &before[i]);
	}
	ignore(keybag_free(keybag) != NULL);
	ignore(database_free(database) != NULL);
}
