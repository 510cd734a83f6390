/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keychains that are damaged, old, new, or none: nothing is ever lost that can be read. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/try.h"
#include "harness/test.h"
#include "store/test_keychain_scene.h"
#include "sys/file.h"

enum {
	ITEMS = 300,
	PAGE = 4096,
};

static struct keychain_scene begin_filled(void)
{
	struct keychain_scene scene = keychain_scene_begin();

	CHECK_OK(keychain_scene_attach(&scene));
	CHECK_OK(database_run(scene.database, "INSERT INTO file.class_keys VALUES (1, x'0102');"
					      "INSERT INTO file.settings VALUES ('salt', x'03');"));
	keychain_scene_fill(&scene, ITEMS);
	keychain_scene_detach(&scene);
	return scene;
}

static void overwrite(const char *path, off_t at, size_t len)
{
	int fd = open(path, O_WRONLY);
	uint8_t *noise = malloc(len);

	CHECK(fd >= 0 && noise);
	memset(noise, 0xa5, len);
	CHECK(pwrite(fd, noise, len, at) == (ssize_t)len);
	free(noise);
	close(fd);
}

static off_t size_of(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 ? info.st_size : -1;
}

static void check_mended(struct keychain_scene *scene, int64_t least, int64_t most)
{
	int64_t n = 0;
	char expected[128];
	const char *report = NULL;
	const char *kept = NULL;

	CHECK_OK(keychain_scene_attach(scene));
	CHECK_OK(database_check(scene->database, "file"));
	n = keychain_scene_count_items(scene);
	CHECK(n >= least && n <= most);
	CHECK_INT(keychain_scene_count(scene, "SELECT count(*) FROM file.class_keys"), 1);
	CHECK_INT(keychain_scene_count(scene, "SELECT count(*) FROM file.settings"), 1);
	report = keychain_file_report(scene->file);
	CHECK(report);
	ignore(snprintf(expected, sizeof(expected), "the keychain was damaged: %d items were saved",
			(int)n) < 0);
	CHECK(strncmp(report, expected, strlen(expected)) == 0);
	kept = strstr(report, "kept as ");
	CHECK(kept && size_of(kept + strlen("kept as ")) > 0);
}

TEST(a_damaged_header_costs_nothing)
{
	struct keychain_scene scene = begin_filled();

	overwrite(scene.path, 0, 100);
	check_mended(&scene, ITEMS, ITEMS);
	keychain_scene_detach(&scene);
	/* And it is told of at every start, until somebody removes the damaged file. */
	check_mended(&scene, ITEMS, ITEMS);
	keychain_scene_end(&scene);
}

TEST(a_damaged_first_page_costs_nothing)
{
	struct keychain_scene scene = begin_filled();

	overwrite(scene.path, 0, PAGE);
	check_mended(&scene, ITEMS, ITEMS);
	keychain_scene_end(&scene);
}

TEST(damage_to_what_says_where_tables_are_costs_nothing)
{
	struct keychain_scene scene = begin_filled();

	overwrite(scene.path, 100, PAGE - 100);
	check_mended(&scene, ITEMS, ITEMS);
	keychain_scene_end(&scene);
}

/* The file grows with the items: its last pages are theirs, and their indexes'. */
TEST(damage_in_the_middle_costs_what_stood_there)
{
	struct keychain_scene scene = begin_filled();
	off_t size = size_of(scene.path);
	enum kc_status status = KC_OK;
	int64_t n = 0;

	overwrite(scene.path, size / PAGE * 3 / 4 * PAGE, 8 * PAGE);
	CHECK_OK(keychain_scene_attach(&scene));
	CHECK(!keychain_file_report(scene.file));
	error_clear();
	status = database_run(scene.database,
			      "SELECT sum(length(attributes)) FROM file.generic_passwords");
	CHECK_INT(status, KC_ERR_NOT_AVAILABLE);
	CHECK(database_is_damaged(scene.database));
	error_clear();
	CHECK_OK(keychain_file_recover(scene.file));
	n = keychain_scene_count_items(&scene);
	CHECK(n > ITEMS / 4 && n <= ITEMS);
	keychain_scene_detach(&scene);
	check_mended(&scene, n, n);
	keychain_scene_end(&scene);
}

static void remove_kept(const char *report)
{
	const char *kept = report ? strstr(report, "kept as ") : NULL;
	char text[700];

	if (!kept)
		return;
	kept += strlen("kept as ");
	ignore(unlink(kept));
	ignore(snprintf(text, sizeof(text), "%s.txt", kept) < 0);
	ignore(unlink(text));
}

/* Every page in turn: never an error. What costs more than half is the first page of their table.
 */
TEST(any_damaged_page_is_mended)
{
	struct keychain_scene scene = begin_filled();
	char original[600];
	off_t n_pages = size_of(scene.path) / PAGE;
	int n_without_keys = 0;
	int n_without_root = 0;

	ignore(snprintf(original, sizeof(original), "%s/original", test_directory()) < 0);
	CHECK(rename(scene.path, original) == 0);
	for (off_t page = 0; page < n_pages; page++) {
		CHECK_OK(file_copy(original, scene.path));
		overwrite(scene.path, page * PAGE, PAGE);
		CHECK_OK(keychain_scene_attach(&scene));
		if (database_check(scene.database, "file") != KC_OK)
			CHECK_OK(keychain_file_recover(scene.file));
		error_clear();
		CHECK_OK(database_check(scene.database, "file"));
		if (keychain_file_report(scene.file) &&
		    strstr(keychain_file_report(scene.file), "keys could not be read"))
			n_without_keys++;
		else if (keychain_scene_count_items(&scene) < ITEMS / 2)
			n_without_root++;
		remove_kept(keychain_file_report(scene.file));
		keychain_scene_detach(&scene);
	}
	CHECK_INT(n_without_keys, 0);
	CHECK_INT(n_without_root, 1);
	keychain_scene_end(&scene);
}

TEST(a_truncated_file_keeps_what_is_left)
{
	struct keychain_scene scene = begin_filled();
	off_t size = size_of(scene.path);

	CHECK(truncate(scene.path, size * 3 / 4) == 0);
	check_mended(&scene, ITEMS / 3, ITEMS);
	keychain_scene_end(&scene);
}

TEST(an_emptied_file_is_not_taken_for_a_new_one)
{
	struct keychain_scene scene = begin_filled();

	CHECK(truncate(scene.path, 0) == 0);
	CHECK_OK(keychain_scene_attach(&scene));
	CHECK(strstr(keychain_file_report(scene.file), "its keys could not be read"));
	keychain_scene_end(&scene);
}
