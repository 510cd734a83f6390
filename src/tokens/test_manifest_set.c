/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of drivers: order, choices, duplicates, owners and modes, and what an author is told. */
#include "tokens/manifest_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/try.h"
#include "harness/test.h"

enum {
	TEXT_MAX = 1024,
};

static void put_path(const char *name, char *ret_path)
{
	CHECK((size_t)snprintf(ret_path, TEXT_MAX, "%s/%s", test_directory(), name) < TEXT_MAX);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[TEXT_MAX];
	FILE *file = NULL;

	put_path(name, path);
	file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
	CHECK(chmod(path, mode) == 0);
}

static void write_manifest(const char *file, const char *class_id, const char *aid)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text),
		 "{\"class_id\":\"%s\",\"name\":\"N\",\"type\":\"smartcard\","
		 "\"executable\":\"program\",\"aids\":[\"%s\"]}",
		 class_id, aid);
	write_file(file, text, 0644);
}

/* system/, user/, both with a program, and the choices. */
static struct manifest_places make_places(void)
{
	static char system_folder[TEXT_MAX];
	static char user_folder[TEXT_MAX];
	static char choices[TEXT_MAX];

	put_path("system", system_folder);
	put_path("user", user_folder);
	put_path("drivers.json", choices);
	CHECK(mkdir(system_folder, 0755) == 0 && mkdir(user_folder, 0755) == 0);
	CHECK(setenv("KEYCASK_LIBEXEC_DIR", system_folder, 1) == 0);
	write_file("system/program", "#!/bin/false", 0755);
	write_file("user/program", "#!/bin/false", 0755);
	return (struct manifest_places){system_folder, user_folder, choices};
}

/* "a.b+ c.d-(reason) …": what is there, usable or not. */
static const char *summary(const struct manifest_places *places)
{
	static char text[TEXT_MAX];
	CLEANUP(manifest_set_done) struct manifest_set set;
	size_t len = 0;

	text[0] = '\0';
	CHECK_OK(manifest_set_load(places, &set));
	list_for_each (link, &set.manifests) {
		const struct manifest *manifest = list_entry(link, struct manifest, link);

		CHECK(manifest->is_enabled == (!manifest->reason[0] && !manifest->is_switched_off));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s", len ? " " : "",
					manifest->class_id, manifest->is_enabled ? "+" : "-");
		CHECK(len < sizeof(text));
	}
	return text;
}

TEST(folders_that_are_not_there_are_empty)
{
	const struct manifest_places places = {"/nonexistent", "/nonexistent", "/nonexistent/x"};

	CHECK_TEXT(summary(&places), "");
}

TEST(system_first_then_by_file_name_and_broken_ones_too)
{
	struct manifest_places places = make_places();

	write_manifest("system/b.json", "org.b", "A000000001");
	write_file("system/a.json", "{\"class_id\":", 0644);
	write_manifest("user/0.json", "org.u", "A000000001");
	write_file("user/notes.txt", "no manifest", 0644);
	CHECK_TEXT(summary(&places), "a- org.b+ org.u+");
}

TEST(a_class_has_one_driver)
{
	CLEANUP(manifest_set_done) struct manifest_set set;
	struct manifest_places places = make_places();

	write_manifest("system/a.json", "org.a", "A000000001");
	write_manifest("user/a.json", "org.a", "A000000002");
	CHECK_TEXT(summary(&places), "org.a+ org.a-");
	CHECK_OK(manifest_set_load(&places, &set));
	CHECK(strstr(list_entry(set.manifests.previous, struct manifest, link)->reason,
		     "class_id org.a belongs to"));
	CHECK(manifest_set_find(&set, "org.a")->is_enabled);
	CHECK(!manifest_set_find(&set, "org.b"));
}

TEST(choices_order_and_switch_off)
{
	struct manifest_places places = make_places();

	write_manifest("system/a.json", "org.a", "A000000001");
	write_manifest("system/b.json", "org.b", "A000000001");
	write_manifest("system/c.json", "org.c", "A000000001");
	write_file("drivers.json", "{\"order\":[\"org.c\",\"org.x\",\"org.b\"]}", 0600);
	CHECK_TEXT(summary(&places), "org.c+ org.b+ org.a+");
	CHECK_OK(driver_choices_enable(places.choices, "org.c", false));
	CHECK_TEXT(summary(&places), "org.c- org.b+ org.a+");
	CHECK_OK(driver_choices_enable(places.choices, "org.c", false));
	CHECK_OK(driver_choices_enable(places.choices, "org.a", false));
	CHECK_TEXT(summary(&places), "org.c- org.b+ org.a-");
	CHECK_OK(driver_choices_enable(places.choices, "org.c", true));
	CHECK_OK(driver_choices_enable(places.choices, "org.a", true));
	CHECK_TEXT(summary(&places), "org.c+ org.b+ org.a+");
}

TEST(choices_that_make_no_sense_switch_everything_off)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"{\"disable\":[]}", "unknown key \"disable\""},
		{"{\"disabled\":\"org.a\"}", "must be a list of class IDs"},
		{"{\"order\":[7]}", "must be a list of class IDs"},
		{"{", "does not end"},
	};
	struct manifest_places places = make_places();

	write_manifest("system/a.json", "org.a", "A000000001");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(manifest_set_done) struct manifest_set set;

		write_file("drivers.json", cases[i].text, 0600);
		CHECK_TEXT(summary(&places), "org.a-");
		CHECK_OK(manifest_set_load(&places, &set));
		if (!strstr(manifest_set_find(&set, "org.a")->reason, cases[i].message))
			test_fail(__FILE__, __LINE__, "case %zu says \"%s\"", i,
				  manifest_set_find(&set, "org.a")->reason);
		CHECK_STATUS(driver_choices_enable(places.choices, "org.a", true), KC_ERR_DECODE);
	}
}

TEST(choices_are_written_where_there_is_no_folder_yet)
{
	char path[TEXT_MAX];
	struct driver_choices choices = {NULL};

	put_path("new/folder/drivers.json", path);
	CHECK_OK(driver_choices_enable(path, "org.a", false));
	CHECK_OK(driver_choices_load(path, &choices));
	CHECK(driver_choices_has_disabled(&choices, "org.a"));
	CHECK(!driver_choices_has_disabled(&choices, "org.b"));
	driver_choices_done(&choices);
}

/* --- what an author is told ------------------------------------------------------------------ */

static void check_told(const struct manifest_places *places, const char *file, const char *problem,
		       const char *note)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	struct manifest_problems problems = {.n = 0};
	struct manifest_problems notes = {.n = 0};
	char path[TEXT_MAX];

	put_path(file, path);
	CHECK_OK(manifest_set_examine(places, path, &problems, &notes, &manifest));
	CHECK_INT(problems.n, problem ? 1 : 0);
	CHECK_INT(notes.n, note ? 1 : 0);
	if (problem && !strstr(problems.texts[0], problem))
		test_fail(__FILE__, __LINE__, "it says \"%s\"", problems.texts[0]);
	if (note && !strstr(notes.texts[0], note))
		test_fail(__FILE__, __LINE__, "it notes \"%s\"", notes.texts[0]);
}

TEST(one_that_is_fine)
{
	struct manifest_places places = make_places();

	write_manifest("user/a.json", "org.a", "A000000001");
	check_told(&places, "user/a.json", NULL, NULL);
	write_manifest("system/b.json", "org.b", "A000000002");
	check_told(&places, "system/b.json", NULL, NULL);
}

TEST(programs_that_cannot_be_started)
{
	struct manifest_places places = make_places();
	char path[TEXT_MAX];

	write_manifest("user/a.json", "org.a", "A000000001");
	put_path("user/program", path);
	CHECK(chmod(path, 0644) == 0);
	check_told(&places, "user/a.json", "is not executable: chmod +x it", NULL);
	CHECK(chmod(path, 0775) == 0);
	check_told(&places, "user/a.json", "can be written by others (mode 775)", NULL);
	CHECK(remove(path) == 0);
	check_told(&places, "user/a.json", "No such file or directory; put the program there",
		   NULL);
	CHECK(mkdir(path, 0755) == 0);
	check_told(&places, "user/a.json", "is not a file", NULL);
	CHECK_TEXT(summary(&places), "org.a-");
}

TEST(manifests_that_others_could_have_written)
{
	struct manifest_places places = make_places();
	char path[TEXT_MAX];

	write_manifest("user/a.json", "org.a", "A000000001");
	write_manifest("system/b.json", "org.b", "A000000002");
	put_path("user/a.json", path);
	CHECK(chmod(path, 0664) == 0);
	check_told(&places, "user/a.json", "can be written by others (mode 664)", NULL);
	put_path("system/b.json", path);
	CHECK(chmod(path, 0666) == 0);
	check_told(&places, "system/b.json", "can be written by others (mode 666)", NULL);
	CHECK_TEXT(summary(&places), "org.b- org.a-");
}

TEST(two_drivers_for_one_application)
{
	struct manifest_places places = make_places();

	write_manifest("system/a.json", "org.a", "A00000000102");
	write_manifest("user/b.json", "org.b", "A00000000102");
	check_told(&places, "user/b.json", NULL, "A00000000102 is also of org.a");
	write_manifest("user/b.json", "org.b", "A000000001");
	check_told(&places, "user/b.json", NULL, "may select the same application");
	write_manifest("user/b.json", "org.a", "A000000009");
	check_told(&places, "user/b.json", "org.a belongs to", NULL);
}

TEST(a_file_that_nobody_would_look_at)
{
	struct manifest_places places = make_places();

	write_manifest("user/a.txt", "org.a", "A000000001");
	check_told(&places, "user/a.txt", NULL, "must end in .json");
}

TEST(a_file_that_is_not_there)
{
	struct manifest_places places = make_places();
	struct manifest_problems problems = {.n = 0};
	struct manifest_problems notes = {.n = 0};
	struct manifest *manifest = NULL;

	CHECK_STATUS(
		manifest_set_examine(&places, "/nonexistent.json", &problems, &notes, &manifest),
		KC_ERR_ITEM_NOT_FOUND);
}
