/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

/*
 * Schema versions of the keychain's file. One file per migration, migrate/NNN_what.c: frozen SQL
 * that brings the version before it to its own and never changes again. A new file takes all of
 * them. Migrations run on a copy (keychain_build.h), so they need not mind being interrupted.
 */

#include "store/database.h"

enum {
	MIGRATE_APPLICATION_ID = 0x6b63736b, /* "kcsk", https://www.sqlite.org/fileformat2.html */
};

struct migration {
	const char *const *commands; /* up to a NULL */
};

/* The migration at [i] makes version i + 1. */
struct migration_list {
	const struct migration *migrations;
	int n; /* the newest version */
};

/* Those of this keycask. */
struct migration_list migrate_known(void);

/*
 * Bring a database of its own ("main") from @version (0: empty) to @target, in one transaction, and
 * write its version and whose file it is.
 */
KC_MUST_CHECK enum kc_status migrate_run(struct database *database,
					 const struct migration_list *list, int version,
					 int target);

/*
 * Are the tables in @schema ("main" or "file") those of @version, as the migrations make them?
 * Expected: KC_ERR_DECODE  they are not: the file is damaged, or somebody else has changed it
 */
KC_MUST_CHECK enum kc_status migrate_check(struct database *database, const char *schema,
					   const struct migration_list *list, int version);

/* The commands in migrate/NNN_what.c. */
extern const char *const migrate_001_first[];

#endif
