/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keychain's file, as tests begin and end with it. */
#include "store/test_keychain_scene.h"

#include <stdio.h>

#include "base/error.h"
#include "base/try.h"
#include "harness/test.h"

struct keychain_scene keychain_scene_begin(void)
{
	struct keychain_scene scene = {.file = NULL};

	ignore(snprintf(scene.path, sizeof(scene.path), "%s/state/keychain.db", test_directory()) <
	       0);
	CHECK_OK(database_new(&scene.database));
	return scene;
}

void keychain_scene_end(struct keychain_scene *scene)
{
	keychain_scene_detach(scene);
	scene->database = database_free(scene->database);
}

enum kc_status keychain_scene_attach(struct keychain_scene *scene)
{
	struct keychain_file_options options = scene->options;

	options.path = scene->path;
	error_clear();
	return keychain_file_attach(scene->database, &options, &scene->file);
}

void keychain_scene_detach(struct keychain_scene *scene)
{
	scene->file = keychain_file_free(scene->file);
}

void keychain_scene_fill(struct keychain_scene *scene, int n)
{
	CHECK_OK(database_run(scene->database, "BEGIN IMMEDIATE"));
	for (int i = 0; i < n; i++)
		CHECK_OK(database_run(scene->database,
				      "INSERT INTO file.generic_passwords (item_id, protection,"
				      " revision, identity, account, attributes) VALUES"
				      " (randomblob(16), 1, randomblob(16), randomblob(16),"
				      " randomblob(16), randomblob(300))"));
	CHECK_OK(database_run(scene->database, "COMMIT"));
}

int64_t keychain_scene_count(struct keychain_scene *scene, const char *sql)
{
	struct statement *statement = NULL;
	bool has_row = false;
	int64_t n = 0;

	CHECK_OK(database_prepare(scene->database, sql, &statement));
	CHECK_OK(database_step(statement, &has_row));
	CHECK(has_row);
	n = database_column_number(statement, 0);
	database_reset(statement);
	return n;
}

int64_t keychain_scene_count_items(struct keychain_scene *scene)
{
	return keychain_scene_count(scene, "SELECT count(*) FROM file.generic_passwords");
}
