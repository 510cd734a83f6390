/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables and indexes. An index has no column for the access group: what a caller may not see is
 * dropped from the few rows with equal values. A column that most items leave empty has a partial
 * index, which costs those items nothing.
 */
#include "store/schema.h"

#include <stdio.h>

#include "base/try.h"
#include "store/sql.h"

static const char *const tables[] = {
	[VOCABULARY_GENERIC_PASSWORD] = "generic_passwords",
	[VOCABULARY_INTERNET_PASSWORD] = "internet_passwords",
	[VOCABULARY_CERTIFICATE] = "certificates",
	[VOCABULARY_KEY] = "keys",
};

/* Names as they stand, for queries by a raw Name; and what makes a pair of certificate and key. */
static const char *const certificate_extras[] = {"subject_raw", "issuer_raw", "public_key", NULL};
static const char *const key_extras[] = {"public_key", NULL};
static const char *const no_extras[] = {NULL};

/* reference/keychain.md 1.3 to 1.6, "I"; flags and kinds, which say little of an item, have none.
 */
static const char *const leads[][12] = {
	[VOCABULARY_GENERIC_PASSWORD] = {"service,account", "account", "label", "generic", "alias",
					 "type"},
	[VOCABULARY_INTERNET_PASSWORD] = {"server,account", "account", "label", "alias", "path",
					  "security_domain", "port", "type", "authentication_type",
					  "protocol"},
	[VOCABULARY_CERTIFICATE] = {"serial_number", "public_key_hash", "subject_key_id", "subject",
				    "label", "issuer", "alias"},
	[VOCABULARY_KEY] = {"application_label", "application_tag", "label", "alias"},
};

/* Most items have none of these. */
static const char *const rare[] = {"generic", "alias", "type", "subject_key_id"};

static const char tokens_table[] = "CREATE TABLE tokens (ordinal INTEGER PRIMARY KEY,"
				   " token_id TEXT NOT NULL UNIQUE);\n";

/*
 * Without class_keys and settings nothing opens, and each is one page that a disk may lose: they
 * are kept twice, at either end of a new file, which triggers see to.
 */
#define TABLE(name, key, value, type, rest)                                                        \
	"CREATE TABLE " name " (" key " " type " PRIMARY KEY, " value " BLOB NOT NULL)" rest ";\n"
#define COPIED(table, key, value)                                                                  \
	"CREATE TRIGGER " table "_inserted AFTER INSERT ON " table                                 \
	" BEGIN INSERT OR REPLACE INTO " table "_copy VALUES (new." key ", new." value "); END;\n" \
	"CREATE TRIGGER " table "_updated AFTER UPDATE ON " table                                  \
	" BEGIN INSERT OR REPLACE INTO " table "_copy VALUES (new." key ", new." value "); END;\n" \
	"CREATE TRIGGER " table "_deleted AFTER DELETE ON " table " BEGIN DELETE FROM " table      \
	"_copy WHERE " key " = old." key "; END;\n"

static const char file_front[] = TABLE("class_keys", "protection", "wrapped", "INTEGER", "")
	TABLE("settings", "name", "value", "TEXT", " WITHOUT ROWID");
static const char file_back[] = TABLE("class_keys_copy", "protection", "wrapped", "INTEGER", "")
	TABLE("settings_copy", "name", "value", "TEXT", " WITHOUT ROWID")
		COPIED("class_keys", "protection", "wrapped") COPIED("settings", "name", "value");

const char *schema_place_name(enum schema_place place)
{
	return place == SCHEMA_MAIN ? "main" : "file";
}

const char *schema_table(enum vocabulary_class item_class)
{
	return tables[item_class];
}

static const char *const *extras(enum vocabulary_class item_class)
{
	if (item_class == VOCABULARY_CERTIFICATE)
		return certificate_extras;
	return item_class == VOCABULARY_KEY ? key_extras : no_extras;
}

static void fill_columns(enum vocabulary_class item_class, struct schema_columns *columns)
{
	for (size_t i = 0; i < vocabulary_count(); i++) {
		const struct vocabulary_attribute *attribute = vocabulary_at(i);

		if (!vocabulary_has(attribute, item_class))
			continue;
		columns->attributes[columns->n] = attribute;
		columns->names[columns->n++] = attribute->name;
	}
	for (const char *const *name = extras(item_class); *name; name++)
		columns->names[columns->n++] = *name;
}

/* Made once: every query needs them several times. */
const struct schema_columns *schema_columns(enum vocabulary_class item_class)
{
	static struct schema_columns made[ARRAY_LEN(tables)];

	if (made[item_class].n == 0)
		fill_columns(item_class, &made[item_class]);
	return &made[item_class];
}

const char *schema_lead(enum vocabulary_class item_class, size_t index)
{
	return index < ARRAY_LEN(leads[0]) ? leads[item_class][index] : NULL;
}

static enum kc_status put(struct bytes *sql, const char *text)
{
	return bytes_append(sql, view_of_text(text));
}

static bool is_rare(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rare); i++)
		if (strcmp(rare[i], name) == 0)
			return true;
	return false;
}

static enum kc_status put_index(struct bytes *sql, const char *table, const char *columns)
{
	const char *comma = strchr(columns, ',');
	int first_len = comma ? (int)(comma - columns) : (int)strlen(columns);

	TRY(sql_put(sql, "CREATE INDEX %s_by_%.*s ON %s (%.*s%s%s)", table, first_len, columns,
		    table, first_len, columns, comma ? ", " : "", comma ? comma + 1 : ""));
	if (is_rare(columns))
		TRY(sql_put(sql, " WHERE %s IS NOT NULL", columns));
	return put(sql, ";\n");
}

static enum kc_status put_indexes(struct bytes *sql, enum vocabulary_class item_class)
{
	const char *table = tables[item_class];

	for (size_t i = 0; schema_lead(item_class, i); i++)
		TRY(put_index(sql, table, schema_lead(item_class, i)));
	if (item_class != VOCABULARY_CERTIFICATE)
		return KC_OK;
	TRY(put_index(sql, table, "subject_raw"));
	return put_index(sql, table, "issuer_raw");
}

static enum kc_status put_table(struct bytes *sql, enum schema_place place,
				enum vocabulary_class item_class)
{
	const struct schema_columns *columns = schema_columns(item_class);

	TRY(sql_put(sql,
		    "CREATE TABLE %s (position INTEGER PRIMARY KEY%s,"
		    " item_id BLOB NOT NULL UNIQUE, protection INTEGER NOT NULL,"
		    " revision BLOB NOT NULL, identity BLOB NOT NULL UNIQUE",
		    tables[item_class], place == SCHEMA_FILE ? " AUTOINCREMENT" : ""));
	for (size_t i = 0; i < columns->n; i++)
		TRY(sql_put(sql, ", %s BLOB", columns->names[i]));
	TRY(put(sql, ", attributes BLOB NOT NULL, secret BLOB"));
	if (place == SCHEMA_MAIN)
		TRY(put(sql, ", token TEXT NOT NULL, object_id BLOB NOT NULL,"
			     " UNIQUE (token, object_id)"));
	TRY(put(sql, ");\n"));
	return put_indexes(sql, item_class);
}

enum kc_status schema_put_tables(struct bytes *sql, enum schema_place place)
{
	TRY(put(sql, place == SCHEMA_MAIN ? tokens_table : file_front));
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		TRY(put_table(sql, place, (enum vocabulary_class)i));
	return place == SCHEMA_MAIN ? KC_OK : put(sql, file_back);
}

enum kc_status schema_create(struct database *database)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	const char *text = NULL;

	TRY(schema_put_tables(&sql, SCHEMA_MAIN));
	TRY(sql_end(&sql, &text));
	return database_run(database, text);
}

/* Not by sql_put(): this is done for each query, and there are forty of them. */
enum kc_status schema_put_columns(struct bytes *sql, enum schema_place place,
				  enum vocabulary_class item_class)
{
	const struct schema_columns *columns = schema_columns(item_class);

	TRY(put(sql, "position,item_id,protection,revision,identity,"));
	for (size_t i = 0; i < columns->n; i++) {
		TRY(put(sql, columns->names[i]));
		TRY(bytes_append_byte(sql, ','));
	}
	return put(sql, place == SCHEMA_MAIN ? "attributes,secret,token,object_id"
					     : "attributes,secret");
}

static size_t n_parameters(enum schema_place place, enum vocabulary_class item_class)
{
	return 5 + schema_columns(item_class)->n + (place == SCHEMA_MAIN ? 4 : 2);
}

static enum kc_status put_values(struct bytes *sql, enum schema_place place,
				 enum vocabulary_class item_class)
{
	size_t n = n_parameters(place, item_class);

	for (size_t i = 1; i < n; i++)
		TRY(put(sql, "?,"));
	return put(sql, "?)");
}

enum kc_status schema_put_insert(struct bytes *sql, enum schema_place place,
				 enum vocabulary_class item_class)
{
	TRY(sql_put(sql, "INSERT INTO %s.%s (", schema_place_name(place), tables[item_class]));
	TRY(schema_put_columns(sql, place, item_class));
	TRY(put(sql, ") VALUES ("));
	return put_values(sql, place, item_class);
}

enum kc_status schema_put_update(struct bytes *sql, enum schema_place place,
				 enum vocabulary_class item_class)
{
	TRY(sql_put(sql, "UPDATE %s.%s SET (", schema_place_name(place), tables[item_class]));
	TRY(schema_put_columns(sql, place, item_class));
	TRY(put(sql, ") = ("));
	TRY(put_values(sql, place, item_class));
	return put(sql, " WHERE position = ?1");
}
