/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Table by table, in order of keys. Where a page cannot be read, the keys after it are tried one by
 * one, so that only what stood on that page is lost. Keys and settings come first: items
 * are worth nothing without.
 */
#include "store/keychain_salvage.h"

#include "base/try.h"
#include "store/keychain_graft.h"
#include "store/keychain_place.h"
#include "store/schema.h"
#include "store/sql.h"
#include "sys/file.h"
#include "sys/paths.h"

enum {
	MISSES_MAX = 20000, /* keys in a row that lead nowhere: the end */
};

struct salvage {
	const struct keychain_build *build;
	int version;
	struct database *old;
	struct database *made;
	struct keychain_salvage result;
};

struct table {
	const char *from; /* in the old file */
	const char *name; /* in the new one */
	const char *key;
	int64_t n_saved;
};

/* --- rows ----------------------------------------------------------------------------------------
 */

static enum kc_status put_insert(struct bytes *sql, const char *table, int n_columns)
{
	TRY(sql_put(sql, "INSERT OR IGNORE INTO %s VALUES (?", table));
	for (int i = 1; i < n_columns; i++)
		TRY(sql_put(sql, ",?"));
	return sql_put(sql, ")");
}

/* What the new file does not take (NULL where nothing may be NULL) is damaged as well. */
static enum kc_status copy_row(struct salvage *salvage, struct table *table, struct statement *row)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct statement *insert = NULL;
	const char *text = NULL;
	bool has_row = false;

	TRY(put_insert(&sql, table->name, database_n_columns(row)));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(salvage->made, text, &insert));
	for (int i = 0; i < database_n_columns(row); i++)
		TRY(database_bind_column(insert, i + 1, row, i));
	TRY(database_step(insert, &has_row));
	table->n_saved += database_n_changed(salvage->made);
	return KC_OK;
}

static enum kc_status prepare_rows(struct salvage *salvage, const struct table *table,
				   const char *comparison, struct statement **ret_statement)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	const char *text = NULL;

	TRY(sql_put(&sql, "SELECT * FROM %s WHERE %s %s ?1 ORDER BY %s", table->from, table->key,
		    comparison, table->key));
	TRY(sql_end(&sql, &text));
	return database_prepare(salvage->old, text, ret_statement);
}

/* The next row; false when there is none, or none that can be read. */
static bool step(struct statement *statement, bool *ret_is_damaged)
{
	bool has_row = false;
	enum kc_status status = KC_OK;

	error_clear();
	status = database_step(statement, &has_row);
	error_clear();
	*ret_is_damaged = status != KC_OK;
	return status == KC_OK && has_row;
}

/* All rows after *@at, up to a page that cannot be read. */
static enum kc_status copy_run(struct salvage *salvage, struct table *table, int64_t *at,
			       bool *ret_is_damaged)
{
	struct statement *rows = NULL;

	TRY(prepare_rows(salvage, table, ">", &rows));
	TRY(database_bind_number(rows, 1, *at));
	while (step(rows, ret_is_damaged)) {
		int64_t key = database_column_number(rows, 0);

		if (key <= *at) {
			*ret_is_damaged = true;
			break;
		}
		*at = key;
		TRY(copy_row(salvage, table, rows));
	}
	database_reset(rows);
	return KC_OK;
}

/* The next key that leads to a row again. */
static enum kc_status skip_damage(struct salvage *salvage, struct table *table, int64_t *at,
				  bool *ret_is_found)
{
	struct statement *rows = NULL;
	bool is_found = false;
	bool is_damaged = false;

	TRY(prepare_rows(salvage, table, "=", &rows));
	for (int i = 0; i < MISSES_MAX && !is_found && *at < INT64_MAX; i++) {
		*at += 1;
		database_reset(rows);
		TRY(database_bind_number(rows, 1, *at));
		is_found = step(rows, &is_damaged);
	}
	if (is_found)
		TRY(copy_row(salvage, table, rows));
	database_reset(rows);
	*ret_is_found = is_found;
	return KC_OK;
}

static enum kc_status copy_numbered(struct salvage *salvage, struct table *table)
{
	int64_t at = 0;
	bool is_damaged = true;
	bool is_found = true;

	while (is_damaged && is_found) {
		TRY(copy_run(salvage, table, &at, &is_damaged));
		if (is_damaged)
			TRY(skip_damage(salvage, table, &at, &is_found));
	}
	return KC_OK;
}

/* Its key is a text: what stands before the damage, and nothing after. */
static enum kc_status copy_named(struct salvage *salvage, struct table *table)
{
	struct statement *rows = NULL;
	bool is_damaged = false;

	TRY(prepare_rows(salvage, table, ">", &rows));
	TRY(database_bind_text(rows, 1, view_of_text("")));
	while (step(rows, &is_damaged))
		TRY(copy_row(salvage, table, rows));
	database_reset(rows);
	return KC_OK;
}

/* A table that is not even known in the old file has no rows. */
static enum kc_status copy_table(struct salvage *salvage, struct table *table, bool is_named)
{
	struct statement *rows = NULL;

	error_clear();
	if (prepare_rows(salvage, table, ">", &rows) != KC_OK) {
		error_clear();
		return KC_OK;
	}
	return is_named ? copy_named(salvage, table) : copy_numbered(salvage, table);
}

static enum kc_status copy_items(struct salvage *salvage)
{
	for (int i = 0; i < VOCABULARY_N_CLASSES; i++) {
		struct table table = {.key = "position"};

		if (i == VOCABULARY_IDENTITY)
			continue;
		table.name = schema_table((enum vocabulary_class)i);
		table.from = table.name;
		TRY(copy_table(salvage, &table, false));
		salvage->result.n_items += table.n_saved;
	}
	return KC_OK;
}

static enum kc_status copy_keys(struct salvage *salvage)
{
	struct table tables[] = {
		{.from = "class_keys", .name = "class_keys", .key = "protection"},
		{.from = "class_keys_copy", .name = "class_keys", .key = "protection"},
		{.from = "settings", .name = "settings", .key = "name"},
		{.from = "settings_copy", .name = "settings", .key = "name"},
	};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		TRY(copy_table(salvage, &tables[i], i >= 2));
	salvage->result.has_keys = tables[0].n_saved + tables[1].n_saved > 0;
	return KC_OK;
}

static enum kc_status copy_all(struct database *made, const void *work)
{
	struct salvage *salvage = *(struct salvage *const *)work;

	(void)made;
	TRY(copy_keys(salvage));
	return salvage->result.has_keys ? copy_items(salvage) : KC_OK;
}

/* --- the copy ------------------------------------------------------------------------------------
 */

static enum kc_status copy_file(const char *path, const char *from, const char *to)
{
	char source[PATHS_MAX];
	char target[PATHS_MAX];
	enum kc_status status = KC_OK;

	TRY(keychain_place_name(path, from, source, sizeof(source)));
	TRY(keychain_place_name(path, to, target, sizeof(target)));
	status = file_copy(source, target);
	if (status != KC_ERR_ITEM_NOT_FOUND)
		return status;
	error_clear();
	return KC_OK;
}

static enum kc_status open_copy(struct salvage *salvage)
{
	char name[PATHS_MAX];
	struct database_source source = {.path = name, .vfs = salvage->build->vfs};

	TRY(keychain_place_name(salvage->build->path, ".salvage", name, sizeof(name)));
	salvage->old = database_free(salvage->old);
	TRY(database_open(&source, &salvage->old));
	return migrate_check(salvage->old, "main", &salvage->build->migrations, salvage->version);
}

/* When its tables cannot be found, those of the new file stand in the same places. */
static enum kc_status open_old(struct salvage *salvage)
{
	TRY(copy_file(salvage->build->path, "", ".salvage"));
	TRY(copy_file(salvage->build->path, "-wal", ".salvage-wal"));
	if (open_copy(salvage) == KC_OK)
		return KC_OK;
	error_clear();
	salvage->old = database_free(salvage->old);
	TRY(copy_file(salvage->build->path, "", ".salvage"));
	TRY(copy_file(salvage->build->path, "-wal", ".salvage-wal"));
	TRY(keychain_graft(salvage->build->path));
	if (open_copy(salvage) == KC_OK)
		return KC_OK;
	error_clear();
	return KC_OK;
}

static enum kc_status save(struct salvage *salvage)
{
	const struct salvage *work = salvage;

	TRY(keychain_build_begin(salvage->build, salvage->version, &salvage->made));
	TRY(open_old(salvage));
	if (salvage->old)
		TRY(database_transact_file(salvage->made, copy_all, &work));
	return keychain_build_finish(salvage->build, &salvage->made);
}

enum kc_status keychain_salvage(const struct keychain_build *build, int version,
				struct keychain_salvage *ret_salvage)
{
	struct salvage salvage = {.build = build, .version = version};
	enum kc_status status = save(&salvage);

	salvage.made = database_free(salvage.made);
	salvage.old = database_free(salvage.old);
	keychain_build_clear(build->path);
	TRY(status);
	*ret_salvage = salvage.result;
	return KC_OK;
}
