/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The join of certificates and keys. Hashes of public keys bring candidates together; that the
 * public keys themselves are equal is what makes a pair, so that a token that claims somebody
 * else's hash gets nothing.
 */
#include "items/identity_impl.h"

#include <string.h>

#include "base/try.h"
#include "items/group_impl.h"
#include "store/sql.h"

/* The candidate that is best so far. */
struct choice {
	const struct identity_terms *terms;
	const struct row *certificate;
	struct row *key;
	bool has_key;
	int rank;
};

static const struct hash *column(const struct row *row, const char *name)
{
	return &row->hashes[row_column(row->item_class, name)];
}

/* Less is better. */
static int rank_of(const struct row *certificate, const struct row *key)
{
	if (key->place == SCHEMA_FILE)
		return certificate->place == SCHEMA_FILE ? 0 : 1;
	return certificate->place == SCHEMA_MAIN && strcmp(certificate->token, key->token) == 0 ? 0
												: 2;
}

static enum kc_status is_own_group(const struct identity_terms *terms, const struct row *key,
				   bool *ret_is_own)
{
	const struct hash *group = column(key, "access_group");
	bool is_own = key->place == SCHEMA_MAIN;

	for (size_t i = 0; i < terms->caller->n_groups && !is_own; i++) {
		struct hash hash;

		TRY(hash_bytes(terms->engine->hasher, "access_group",
			       view_of_text(terms->caller->groups[i]), &hash));
		is_own = hash_equal(&hash, group);
	}
	*ret_is_own = is_own;
	return KC_OK;
}

/* A key that is damaged is not there; one that is locked may be it. */
static enum kc_status check_open(const struct identity_terms *terms, struct row *key,
				 bool *ret_is_open)
{
	struct error_record before = *error_get();
	enum kc_status status = KC_OK;

	*ret_is_open = !key->is_damaged;
	if (!terms->opens || key->is_damaged)
		return KC_OK;
	status = row_open(terms->engine, key);
	if (status != KC_ERR_DECODE)
		return status;
	error_adopt(&before);
	*ret_is_open = false;
	return KC_OK;
}

static enum kc_status consider(struct choice *choice, struct row *key)
{
	int rank = rank_of(choice->certificate, key);
	bool is_fit = false;

	if (choice->has_key && choice->rank <= rank)
		return KC_OK;
	TRY(is_own_group(choice->terms, key, &is_fit));
	if (!is_fit)
		return KC_OK;
	TRY(check_open(choice->terms, key, &is_fit));
	if (!is_fit)
		return KC_OK;
	row_done(choice->key);
	TRY(row_own(key));
	*choice->key = *key;
	*key = (struct row){.place = key->place};
	choice->has_key = true;
	choice->rank = rank;
	return KC_OK;
}

static enum kc_status consider_all(struct choice *choice, struct statement *statement,
				   enum schema_place place)
{
	bool has_row = false;

	TRY(database_step(statement, &has_row));
	while (has_row) {
		CLEANUP(row_done) struct row key = {0};

		row_get(statement, place, VOCABULARY_KEY, &key);
		TRY(consider(choice, &key));
		TRY(database_step(statement, &has_row));
	}
	return KC_OK;
}

static enum kc_status prepare(const struct choice *choice, enum schema_place place,
			      struct statement **ret_statement)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct hash private_class;
	const char *text = NULL;

	TRY(bytes_append(&sql, view_of_text("SELECT ")));
	TRY(schema_put_columns(&sql, place, VOCABULARY_KEY));
	TRY(sql_put(&sql,
		    " FROM %s.keys WHERE application_label = ?1 AND +public_key = ?2"
		    " AND +key_class = ?3",
		    schema_place_name(place)));
	TRY(sql_end(&sql, &text));
	TRY(hash_bytes(choice->terms->engine->hasher, "key_class", view_of_text("private"),
		       &private_class));
	TRY(database_prepare(choice->terms->engine->database, text, ret_statement));
	TRY(database_bind_data(*ret_statement, 1,
			       hash_view(column(choice->certificate, "public_key_hash"))));
	TRY(database_bind_data(*ret_statement, 2,
			       hash_view(column(choice->certificate, "public_key"))));
	return database_bind_data(*ret_statement, 3, hash_view(&private_class));
}

static enum kc_status look(struct choice *choice, enum schema_place place)
{
	struct statement *statement = NULL;
	enum kc_status status = KC_OK;

	TRY(prepare(choice, place, &statement));
	status = consider_all(choice, statement, place);
	database_reset(statement);
	return status;
}

enum kc_status identity_find_key(const struct identity_terms *terms, const struct row *certificate,
				 struct row *ret_key, bool *ret_has_key)
{
	struct choice choice = {.terms = terms, .certificate = certificate, .key = ret_key};
	bool has_hashes = column(certificate, "public_key_hash")->is_set &&
			  column(certificate, "public_key")->is_set;

	*ret_has_key = false;
	if (!has_hashes)
		return KC_OK;
	if (terms->caller->sees_tokens)
		TRY(look(&choice, SCHEMA_MAIN));
	if (engine_has_file(terms->engine) && (!choice.has_key || choice.rank > 0))
		TRY(look(&choice, SCHEMA_FILE));
	*ret_has_key = choice.has_key;
	return KC_OK;
}

static enum kc_status look_for_certificate(const struct engine *engine,
					   const struct hash *public_key_hash,
					   enum schema_place place, bool *ret_has_one)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct statement *statement = NULL;
	const char *text = NULL;
	enum kc_status status = KC_OK;

	TRY(sql_put(&sql, "SELECT 1 FROM %s.certificates WHERE public_key_hash = ?1 LIMIT 1",
		    schema_place_name(place)));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(engine->database, text, &statement));
	TRY(database_bind_data(statement, 1, hash_view(public_key_hash)));
	status = database_step(statement, ret_has_one);
	database_reset(statement);
	return status;
}

enum kc_status identity_has_certificate(const struct engine *engine,
					const struct hash *public_key_hash, bool *ret_has_one)
{
	bool has_one = false;

	TRY(look_for_certificate(engine, public_key_hash, SCHEMA_MAIN, &has_one));
	if (!has_one)
		TRY(look_for_certificate(engine, public_key_hash, SCHEMA_FILE, &has_one));
	*ret_has_one = has_one;
	return KC_OK;
}
