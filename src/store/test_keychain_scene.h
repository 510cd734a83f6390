/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_TEST_KEYCHAIN_SCENE_H
#define STORE_TEST_KEYCHAIN_SCENE_H

/* A keychain's file of the test's own, and a database for it. For tests; what goes wrong fails the
 * test. */

#include "store/keychain_file.h"

struct keychain_scene {
	char path[512];
	struct keychain_file_options options; /* but for the path */
	struct database *database;
	struct keychain_file *file;
};

/* Not attached. */
struct keychain_scene keychain_scene_begin(void);
void keychain_scene_end(struct keychain_scene *scene);

KC_MUST_CHECK enum kc_status keychain_scene_attach(struct keychain_scene *scene);
void keychain_scene_detach(struct keychain_scene *scene);

/* @n items of random bytes, all or none. */
void keychain_scene_fill(struct keychain_scene *scene, int n);

/* The number that @sql selects. */
int64_t keychain_scene_count(struct keychain_scene *scene, const char *sql);
int64_t keychain_scene_count_items(struct keychain_scene *scene);

#endif
