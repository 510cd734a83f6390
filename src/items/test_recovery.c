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
