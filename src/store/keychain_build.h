/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYCHAIN_BUILD_H
#define STORE_KEYCHAIN_BUILD_H

/*
 * Building a whole keychain beside the one that is there: empty, or of the newest version. Its name
 * is PATH.new until it is whole and synced, then PATH.next (keychain_swap.h).
 */

#include "store/keychain_swap.h"
#include "store/migrate.h"

struct keychain_build {
	const char *path;
	const char *vfs; /* of SQLite; NULL: its own */
	struct migration_list migrations;
	keychain_swap_step_fn step; /* or NULL */
};

/* An empty one of @version, for more to be put in: PATH.new, as a database of its own. */
KC_MUST_CHECK enum kc_status keychain_build_begin(const struct keychain_build *build, int version,
						  struct database **ret_database);
/* @database is closed; PATH.next is there. */
KC_MUST_CHECK enum kc_status keychain_build_finish(const struct keychain_build *build,
						   struct database **database);

KC_MUST_CHECK enum kc_status keychain_build_empty(const struct keychain_build *build);

/*
 * What is in PATH, of @version, brought to the newest. Expected: KC_ERR_DECODE  it is damaged
 */
KC_MUST_CHECK enum kc_status keychain_build_upgrade(const struct keychain_build *build,
						    int version);

/* Remove what an interrupted build has left. */
void keychain_build_clear(const char *path);

#endif
