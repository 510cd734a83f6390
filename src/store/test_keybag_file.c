/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keybags at rest: read-only, of another device, exchanged, damaged, killed while they change. */
#include "store/keybag.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "store/test_keybag_scene.h"

enum {
	PATH_BYTES = 256,
};

TEST(a_read_only_file_opens_and_keeps_its_password)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	keybag = keybag_free(keybag);
	keybag_scene_run(database, "PRAGMA query_only = ON");
	keybag = keybag_scene_open(database);
	keybag_scene_check_all(keybag, keybag_scene_before_first);
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
	keybag_scene_check_all(keybag, keybag_scene_all_open);
	CHECK_OK(keybag_lock(keybag));
}

TEST(another_device_key_does_not_open_it)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	static const uint8_t other_key[SEAL_KEY_BYTES] = {3};
	struct keybag *keybag = keybag_scene_open(database);

	for (int i = 0; i < 2; i++) {
		if (i == 1)
			CHECK_OK(keybag_scene_set_password(keybag, "one"));
		keybag = keybag_free(keybag);
		error_clear();
		CHECK_STATUS(keybag_open(database, VIEW_OF(other_key), KEYBAG_SCENE_COST, &keybag),
			     KC_ERR_NOT_AVAILABLE);
		CHECK_TEXT(error_get()->message, "the device key does not open this keychain: it "
						 "is of another device");
		CHECK(strstr(error_get()->hint, "device.key"));
		CHECK(strstr(error_get()->hint, "move the keychain away"));
		keybag = keybag_scene_open(database);
	}
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
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
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	struct keybag_scene_key other = keybag_scene_key(keybag, KEYBAG_WHEN_UNLOCKED_DEVICE);

	for (int i = 0; i < 2; i++) {
		if (i == 1)
			CHECK_OK(keybag_scene_set_password(keybag, "one"));
		keybag_scene_run(database, exchange);
		keybag_scene_reopen(&database, &keybag);
		if (i == 1)
			CHECK_OK(keybag_scene_unlock(keybag, "one"));
		check_damaged(keybag, KEYBAG_WHEN_UNLOCKED,
			      "the keychain's key for what is accessible when_unlocked is damaged");
		check_damaged(keybag, KEYBAG_AFTER_FIRST_UNLOCK,
			      "the keychain's key for what is accessible after_first_unlock is "
			      "damaged");
		keybag_scene_check_same(keybag, KEYBAG_WHEN_UNLOCKED_DEVICE, &other);
		CHECK_STATUS(keybag_scene_set_password(keybag, "two"), KC_ERR_NOT_AVAILABLE);
		keybag_scene_run(database, exchange);
		keybag_scene_reopen(&database, &keybag);
		if (i == 1)
			CHECK_OK(keybag_scene_unlock(keybag, "one"));
		keybag_scene_check_all(keybag,
				       i == 1 ? keybag_scene_all_open : keybag_scene_no_passcode);
	}
}

/* Those of a copy of the file with an older password do not open with the newer one. */
TEST(an_older_wrapping_does_not_open)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	keybag_scene_run(database, "CREATE TABLE file.old AS SELECT * FROM file.class_keys");
	CHECK_OK(keybag_scene_set_password(keybag, "two"));
	keybag_scene_run(database, "INSERT OR REPLACE INTO file.class_keys SELECT * FROM file.old "
				   "WHERE protection = 1");
	keybag_scene_reopen(&database, &keybag);
	CHECK_OK(keybag_scene_unlock(keybag, "two"));
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
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	keybag_scene_run(database, "CREATE TABLE file.whole AS SELECT * FROM file.settings");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		keybag_scene_run(database, cases[i].sql);
		keybag = keybag_free(keybag);
		error_clear();
		CHECK_STATUS(keybag_open(database, VIEW_OF(keybag_scene_device_key),
					 KEYBAG_SCENE_COST, &keybag),
			     KC_ERR_NOT_AVAILABLE);
		CHECK_TEXT(error_get()->message, cases[i].message);
		keybag_scene_run(database,
				 "INSERT OR REPLACE INTO file.settings SELECT * FROM file.whole");
	}
	keybag = keybag_scene_open(database);
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
	keybag_scene_check_all(keybag, keybag_scene_all_open);
}

/* Without the row that says there is a password, the keys are damaged and not new. */
TEST(a_lost_password_setting_loses_no_key)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	struct keybag_stretching old;

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	old = keybag_stretching(keybag);
	CHECK_INT(old.cost, KEYBAG_SCENE_COST);
	keybag_scene_run(database, "CREATE TABLE file.whole AS SELECT * FROM file.settings;"
				   "DELETE FROM file.settings WHERE name = 'password'");
	keybag_scene_reopen(&database, &keybag);
	check_damaged(keybag, KEYBAG_WHEN_UNLOCKED,
		      "the keychain's key for what is accessible when_unlocked is damaged");
	keybag_scene_run(database, "INSERT OR REPLACE INTO file.settings SELECT * FROM file.whole");
	keybag_scene_reopen(&database, &keybag);
	CHECK_OK(keybag_scene_unlock(keybag, "one"));
	keybag_scene_check_all(keybag, keybag_scene_all_open);
}

TEST(application_passwords_have_one_salt)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	struct keybag_stretching before = keybag_application_stretching(keybag);
	struct keybag_stretching after;

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	keybag_scene_reopen(&database, &keybag);
	after = keybag_application_stretching(keybag);
	CHECK_INT(after.cost, KEYBAG_SCENE_COST);
	CHECK(view_equal(VIEW_OF(after.salt), VIEW_OF(before.salt)));
}

/* In the file nothing is readable: neither keys nor what comes of the password. */
TEST(the_file_has_no_key)
{
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	struct statement *statement = NULL;
	bool has_row = false;

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	CHECK_OK(database_prepare(database, "SELECT protection, wrapped FROM file.class_keys",
				  &statement));
	for (int n = 0;; n++) {
		struct kc_view wrapped;
		struct kc_view key = {0};

		CHECK_OK(database_step(statement, &has_row));
		if (!has_row) {
			CHECK_INT(n, KEYBAG_SCENE_CLASSES);
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
	CLEANUP(database_freep) struct database *database = keybag_scene_database();
	CLEANUP(keybag_freep) struct keybag *keybag = keybag_scene_open(database);
	CLEANUP(bytes_done) struct bytes wrapped = BYTES_INIT(256);
	struct statement *statement = NULL;
	bool has_row = false;

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	CHECK_OK(database_prepare(
		database, "SELECT wrapped FROM file.class_keys WHERE protection = 1", &statement));
	CHECK_OK(database_step(statement, &has_row));
	CHECK_OK(bytes_append(&wrapped, database_column_data(statement, 0)));
	database_reset(statement);
	CHECK(is_at_rest(bytes_view(&wrapped)));
	CHECK_OK(keybag_scene_set_password(keybag, "two"));
	CHECK(!is_at_rest(bytes_view(&wrapped)));
}

/* --- kill -9 ------------------------------------------------------------------------------- */

static _Noreturn void change_for_ever(int told)
{
	struct database *database = keybag_scene_database();
	struct keybag *keybag = keybag_scene_open(database);
	const char *const passwords[] = {"one", "two"};

	if (keybag_scene_unlock(keybag, "one") != KC_OK &&
	    keybag_scene_unlock(keybag, "two") != KC_OK)
		_exit(1);
	for (unsigned i = 0;; i++) {
		if (keybag_scene_set_password(keybag, passwords[i % 2]) != KC_OK)
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
	struct database *database = keybag_scene_database();
	struct keybag *keybag = keybag_scene_open(database);
	struct keybag_scene_key before[KEYBAG_SCENE_CLASSES];

	CHECK_OK(keybag_scene_set_password(keybag, "one"));
	for (size_t i = 0; i < KEYBAG_SCENE_CLASSES; i++)
		before[i] = keybag_scene_key(keybag, keybag_scene_classes[i]);
	for (unsigned round = 0; round < 30; round++) {
		ignore(keybag_free(keybag) != NULL);
		ignore(database_free(database) != NULL);
		kill_while_changing((int)(round % 3) + 1, round * 97 % 1000);
		database = keybag_scene_database();
		keybag = keybag_scene_open(database);
		CHECK(keybag_scene_unlock(keybag, "one") == KC_OK ||
		      keybag_scene_unlock(keybag, "two") == KC_OK);
		for (size_t i = 0; i < KEYBAG_SCENE_CLASSES; i++)
			keybag_scene_check_same(keybag, keybag_scene_classes[i], &before[i]);
	}
	ignore(keybag_free(keybag) != NULL);
	ignore(database_free(database) != NULL);
}
