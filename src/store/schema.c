/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables, indexes and joins. A row's position is its token's ordinal (order of arrival) and its
 * place in what the token published, so that the primary key is the order of results and a lookup
 * of one among many equals needs no sorting.
 */
#include "store/schema.h"

#include <string.h>

#include "base/try.h"
#include "store/sql.h"

static const char tokens_table[] = "CREATE TABLE tokens (ordinal INTEGER PRIMARY KEY,"
				   " token_id TEXT NOT NULL UNIQUE);";

/*
 * On a token an item is its object: the same certificate or key may stand in two slots of one
 * card, and must not cost the others their place in the keychain.
 */
static const char certificates_rest[] =
	"object_id BLOB NOT NULL, public_key BLOB NOT NULL, data BLOB NOT NULL,"
	" subject_raw BLOB, issuer_raw BLOB, UNIQUE (token_id, object_id));";
static const char keys_rest[] =
	"object_id BLOB NOT NULL, public_key BLOB NOT NULL, access_constraint TEXT NOT NULL,"
	" algorithms TEXT NOT NULL, UNIQUE (token_id, object_id));";

/* One column each: rows with equal values then stand in order of position, unsorted. */
static const char indexes[] = "CREATE INDEX c_label ON certificates (label);"
			      "CREATE INDEX c_subject ON certificates (subject);"
			      "CREATE INDEX c_subject_raw ON certificates (subject_raw);"
			      "CREATE INDEX c_issuer ON certificates (issuer);"
			      "CREATE INDEX c_issuer_raw ON certificates (issuer_raw);"
			      "CREATE INDEX c_serial_number ON certificates (serial_number);"
			      "CREATE INDEX c_subject_key_id ON certificates (subject_key_id);"
			      "CREATE INDEX c_public_key_hash ON certificates (public_key_hash);"
			      "CREATE INDEX k_label ON keys (label);"
			      "CREATE INDEX k_application_label ON keys (application_label);"
			      "CREATE INDEX k_application_tag ON keys (application_tag);";

#define IDENTITY_JOIN(key_)                                                                        \
	key_ ".application_label = c.public_key_hash AND " key_                                    \
	     ".public_key = c.public_key AND " key_ ".key_class = 'private'"

static const char identity_source[] = "certificates AS c JOIN keys AS k ON " IDENTITY_JOIN("k");

/* A better key: on the certificate's own token, otherwise the one that came first. */
static const char identity_condition[] = "NOT EXISTS (SELECT 1 FROM keys AS b WHERE " IDENTITY_JOIN(
	"b") " AND b.position <> k.position AND (b.token_id = c.token_id, k.position)"
	     " > (k.token_id = c.token_id, b.position))";

static const char *table_name(enum vocabulary_class item_class)
{
	return item_class == VOCABULARY_CERTIFICATE ? "certificates" : "keys";
}

static const char *column_type(enum vocabulary_type type)
{
	switch (type) {
	case VOCABULARY_NUMBER:
	case VOCABULARY_FLAG:
		return "INTEGER";
	case VOCABULARY_DATA:
		return "BLOB";
	case VOCABULARY_TEXT:
	case VOCABULARY_DATE:
	case VOCABULARY_OBJECT:
	case VOCABULARY_ANY:
		break;
	}
	return "TEXT";
}

static enum kc_status create_table(struct database *database, enum vocabulary_class item_class,
				   const char *rest)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	const char *text = NULL;

	TRY(sql_put(&sql, "CREATE TABLE %s (position INTEGER PRIMARY KEY, ",
		    table_name(item_class)));
	for (size_t i = 0; i < vocabulary_count(); i++) {
		const struct vocabulary_attribute *attribute = vocabulary_at(i);

		if (vocabulary_has(attribute, item_class))
			TRY(sql_put(&sql, "\"%s\" %s, ", attribute->name,
				    column_type(attribute->type)));
	}
	TRY(sql_put(&sql, "%s", rest));
	TRY(sql_end(&sql, &text));
	return database_run(database, text);
}

enum kc_status schema_create(struct database *database)
{
	TRY(database_run(database, tokens_table));
	TRY(create_table(database, VOCABULARY_CERTIFICATE, certificates_rest));
	TRY(create_table(database, VOCABULARY_KEY, keys_rest));
	return database_run(database, indexes);
}

enum kc_status schema_put_insert(struct bytes *sql, enum vocabulary_class item_class)
{
	bool is_certificate = item_class == VOCABULARY_CERTIFICATE;
	size_t n = is_certificate ? 5 : 4;

	TRY(sql_put(sql, "INSERT INTO %s (position", table_name(item_class)));
	for (size_t i = 0; i < vocabulary_count(); i++) {
		if (!vocabulary_has(vocabulary_at(i), item_class))
			continue;
		TRY(sql_put(sql, ", \"%s\"", vocabulary_at(i)->name));
		n++;
	}
	TRY(sql_put(sql, ", object_id, public_key, %s) VALUES (?",
		    is_certificate ? "data, subject_raw, issuer_raw"
				   : "access_constraint, algorithms"));
	for (size_t i = 0; i < n; i++)
		TRY(sql_put(sql, ", ?"));
	return sql_put(sql, ")");
}

const char *schema_source(enum vocabulary_class item_class)
{
	if (item_class == VOCABULARY_IDENTITY)
		return identity_source;
	return item_class == VOCABULARY_CERTIFICATE ? "certificates AS c" : "keys AS k";
}

const char *schema_condition(enum vocabulary_class item_class)
{
	return item_class == VOCABULARY_IDENTITY ? identity_condition : "1";
}

char schema_main_table(enum vocabulary_class item_class)
{
	return item_class == VOCABULARY_KEY ? 'k' : 'c';
}

/*
 * What both have, an identity has from its certificate: relabelling a key changes nothing
 * (reference/keychain.md 2.11). Who may use it is the key's to say.
 */
char schema_table_of(const struct vocabulary_attribute *attribute, enum vocabulary_class item_class)
{
	if (item_class != VOCABULARY_IDENTITY)
		return schema_main_table(item_class);
	if (strcmp(attribute->name, "access_control") == 0)
		return 'k';
	return vocabulary_has(attribute, VOCABULARY_CERTIFICATE) ? 'c' : 'k';
}
