/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every n-th write, sync, truncation, read and opening fails in turn, once and for good, until a
 * whole life of a keychain passes without a fault: whatever was acknowledged is there afterwards,
 * no half of anything else, the file is whole, and as soon as the disk works again so does the
 * keychain.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "harness/test.h"
#include "store/fault_vfs.h"
#include "store/keychain_file.h"

enum {
	WRITES = 12,
	ROWS = 3, /* of each write: all or none */
	FAULTS_MAX = 5000,
};

struct life {
	char path[512];
	bool is_acknowledged[WRITES];
	bool is_attached;
};

static void remove_state(void)
{
	char folder[512];

	ignore(snprintf(folder, sizeof(folder), "%s/state", test_directory()) < 0);
	test_remove(folder);
}

static enum kc_status attach(const struct life *life, struct database *database,
			     struct keychain_file **ret_file)
{
	struct keychain_file_options options = {.path = life->path, .vfs = FAULT_VFS};

	error_clear();
	return keychain_file_attach(database, &options, ret_file);
}

static enum kc_status write_rows(struct database *database, const void *work)
{
	const int *number = work;

	for (int i = 0; i < ROWS; i++) {
		struct statement *statement = NULL;
		bool has_row = false;

		TRY(database_prepare(database,
				     "INSERT INTO file.generic_passwords (item_id, protection,"
				     " revision, identity, account, attributes) VALUES"
				     " (randomblob(16), ?1, randomblob(16), randomblob(16),"
				     " randomblob(16), randomblob(3000))",
				     &statement));
		TRY(database_bind_number(statement, 1, *number));
		TRY(database_step(statement, &has_row));
	}
	return KC_OK;
}

/* Failures are ordinary ones: a status and a message, and never a file that is called damaged. */
static void check_failure(enum kc_status status, const struct database *database)
{
	CHECK(status == KC_ERR_NOT_AVAILABLE || status == KC_ERR_READ_ONLY);
	CHECK(error_get()->message[0] && error_get()->hint[0]);
	CHECK(!database_is_damaged(database));
}

/* As a daemon lives: opened, written to, its log checkpointed, closed. */
static void live(struct life *life)
{
	CLEANUP(database_freep) struct database *database = NULL;
	CLEANUP(keychain_file_freep) struct keychain_file *file = NULL;
	enum kc_status status = KC_OK;

	CHECK_OK(database_new(&database));
	status = attach(life, database, &file);
	life->is_attached = status == KC_OK;
	if (status != KC_OK)
		check_failure(status, database);
	for (int i = 0; life->is_attached && i < WRITES; i++) {
		error_clear();
		status = database_transact_file(database, write_rows, &i);
		life->is_acknowledged[i] = status == KC_OK;
		if (status != KC_OK)
			check_failure(status, database);
		if (i == WRITES / 2)
			ignore(database_run(database, "PRAGMA file.wal_checkpoint(TRUNCATE)"));
	}
	file = keychain_file_free(file);
}

static int64_t count_rows(struct database *database, int number)
{
	struct statement *statement = NULL;
	bool has_row = false;
	int64_t n = 0;

	CHECK_OK(database_prepare(
		database, "SELECT count(*) FROM file.generic_passwords WHERE protection = ?1",
		&statement));
	CHECK_OK(database_bind_number(statement, 1, number));
	CHECK_OK(database_step(statement, &has_row));
	n = database_column_number(statement, 0);
	database_reset(statement);
	return n;
}

/* The disk is well again. */
static void check_life(const struct life *life)
{
	CLEANUP(database_freep) struct database *database = NULL;
	CLEANUP(keychain_file_freep) struct keychain_file *file = NULL;
	int last = WRITES;

	fault_vfs_arm(FAULT_WRITE, 0, false);
	CHECK_OK(database_new(&database));
	CHECK_OK(attach(life, database, &file));
	CHECK(!keychain_file_report(file));
	CHECK_OK(database_check(database, "file"));
	for (int i = 0; i < WRITES; i++) {
		int64_t n = count_rows(database, i);

		CHECK(n == ROWS || (n == 0 && !life->is_acknowledged[i]));
	}
	CHECK_OK(database_transact_file(database, write_rows, &last));
	CHECK_INT(count_rows(database, last), ROWS);
	file = keychain_file_free(file);
}

static struct life make_life(void)
{
	struct life life = {.is_attached = false};

	remove_state();
	ignore(snprintf(life.path, sizeof(life.path), "%s/state/keychain.db", test_directory()) <
	       0);
	return life;
}

/* Every step of the way, until one more would be after the end; for good, every fifth. */
static void fail_each(enum fault_kind kind, bool is_lasting)
{
	int n = 1;

	for (; n < FAULTS_MAX; n += is_lasting ? 5 : 1) {
		struct life life = make_life();

		fault_vfs_arm(kind, n, is_lasting);
		live(&life);
		if (!fault_vfs_has_struck())
			break;
		check_life(&life);
	}
	printf("# %s%s: %d faults\n", fault_vfs_name(kind), is_lasting ? " for good" : "", n - 1);
	CHECK(n > 1 && n < FAULTS_MAX);
}

#define EACH(name_, kind_)                                                                         \
	TEST(one_##name_##_fails)                                                                  \
	{                                                                                          \
		fault_vfs_register();                                                              \
		fail_each(kind_, false);                                                           \
	}                                                                                          \
	TEST(each_##name_##_fails_from_then_on)                                                    \
	{                                                                                          \
		fault_vfs_register();                                                              \
		fail_each(kind_, true);                                                            \
	}

EACH(write, FAULT_WRITE)
EACH(write_for_want_of_space, FAULT_FULL)
EACH(sync, FAULT_SYNC)
EACH(truncation, FAULT_TRUNCATE)
EACH(read, FAULT_READ)
EACH(opening, FAULT_OPEN)
