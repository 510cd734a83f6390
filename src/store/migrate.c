/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running migrations, and comparing what is in a file with what they make. SQLite keeps each
 * CREATE command as it was given, so two files of one version have equal texts.
 */
#include "store/migrate.h"

#include "base/try.h"
#include "store/sql.h"

enum {
	SCHEMA_TEXT_MAX = 256 * 1024,
};

static const struct migration known[] = {
	{migrate_001_first},
};

struct migration_list migrate_known(void)
{
	return (struct migration_list){known, ARRAY_LEN(known)};
}

struct run {
	const struct migration_list *list;
	int version;
	int target;
};

static enum kc_status run_commands(struct database *database, const struct migration *migration)
{
	for (const char *const *command = migration->commands; *command; command++)
		TRY(database_run(database, *command));
	return KC_OK;
}

static enum kc_status sign(struct database *database, int version)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	const char *text = NULL;

	TRY(sql_put(&sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		    MIGRATE_APPLICATION_ID, version));
	TRY(sql_end(&sql, &text));
	return database_run(database, text);
}

static enum kc_status run(struct database *database, const void *work)
{
	const struct run *run = work;

	for (int i = run->version; i < run->target; i++)
		TRY(run_commands(database, &run->list->migrations[i]));
	return sign(database, run->target);
}

enum kc_status migrate_run(struct database *database, const struct migration_list *list,
			   int version, int target)
{
	struct run work = {list, version, target};

	return database_transact_file(database, run, &work);
}

/* --- comparing -----------------------------------------------------------------------------------
 */

/* What SQLite makes itself (sqlite_sequence …) has no text, or a name of its own. */
static enum kc_status put_schema(struct database *database, const char *schema, struct bytes *text)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct statement *statement = NULL;
	const char *query = NULL;
	bool has_row = false;

	TRY(sql_put(&sql,
		    "SELECT type || ' ' || name || ': ' || sql || char(10) FROM %s.sqlite_schema"
		    " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite@_%%' ESCAPE '@' ORDER BY 1",
		    schema));
	TRY(sql_end(&sql, &query));
	TRY(database_prepare(database, query, &statement));
	for (;;) {
		TRY(database_step(statement, &has_row));
		if (!has_row)
			break;
		TRY(bytes_append(text, database_column_data(statement, 0)));
	}
	database_reset(statement);
	return KC_OK;
}

static enum kc_status put_expected(const struct migration_list *list, int version,
				   struct bytes *text)
{
	CLEANUP(database_freep) struct database *model = NULL;

	TRY(database_new(&model));
	TRY(migrate_run(model, list, 0, version));
	return put_schema(model, "main", text);
}

enum kc_status migrate_check(struct database *database, const char *schema,
			     const struct migration_list *list, int version)
{
	CLEANUP(bytes_done) struct bytes expected = BYTES_INIT(SCHEMA_TEXT_MAX);
	CLEANUP(bytes_done) struct bytes found = BYTES_INIT(SCHEMA_TEXT_MAX);

	TRY(put_expected(list, version, &expected));
	TRY(put_schema(database, schema, &found));
	REQUIRE(view_equal(bytes_view(&expected), bytes_view(&found)), KC_ERR_DECODE,
		"the tables are not those of version %d", version);
	return KC_OK;
}
