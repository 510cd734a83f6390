/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keychain's file: made, kept, refused. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/try.h"
#include "harness/test.h"
#include "store/keychain_file.h"

struct scene {
	char path[512];
	struct database *database;
	struct keychain_file *file;
};

static struct scene begin(void)
{
	struct scene scene = {.file = NULL};

	ignore(snprintf(scene.path, sizeof(scene.path), "%s/state/keychain.db", test_directory()) <
	       0);
	CHECK_OK(database_new(&scene.database));
	return scene;
}

static enum kc_status attach(struct scene *scene)
{
	struct keychain_file_options options = {.path = scene->path};

	error_clear();
	return keychain_file_attach(scene->database, &options, &scene->file);
}

static void end(struct scene *scene)
{
	scene->file = keychain_file_free(scene->file);
	scene->database = database_free(scene->database);
}

static int64_t count(struct scene *scene, const char *sql)
{
	struct statement *statement = NULL;
	bool has_row = false;
	int64_t n = 0;

	CHECK_OK(database_prepare(scene->database, sql, &statement));
	CHECK_OK(database_step(statement, &has_row));
	n = database_column_number(statement, 0);
	database_reset(statement);
	return n;
}

TEST(a_file_is_made_and_keeps_what_is_written)
{
	struct scene scene = begin();
	struct stat info;

	CHECK_OK(attach(&scene));
	CHECK(stat(scene.path, &info) == 0);
	CHECK_INT(info.st_mode & 0777, 0600);
	CHECK_OK(
		database_run(scene.database, "INSERT INTO file.settings VALUES ('colour', x'01')"));
	scene.file = keychain_file_free(scene.file);
	CHECK_OK(attach(&scene));
	CHECK_INT(count(&scene, "SELECT count(*) FROM file.settings"), 1);
	CHECK(!keychain_file_is_read_only(scene.file));
	CHECK(!keychain_file_report(scene.file));
	end(&scene);
}

TEST(the_log_is_read_after_a_crash)
{
	struct scene scene = begin();
	struct scene again = begin();
	pid_t child = -1;
	int status = 0;

	child = fork();
	if (child == 0) {
		CHECK_OK(attach(&scene));
		CHECK_OK(database_run(scene.database,
				      "INSERT INTO file.settings VALUES ('colour', x'01')"));
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK_OK(attach(&again));
	CHECK_INT(count(&again, "SELECT count(*) FROM file.settings"), 1);
	end(&again);
	end(&scene);
}

TEST(a_second_daemon_is_told_who_has_it)
{
	struct scene scene = begin();
	struct scene second = begin();
	char expected[600];

	CHECK_OK(attach(&scene));
	CHECK_STATUS(attach(&second), KC_ERR_NOT_AVAILABLE);
	ignore(snprintf(expected, sizeof(expected), "another keycaskd (process %d) has %s",
			(int)getpid(), scene.path) < 0);
	CHECK_TEXT(error_get()->message, expected);
	end(&second);
	scene.file = keychain_file_free(scene.file);
	second = begin();
	CHECK_OK(attach(&second));
	end(&second);
	end(&scene);
}
