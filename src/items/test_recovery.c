/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file is damaged while it is used (reference/keychain.md 6): the engine has it looked at and
 * goes on with what can still be read, in the same call.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/scene.h"

enum {
	ITEMS = 300,
	PAGE = 4096,
	FIRST_BAD_PAGE = 90, /* behind the schema, which was read when the file was opened */
};

#define GENERIC "{\"class\":\"generic_password\""

static void add_many(struct scene *scene)
{
	for (int i = 0; i < ITEMS; i++) {
		char text[128];

		CHECK(snprintf(text, sizeof(text), GENERIC ",\"service\":\"s%d\"}", i) > 0);
		CHECK(!scene_add(scene, KC_OK, text, "x"));
	}
}

/* Nothing of this is a page of SQLite's. */
static void damage(const char *path)
{
	uint8_t garbage[PAGE];
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	off_t end = lseek(fd, 0, SEEK_END);

	CHECK(fd >= 0 && end > (off_t)(FIRST_BAD_PAGE + 10) * PAGE);
	memset(garbage, 0xA5, sizeof(garbage));
	for (off_t at = (off_t)FIRST_BAD_PAGE * PAGE; at + PAGE <= end; at += 2 * (off_t)PAGE)
		CHECK(pwrite(fd, garbage, sizeof(garbage), at) == PAGE);
	close(fd);
}

static size_t count_by_service(struct scene *scene)
{
	size_t n = 0;

	for (int i = 0; i < ITEMS; i++) {
		char text[128];

		CHECK(snprintf(text, sizeof(text), GENERIC ",\"service\":\"s%d\"}", i) > 0);
		n += scene_count(scene, text);
	}
	return n;
}

TEST(recovery_in_the_middle_of_a_query)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	size_t n = 0;

	add_many(&scene);
	scene_restart(&scene);
	CHECK(!engine_file(scene.engine).reason);
	damage(scene.path);
	/* All that could be read is there, by search as by listing; something was lost, and said.
	 */
	n = scene_count(&scene, GENERIC "}");
	CHECK(n > 0 && n < ITEMS);
	CHECK(engine_file(scene.engine).is_open);
	CHECK(engine_file(scene.engine).reason);
	CHECK_INT(count_by_service(&scene), n);
	CHECK(!scene_add(&scene, KC_OK, GENERIC ",\"service\":\"new\"}", "x"));
	scene_restart(&scene);
	CHECK_INT(scene_count(&scene, GENERIC "}"), n + 1);
}

/* Nothing can be read of it any more, keys and all: what is added from now on must last. */
static void wipe(const char *path, const char *suffix)
{
	uint8_t garbage[PAGE];
	char name[600];
	int fd = -1;
	off_t end = 0;

	CHECK(snprintf(name, sizeof(name), "%s%s", path, suffix) > 0);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	end = lseek(fd, 0, SEEK_END);
	memset(garbage, 0xA5, sizeof(garbage));
	for (off_t at = 0; at + PAGE <= end; at += PAGE)
		CHECK(pwrite(fd, garbage, sizeof(garbage), at) == PAGE);
	close(fd);
}

TEST(recovery_without_keys)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add_many(&scene);
	scene_restart(&scene);
	wipe(scene.path, "");
	wipe(scene.path, "-wal");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
	CHECK(engine_file(scene.engine).is_open);
	CHECK(!scene_add(&scene, KC_OK, GENERIC ",\"service\":\"new\"}", "x"));
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
	scene_restart(&scene);
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
}

/* With a password nothing in memory can wrap its keys again: another keychain is begun. */
TEST(recovery_without_keys_of_a_password)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	scene_set_password(&scene, "pw");
	add_many(&scene);
	scene_restart(&scene);
	scene_unlock(&scene, "pw");
	wipe(scene.path, "");
	wipe(scene.path, "-wal");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
	CHECK(!keybag_has_password(engine_keybag(scene.engine)));
	CHECK(!scene_add(&scene, KC_OK, GENERIC ",\"service\":\"new\"}", "x"));
	scene_restart(&scene);
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
}

/* One of them is lost, and the password with which it was wrapped is not here. */
TEST(recovery_without_one_key)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	scene_set_password(&scene, "pw");
	CHECK_INT(KEYBAG_WHEN_UNLOCKED, 1);
	scene_run(&scene, "DELETE FROM file.class_keys WHERE protection = 1;"
			  "DELETE FROM file.settings");
	CHECK_OK(keybag_renew(engine_keybag(scene.engine)));
	CHECK(!scene_add(&scene, KC_ERR_NOT_AVAILABLE, GENERIC "}", "x"));
	scene_said("is damaged");
	CHECK(!scene_add(&scene, KC_OK, GENERIC ",\"accessible\":\"after_first_unlock\"}", "x"));
	scene_restart(&scene);
	scene_unlock(&scene, "pw");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
}
