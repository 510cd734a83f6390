/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migrations: the frozen first one, upgrades with one that is made up here, crashes in them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/try.h"
#include "harness/test.h"
#include "store/schema.h"
#include "store/test_keychain_scene.h"

enum {
	ITEMS = 50,
};

/* --- the first -----------------------------------------------------------------------------------
 */

TEST(the_frozen_tables_are_those_of_the_vocabulary)
{
	CLEANUP(bytes_done) struct bytes sql = BYTES_INIT(65536);
	CLEANUP(bytes_done) struct bytes frozen = BYTES_INIT(65536);

	CHECK_OK(schema_put_tables(&sql, SCHEMA_FILE));
	for (const char *const *command = migrate_001_first; *command; command++) {
		CHECK_OK(bytes_append(&frozen, view_of_text(*command)));
		CHECK_OK(bytes_append(&frozen, view_of_text(";\n")));
	}
	CHECK_OK(bytes_append_byte(&sql, 0));
	CHECK_OK(bytes_append_byte(&frozen, 0));
	CHECK_TEXT((const char *)frozen.data, (const char *)sql.data);
}

TEST(other_tables_are_noticed)
{
	struct migration_list list = migrate_known();
	CLEANUP(database_freep) struct database *database = NULL;

	CHECK_OK(database_new(&database));
	CHECK_OK(migrate_run(database, &list, 0, 1));
	CHECK_OK(migrate_check(database, "main", &list, 1));
	CHECK_OK(database_run(database, "ALTER TABLE keys ADD COLUMN colour BLOB"));
	CHECK_STATUS(migrate_check(database, "main", &list, 1), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "the tables are not those of version 1");
}

/* --- upgrades ------------------------------------------------------------------------------------
 */

static const char *const second_commands[] = {
	"ALTER TABLE generic_passwords ADD COLUMN colour BLOB",
	"UPDATE generic_passwords SET colour = randomblob(16)",
	NULL,
};
static const char *const broken_commands[] = {
	"UPDATE generic_passwords SET no_such_column = 1",
	NULL,
};

static struct migration two[] = {{migrate_001_first}, {second_commands}};
static struct migration broken[] = {{migrate_001_first}, {broken_commands}};

static enum kc_status attach_with(struct keychain_scene *scene, struct migration *migrations, int n,
				  keychain_swap_step_fn step)
{
	scene->options.migrations = (struct migration_list){migrations, n};
	scene->options.step = step;
	return keychain_scene_attach(scene);
}

static struct keychain_scene begin_filled(void)
{
	struct keychain_scene scene = keychain_scene_begin();

	CHECK_OK(attach_with(&scene, two, 1, NULL));
	CHECK_OK(database_run(scene.database, "INSERT INTO file.settings VALUES ('salt', x'03')"));
	keychain_scene_fill(&scene, ITEMS);
	keychain_scene_detach(&scene);
	return scene;
}

static bool is_there(const struct keychain_scene *scene, const char *suffix)
{
	char name[600];

	ignore(snprintf(name, sizeof(name), "%s%s", scene->path, suffix) < 0);
	return access(name, F_OK) == 0;
}

static void check_upgraded(struct keychain_scene *scene)
{
	CHECK_INT(keychain_scene_count(scene, "SELECT count(*) FROM file.generic_passwords WHERE"
					      " length(colour) = 16"),
		  ITEMS);
	CHECK_INT(keychain_scene_count(scene, "SELECT count(*) FROM file.settings"), 1);
	CHECK_INT(keychain_scene_count(scene, "PRAGMA file.user_version"), 2);
	CHECK_INT(keychain_scene_count(scene, "PRAGMA file.application_id"),
		  MIGRATE_APPLICATION_ID);
	CHECK_OK(database_check(scene->database, "file"));
	CHECK(!keychain_file_report(scene->file));
}

TEST(an_upgrade_keeps_the_old_file_until_the_next_start)
{
	struct keychain_scene scene = begin_filled();
	struct stat info;

	CHECK_OK(attach_with(&scene, two, 2, NULL));
	check_upgraded(&scene);
	CHECK(stat(scene.path, &info) == 0 && (info.st_mode & 0777) == 0600);
	CHECK(is_there(&scene, ".v1"));
	keychain_scene_detach(&scene);
	CHECK_OK(attach_with(&scene, two, 2, NULL));
	check_upgraded(&scene);
	CHECK(!is_there(&scene, ".v1"));
	keychain_scene_end(&scene);
}

TEST(an_upgrade_that_fails_leaves_the_old_file)
{
	struct keychain_scene scene = begin_filled();

	CHECK_STATUS(attach_with(&scene, broken, 2, NULL), KC_ERR_INTERNAL);
	CHECK(!is_there(&scene, ".next") && !is_there(&scene, ".v1"));
	CHECK_OK(attach_with(&scene, two, 1, NULL));
	CHECK_INT(keychain_scene_count_items(&scene), ITEMS);
	keychain_scene_end(&scene);
}

static const char *crash_at;

static void crash(const char *step)
{
	if (strcmp(step, crash_at) == 0)
		_exit(42);
}

/* Whatever is there after a crash, the next start makes a whole new file of it. */
TEST(a_crash_at_any_step_of_an_upgrade_costs_nothing)
{
	static const char *const steps[] = {"copied", "built",	   "synced",  "whole",
					    "aside",  "log aside", "in place"};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct keychain_scene scene = begin_filled();
		int status = 0;
		pid_t child = -1;

		crash_at = steps[i];
		child = fork();
		if (child == 0) {
			ignore(attach_with(&scene, two, 2, crash));
			_exit(0);
		}
		CHECK(waitpid(child, &status, 0) == child);
		CHECK_INT(WEXITSTATUS(status), 42);
		CHECK_OK(attach_with(&scene, two, 2, NULL));
		check_upgraded(&scene);
		keychain_scene_detach(&scene);
		CHECK(unlink(scene.path) == 0);
		keychain_scene_end(&scene);
	}
}

TEST(what_is_newer_is_refused_untouched)
{
	struct keychain_scene scene = begin_filled();
	char expected[700];

	CHECK_OK(attach_with(&scene, two, 2, NULL));
	keychain_scene_detach(&scene);
	CHECK_STATUS(attach_with(&scene, two, 1, NULL), KC_ERR_NOT_AVAILABLE);
	ignore(snprintf(expected, sizeof(expected),
			"%s is of a newer keycask (version 2, this one: 1)", scene.path) < 0);
	CHECK_TEXT(error_get()->message, expected);
	CHECK_OK(attach_with(&scene, two, 2, NULL));
	check_upgraded(&scene);
	keychain_scene_end(&scene);
}
