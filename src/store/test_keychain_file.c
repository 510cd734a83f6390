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
#include "store/test_keychain_scene.h"

TEST(a_file_is_made_and_keeps_what_is_written)
{
	struct keychain_scene scene = keychain_scene_begin();
	struct stat info;

	CHECK_OK(keychain_scene_attach(&scene));
	CHECK(stat(scene.path, &info) == 0);
	CHECK_INT(info.st_mode & 0777, 0600);
	CHECK_OK(
		database_run(scene.database, "INSERT INTO file.settings VALUES ('colour', x'01')"));
	keychain_scene_detach(&scene);
	CHECK_OK(keychain_scene_attach(&scene));
	CHECK_INT(keychain_scene_count(&scene, "SELECT count(*) FROM file.settings"), 1);
	CHECK(!keychain_file_is_read_only(scene.file));
	CHECK(!keychain_file_report(scene.file));
	keychain_scene_end(&scene);
}

TEST(the_log_is_read_after_a_crash)
{
	struct keychain_scene scene = keychain_scene_begin();
	struct keychain_scene again = keychain_scene_begin();
	pid_t child = -1;
	int status = 0;

	child = fork();
	if (child == 0) {
		CHECK_OK(keychain_scene_attach(&scene));
		CHECK_OK(database_run(scene.database,
				      "INSERT INTO file.settings VALUES ('colour', x'01')"));
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK_OK(keychain_scene_attach(&again));
	CHECK_INT(keychain_scene_count(&again, "SELECT count(*) FROM file.settings"), 1);
	keychain_scene_end(&again);
	keychain_scene_end(&scene);
}

TEST(a_second_daemon_is_told_who_has_it)
{
	struct keychain_scene scene = keychain_scene_begin();
	struct keychain_scene second = keychain_scene_begin();
	char expected[600];

	CHECK_OK(keychain_scene_attach(&scene));
	CHECK_STATUS(keychain_scene_attach(&second), KC_ERR_NOT_AVAILABLE);
	ignore(snprintf(expected, sizeof(expected), "another keycaskd (process %d) has %s",
			(int)getpid(), scene.path) < 0);
	CHECK_TEXT(error_get()->message, expected);
	keychain_scene_end(&second);
	keychain_scene_detach(&scene);
	second = keychain_scene_begin();
	CHECK_OK(keychain_scene_attach(&second));
	keychain_scene_end(&second);
	keychain_scene_end(&scene);
}
