/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entitlements as files, and what they make of a caller: reference/keychain.md 4.1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "daemon/groups.h"
#include "harness/test.h"
#include "sys/file.h"
#include "sys/paths.h"
#include "sys/socket.h"

/* --- one file -------------------------------------------------------------------------------- */

static void refuses(const char *text, const char *reason)
{
	struct entitlements *entitlements = NULL;

	error_clear();
	CHECK_STATUS(entitlements_parse(view_of_text(text), &entitlements), KC_ERR_DECODE);
	if (!strstr(error_get()->message, reason))
		test_fail(__FILE__, __LINE__, "%s: %s", text, error_get()->message);
}

TEST(a_file_says_whom_it_is_about_and_what_that_one_may)
{
	CLEANUP(entitlements_freep) struct entitlements *entitlements = NULL;

	CHECK_OK(entitlements_parse(
		view_of_text("{\"unit\": \"foo@1.service\", \"access_groups\": [\"a.b\", \"c\"],"
			     " \"default_group\": false, \"tokens\": false, \"deny\": true}"),
		&entitlements));
	CHECK_INT(entitlements->kind, ENTITLEMENTS_UNIT);
	CHECK_TEXT(entitlements->subject, "foo@1.service");
	CHECK_INT(entitlements->n_groups, 2);
	CHECK_TEXT(entitlements->groups[1], "c");
	CHECK(!entitlements->keeps_default && !entitlements->sees_tokens);
	CHECK(entitlements->is_denied);
}

TEST(what_a_file_does_not_say_is_as_without_it)
{
	CLEANUP(entitlements_freep) struct entitlements *entitlements = NULL;

	CHECK_OK(entitlements_parse(view_of_text("{\"snap\":\"foo\"}"), &entitlements));
	CHECK(entitlements->keeps_default && entitlements->sees_tokens);
	CHECK(!entitlements->is_denied && entitlements->n_groups == 0);
}

TEST(mistakes_in_a_file_are_named)
{
	refuses("", "JSON");
	refuses("{}", "there is none of");
	refuses("{\"executable\":\"/a\",\"snap\":\"b\"}", "not about two");
	refuses("{\"executable\":\"a\"}", "the whole path");
	refuses("{\"executable\":7}", "the whole path");
	refuses("{\"executable\":null}", "the whole path");
	refuses("{\"unit\":\"foo\"}", "such as foo.service");
	refuses("{\"unit\":\".service\"}", "such as foo.service");
	refuses("{\"flatpak\":\"a/b\"}", "an application ID");
	refuses("{\"snap\":\"a.b\"}", "the name of a snap");
	refuses("{\"snap\":\"a\",\"acess_groups\":[]}", "did you mean \"access_groups\"?");
	refuses("{\"snap\":\"a\",\"access_groups\":\"b\"}", "a list of names");
	refuses("{\"snap\":\"a\",\"access_groups\":[\"*\"]}", "letters, digits");
	refuses("{\"snap\":\"a\",\"access_groups\":[\"\"]}", "letters, digits");
	refuses("{\"snap\":\"a\",\"access_groups\":[null]}", "letters, digits");
	refuses("{\"snap\":\"a\",\"access_groups\":[\"b\",\"b\"]}", "twice");
	refuses("{\"snap\":\"a\",\"access_groups\":[\"org.keycask.token\"]}", "\"tokens\" says");
	refuses("{\"snap\":\"a\",\"deny\":1}", "true or false");
	refuses("{\"snap\":\"a\",\"tokens\":null}", "true or false");
}

/* @start and @n groups g0, g1 … */
static void put_groups(char *text, size_t size, const char *start, int n)
{
	size_t len = (size_t)snprintf(text, size, "%s\"access_groups\":[", start);

	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, size - len, "%s\"g%d\"", i ? "," : "", i);
	snprintf(text + len, size - len, "]}");
}

TEST(a_file_gives_so_many_groups_and_no_more)
{
	CLEANUP(entitlements_freep) struct entitlements *entitlements = NULL;
	char text[1024];

	put_groups(text, sizeof(text), "{\"snap\":\"a\",", ENTITLEMENTS_GROUPS_MAX);
	CHECK_OK(entitlements_parse(view_of_text(text), &entitlements));
	CHECK_INT(entitlements->n_groups, ENTITLEMENTS_GROUPS_MAX);
	put_groups(text, sizeof(text), "{\"snap\":\"a\",", ENTITLEMENTS_GROUPS_MAX + 1);
	refuses(text, "more than 31");
}

/* --- folders --------------------------------------------------------------------------------- */

enum {
	FOLDER_MAX = 256,
};

struct scene {
	struct entitlement_set set;
	struct peer peer; /* ourselves */
	int ours;
	int theirs;
	char system[FOLDER_MAX];
	char user[FOLDER_MAX];
};

static void name_folder(const char *name, const char *variable, char ret_path[FOLDER_MAX])
{
	snprintf(ret_path, FOLDER_MAX, "%s/%s", test_directory(), name);
	setenv(variable, ret_path, 1);
	snprintf(ret_path, FOLDER_MAX, "%s/%s/entitlements.d", test_directory(), name);
}

static void begin(struct scene *scene)
{
	name_folder("etc", "KEYCASK_SYSTEM_CONFIG_DIR", scene->system);
	name_folder("config", "KEYCASK_CONFIG_DIR", scene->user);
	CHECK_OK(entitlement_set_init(&scene->set));
	CHECK_OK(socket_make_pair(SOCK_STREAM, &scene->ours, &scene->theirs));
	CHECK_OK(peer_identify(scene->ours, &scene->peer));
}

static void finish(struct scene *scene)
{
	entitlement_set_done(&scene->set);
	peer_done(&scene->peer);
	socket_close(&scene->ours);
	socket_close(&scene->theirs);
}

static void put(const char *folder, const char *name, const char *text)
{
	char path[512];

	CHECK_OK(paths_make_folder(folder));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	CHECK_OK(file_replace(path, view_of_text(text)));
}

/* "a b c", with "!" in front when no tokens are seen. */
static const char *groups_now(struct scene *scene)
{
	static char text[512];
	CLEANUP(groups_done) struct groups groups = {.n = 0};
	size_t len = 0;

	entitlement_set_refresh(&scene->set);
	CHECK_OK(groups_find(&scene->set, &scene->peer, &groups));
	len = (size_t)snprintf(text, sizeof(text), "%s%s", groups.is_denied ? "denied" : "",
			       groups.sees_tokens ? "" : "!");
	for (size_t i = 0; i < groups.n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "",
					groups.names[i]);
	return text;
}

static const char *reason_now(struct scene *scene)
{
	CHECK(!list_is_empty(&scene->set.problems));
	return list_entry(scene->set.problems.next, struct entitlement_problem, link)->reason;
}

#define OURSELVES "{\"executable\": \"/proc/self/exe\", "

TEST(the_system_s_groups_come_first_then_the_user_s_then_the_implicit_one)
{
	struct scene scene = {.ours = -1};

	begin(&scene);
	CHECK_TEXT(groups_now(&scene), "org.keycask.user");
	put(scene.user, "a.json", OURSELVES "\"access_groups\": [\"mine\", \"both\"]}");
	CHECK_TEXT(groups_now(&scene), "mine both org.keycask.user");
	put(scene.system, "z.json", OURSELVES "\"access_groups\": [\"theirs\", \"both\"]}");
	CHECK_TEXT(groups_now(&scene), "theirs both mine org.keycask.user");
	put(scene.user, "b.json", OURSELVES "\"default_group\": false}");
	CHECK_TEXT(groups_now(&scene), "theirs both mine");
	put(scene.user, "c.json", OURSELVES "\"tokens\": false}");
	CHECK_TEXT(groups_now(&scene), "!theirs both mine");
	put(scene.user, "d.json", OURSELVES "\"deny\": true}");
	CHECK_TEXT(groups_now(&scene), "denied!theirs both mine");
	CHECK(list_is_empty(&scene.set.problems));
	finish(&scene);
}

TEST(what_is_about_others_changes_nothing)
{
	struct scene scene = {.ours = -1};

	begin(&scene);
	put(scene.user, "a.json", "{\"executable\": \"/bin/cat\", \"deny\": true}");
	put(scene.user, "b.json", "{\"executable\": \"/nowhere\", \"deny\": true}");
	put(scene.user, "c.json", "{\"unit\": \"foo.service\", \"deny\": true}");
	put(scene.user, "d.json", "{\"flatpak\": \"a\", \"deny\": true}");
	put(scene.user, "e.json", "{\"snap\": \"a\", \"deny\": true}");
	put(scene.user, "f.txt", "not looked at");
	CHECK_TEXT(groups_now(&scene), "org.keycask.user");
	CHECK_INT(scene.set.n_files, 5);
	finish(&scene);
}

TEST(sandboxes_have_a_group_of_their_own_and_entries_of_their_own_kind)
{
	struct scene scene = {.ours = -1};

	begin(&scene);
	put(scene.user, "a.json", OURSELVES "\"access_groups\": [\"by.program\"]}");
	put(scene.user, "b.json", "{\"unit\": \"u.service\", \"access_groups\": [\"by.unit\"]}");
	put(scene.user, "c.json", "{\"flatpak\": \"org.a\", \"access_groups\": [\"by.flatpak\"]}");
	put(scene.user, "d.json", "{\"snap\": \"org.a\", \"access_groups\": [\"by.snap\"]}");
	put(scene.user, "e.json", "{\"snap\": \"s\", \"access_groups\": [\"by.snap\"]}");
	memcpy(scene.peer.unit, "u.service", 10);
	CHECK_TEXT(groups_now(&scene), "by.program by.unit org.keycask.user");
	scene.peer.sandbox = (struct peer_sandbox){PEER_IN_FLATPAK, "org.a"};
	CHECK_TEXT(groups_now(&scene), "by.flatpak flatpak.org.a");
	scene.peer.sandbox = (struct peer_sandbox){PEER_IN_SNAP, "s"};
	CHECK_TEXT(groups_now(&scene), "by.snap snap.s");
	scene.peer.sandbox = (struct peer_sandbox){PEER_IN_UNKNOWN, ""};
	CHECK_TEXT(groups_now(&scene), "!");
	CHECK(strstr(reason_now(&scene), "the name of a snap")); /* d.json */
	finish(&scene);
}

TEST(a_program_that_cannot_be_read_has_the_implicit_group_only)
{
	struct scene scene = {.ours = -1};

	begin(&scene);
	put(scene.user, "a.json", OURSELVES "\"access_groups\": [\"by.program\"]}");
	scene.peer.program = (struct peer_file){0, 0};
	CHECK_TEXT(groups_now(&scene), "org.keycask.user");
	finish(&scene);
}

static void count_for_nothing(struct scene *scene, const char *path, mode_t mode,
			      const char *reason)
{
	CHECK(chmod(path, mode) == 0);
	CHECK_TEXT(groups_now(scene), "org.keycask.user");
	if (!strstr(reason_now(scene), reason))
		test_fail(__FILE__, __LINE__, "%s", reason_now(scene));
}

TEST(what_others_may_have_written_counts_for_nothing)
{
	struct scene scene = {.ours = -1};
	char path[512];

	begin(&scene);
	put(scene.user, "a.json", OURSELVES "\"access_groups\": [\"mine\"]}");
	snprintf(path, sizeof(path), "%s/a.json", scene.user);
	count_for_nothing(&scene, path, 0620, "may be written by others (mode 620)");
	count_for_nothing(&scene, path, 0602, "may be written by others");
	CHECK(chmod(path, 0644) == 0);
	CHECK_TEXT(groups_now(&scene), "mine org.keycask.user");
	CHECK(list_is_empty(&scene.set.problems));
	count_for_nothing(&scene, scene.user, 0720, "may be written by others");
	CHECK(chmod(scene.user, 0700) == 0);
	CHECK_TEXT(groups_now(&scene), "mine org.keycask.user");
	finish(&scene);
}

TEST(files_of_other_users_and_links_count_for_nothing)
{
	struct scene scene = {.ours = -1};
	char path[512];

	begin(&scene);
	put(scene.user, "a.json", OURSELVES "\"access_groups\": [\"mine\"]}");
	snprintf(path, sizeof(path), "%s/b.json", scene.user);
	CHECK(symlink("a.json", path) == 0);
	CHECK_TEXT(groups_now(&scene), "mine org.keycask.user");
	CHECK(strstr(reason_now(&scene), "cannot open"));
	CHECK(unlink(path) == 0);
	snprintf(path, sizeof(path), "%s/a.json", scene.user);
	if (chown(path, 12345, (gid_t)-1) == 0)
		count_for_nothing(&scene, path, 0600, "belongs to another user");
	finish(&scene);
}

TEST(a_file_changed_in_its_place_is_read_anew)
{
	struct scene scene = {.ours = -1};
	char path[512];
	unsigned generation = 0;
	FILE *file = NULL;

	begin(&scene);
	put(scene.user, "a.json", OURSELVES "\"access_groups\": [\"one\"]}");
	CHECK_TEXT(groups_now(&scene), "one org.keycask.user");
	generation = scene.set.generation;
	CHECK_TEXT(groups_now(&scene), "one org.keycask.user");
	CHECK_INT(scene.set.generation, generation);
	snprintf(path, sizeof(path), "%s/a.json", scene.user);
	file = fopen(path, "w");
	CHECK(file && fputs(OURSELVES "\"access_groups\": [\"another\"]}", file) > 0);
	CHECK(fclose(file) == 0);
	CHECK_TEXT(groups_now(&scene), "another org.keycask.user");
	CHECK(unlink(path) == 0);
	CHECK_TEXT(groups_now(&scene), "org.keycask.user");
	finish(&scene);
}

TEST(a_caller_has_so_many_groups_and_no_more)
{
	struct scene scene = {.ours = -1};
	CLEANUP(groups_done) struct groups groups = {.n = 0};
	char text[1024];

	begin(&scene);
	put_groups(text, sizeof(text), OURSELVES, ENTITLEMENTS_GROUPS_MAX);
	put(scene.user, "a.json", text);
	put(scene.user, "b.json", OURSELVES "\"access_groups\": [\"x\", \"y\"]}");
	entitlement_set_refresh(&scene.set);
	CHECK_OK(groups_find(&scene.set, &scene.peer, &groups));
	CHECK_INT(groups.n, ENGINE_GROUPS_MAX);
	CHECK_TEXT(groups.names[ENGINE_GROUPS_MAX - 1], "x");
	finish(&scene);
}
