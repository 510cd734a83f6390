/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A row and its blobs belong together: whoever moves anything in the file gets an item that is not
 * there (reference/keychain.md 4.3, 6). And nothing readable is in the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/scene.h"
#include "store/seal.h"

#define GENERIC "{\"class\":\"generic_password\""
#define ONE	GENERIC ",\"service\":\"service-one\"}"
#define TWO	GENERIC ",\"service\":\"service-two\"}"
#define TABLE	"file.generic_passwords"

static struct scene begin_with_two(void)
{
	struct scene scene = scene_begin();

	CHECK(!scene_add(&scene, KC_OK,
			 GENERIC ",\"service\":\"service-one\",\"label\":\"Label-One\"}",
			 "secret-one"));
	CHECK(!scene_add(&scene, KC_OK, TWO, "secret-two"));
	return scene;
}

/* After @sql the first item is not there in any way, but can be deleted. */
static void check_absent(const char *sql)
{
	struct scene scene = begin_with_two();

	scene_run(&scene, sql);
	CHECK_INT(engine_file(scene.engine).n_unreadable, 0);
	CHECK_INT(scene_count(&scene, ONE), 0);
	CHECK_INT(scene_count(&scene, GENERIC ",\"service\":\"service-one\",\"return_data\":true}"),
		  0);
	CHECK_INT(engine_file(scene.engine).n_unreadable, 1);
	scene_update(&scene, KC_ERR_ITEM_NOT_FOUND, ONE, "{\"label\":\"x\"}");
	scene_delete(&scene, KC_OK, ONE);
	CHECK_INT(engine_file(scene.engine).n_unreadable, 0);
	CHECK(!scene_add(&scene, KC_OK, ONE, "new"));
	CHECK_INT(scene_count(&scene, ONE), 1);
	scene_run(&scene, "DELETE FROM " TABLE "; DELETE FROM file.sqlite_sequence");
	scene_end(&scene);
}

#define FROM_TWO(column) "(SELECT " column " FROM " TABLE " WHERE position = 2)"

TEST(rows_hold_their_blobs)
{
	check_absent("UPDATE " TABLE
		     " SET attributes = " FROM_TWO("attributes") " WHERE position = 1");
	check_absent("UPDATE " TABLE " SET secret = " FROM_TWO("secret") " WHERE position = 1");
	check_absent("UPDATE " TABLE " SET (attributes, secret) = " FROM_TWO(
		"attributes, secret") " WHERE position = 1");
	check_absent("UPDATE " TABLE " SET (attributes, secret, revision) = " FROM_TWO(
		"attributes, secret, revision") " WHERE position = 1");
	check_absent("UPDATE " TABLE " SET secret = NULL WHERE position = 1");
	check_absent("UPDATE " TABLE " SET secret = substr(secret, 1, 40) WHERE position = 1");
	check_absent("UPDATE " TABLE " SET revision = randomblob(16) WHERE position = 1");
	check_absent("UPDATE " TABLE " SET item_id = randomblob(16) WHERE position = 1");
	check_absent("UPDATE " TABLE " SET identity = randomblob(16) WHERE position = 1");
	check_absent("UPDATE " TABLE " SET protection = 3 WHERE position = 1");
	check_absent("UPDATE " TABLE " SET protection = 77 WHERE position = 1");
	check_absent("UPDATE " TABLE " SET item_id = 'text' WHERE position = 1");
	check_absent("UPDATE " TABLE " SET attributes = 7 WHERE position = 1");
	check_absent("UPDATE " TABLE " SET label = NULL WHERE position = 1");
	check_absent("UPDATE " TABLE " SET label = x'00' WHERE position = 1");
	check_absent("UPDATE " TABLE " SET label = account WHERE position = 1");
	check_absent("UPDATE " TABLE " SET comment = account WHERE position = 1");
}

/* An item that shall be found by what it is not. */
TEST(rows_hold_their_hashes)
{
	CLEANUP(scene_end) struct scene scene = begin_with_two();

	scene_run(&scene,
		  "UPDATE " TABLE " SET service = " FROM_TWO("service") " WHERE position = 1");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
	CHECK_INT(scene_count(&scene, TWO), 1);
	scene_run(&scene, "UPDATE " TABLE " SET access_group = randomblob(16)");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
}

/* What was there before an update cannot be brought back beside what is there now. */
TEST(rows_hold_their_revision)
{
	CLEANUP(scene_end) struct scene scene = begin_with_two();

	scene_run(&scene, "CREATE TABLE main.kept AS SELECT * FROM " TABLE);
	scene_update_data(&scene, KC_OK, ONE, "{\"label\":\"new\"}", "secret-new");
	scene_run(&scene, "UPDATE " TABLE " SET secret = (SELECT secret FROM main.kept"
			  " WHERE position = 1) WHERE position = 1");
	CHECK_INT(scene_count(&scene, ONE), 0);
	scene_run(&scene, "UPDATE " TABLE " SET attributes = (SELECT attributes FROM main.kept"
			  " WHERE position = 1) WHERE position = 1");
	CHECK_INT(scene_count(&scene, ONE), 0);
}

/* A row in another table is nothing either. */
TEST(rows_hold_their_table)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	CHECK(!scene_add(&scene, KC_OK, GENERIC ",\"account\":\"jo\"}", "x"));
	scene_run(&scene,
		  "INSERT INTO file.internet_passwords (item_id, protection, revision, identity,"
		  " account, access_group, synchronizable, attributes, secret) SELECT item_id,"
		  " protection, revision, identity, account, access_group, synchronizable,"
		  " attributes, secret FROM " TABLE);
	CHECK_INT(scene_count(&scene, "{\"class\":\"internet_password\"}"), 0);
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
}

/* A class key that is damaged says nothing of the rows: they are not replaced, nor called gone. */
TEST(rows_wait_for_their_class_key)
{
	CLEANUP(scene_end) struct scene scene = begin_with_two();

	scene_run(&scene, "UPDATE file.class_keys SET wrapped = zeroblob(length(wrapped))"
			  " WHERE protection = 1");
	scene_restart(&scene);
	CHECK(!scene_copy(&scene, KC_ERR_NOT_AVAILABLE, ONE));
	CHECK(!scene_add(&scene, KC_ERR_NOT_AVAILABLE, ONE, "new"));
	CHECK(!scene_add(&scene, KC_ERR_DUPLICATE_ITEM,
			 GENERIC ",\"service\":\"service-one\",\"accessible\":\"always\"}", "new"));
	scene_update(&scene, KC_ERR_NOT_AVAILABLE, ONE, "{\"label\":\"x\"}");
	scene_delete(&scene, KC_OK, ONE);
}

/* --- nothing readable ------------------------------------------------------------------------ */

static void check_not_in(const char *path, const char *text)
{
	FILE *file = fopen(path, "rb");
	char *block = malloc(8 << 20);
	size_t len = 0;

	CHECK(block);
	if (file) {
		len = fread(block, 1, 8 << 20, file);
		fclose(file);
	}
	if (memmem(block, len, text, strlen(text)))
		test_fail(__FILE__, __LINE__, "%s has \"%s\"", path, text);
	free(block);
}

TEST(rows_tell_nothing)
{
	CLEANUP(scene_end) struct scene scene = begin_with_two();
	static const char *const texts[] = {"service-one", "Label-One",	    "secret-one",
					    "secret-two",  "when_unlocked", "c2VjcmV0"};
	char log[600];

	CHECK(snprintf(log, sizeof(log), "%s-wal", scene.path) > 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		check_not_in(scene.path, texts[i]);
		check_not_in(log, texts[i]);
	}
	scene_restart(&scene);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		check_not_in(scene.path, texts[i]);
	CHECK_INT(scene_count(&scene, ONE), 1);
}

/* Another device's key opens nothing, and says so. */
TEST(rows_of_another_device)
{
	CLEANUP(engine_freep) struct engine *engine = NULL;
	struct scene scene = begin_with_two();
	static const uint8_t key[SEAL_KEY_BYTES] = {0xEE};
	struct engine_settings settings = {
		.file = scene.path, .device_key = VIEW_OF(key), .password_cost = 1};

	scene_end(&scene);
	CHECK_OK(engine_new(&settings, &engine));
	CHECK(!engine_file(engine).is_open);
	CHECK(engine_file(engine).reason);
}
