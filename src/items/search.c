/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a query looks for, where, and row by row: one SELECT (search_sql.c) for each place. Rows are
 * stepped only as far as somebody wants them, so that a lookup costs the same among ten items and
 * among a million.
 */
#include "items/search_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "items/group_impl.h"
#include "items/locate_impl.h"
#include "items/spelling_impl.h"
#include "store/sql.h"

static void end_statement(struct search *search)
{
	if (search->statement)
		database_reset(search->statement);
	search->statement = NULL;
}

struct search *search_free(struct search *search)
{
	if (!search)
		return NULL;
	end_statement(search);
	free(search);
	return NULL;
}

/* --- what to look for ------------------------------------------------------------------------ */

/* What both have, an identity has from its certificate, but for who may use it. */
static bool is_of_key(const struct search *search, const struct vocabulary_attribute *attribute)
{
	if (search->query->item_class != VOCABULARY_IDENTITY)
		return false;
	return strcmp(attribute->name, "access_control") == 0 ||
	       !vocabulary_has(attribute, VOCABULARY_CERTIFICATE);
}

/* The join itself: a key's application label is its certificates' public key hash. */
static const char *column_in_certificate(const struct vocabulary_attribute *attribute)
{
	return strcmp(attribute->name, "application_label") == 0 ? "public_key_hash" : NULL;
}

static enum kc_status add_term(struct search *search, const struct query_term *term)
{
	bool is_key = is_of_key(search, term->attribute);
	const char *as_certificate = is_key ? column_in_certificate(term->attribute) : NULL;
	struct search_term added = {.column = term->attribute->name};

	if (spelling_is_of_name(term->attribute))
		TRY(spelling_find(search->engine, added.column, term->value, &added.hash));
	else
		TRY(hash_value(search->engine->hasher, term->attribute, term->value, &added.hash));
	if (as_certificate)
		added.column = as_certificate;
	if (is_key && !as_certificate) {
		added.index = row_column(VOCABULARY_KEY, added.column);
		search->key_terms[search->n_key_terms++] = added;
		return KC_OK;
	}
	added.index = row_column(search->table, added.column);
	search->terms[search->n_terms++] = added;
	return KC_OK;
}

/* reference/keychain.md 2.1: what is synchronized is found only by who asks for it. */
static enum kc_status add_synchronizable(struct search *search)
{
	struct search_term added = {.column = "synchronizable"};

	if (search->query->ignores_synchronizable ||
	    query_term_value(search->query, "synchronizable"))
		return KC_OK;
	TRY(hash_bytes(search->engine->hasher, added.column, view_of("0", 1), &added.hash));
	added.index = row_column(search->table, added.column);
	search->terms[search->n_terms++] = added;
	return KC_OK;
}

static struct search_term *find_term(struct search_term *terms, size_t n, const char *name,
				     size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(terms[i].column) == len && strncmp(terms[i].column, name, len) == 0)
			return &terms[i];
	return NULL;
}

static bool mark_lead(struct search_term *terms, size_t n, const char *lead)
{
	const char *comma = strchr(lead, ',');
	size_t first_len = comma ? (size_t)(comma - lead) : strlen(lead);
	struct search_term *first = find_term(terms, n, lead, first_len);
	struct search_term *second =
		comma ? find_term(terms, n, comma + 1, strlen(comma + 1)) : NULL;

	if (!first)
		return false;
	first->is_lead = true;
	if (second)
		second->is_lead = true;
	return true;
}

/* NULL: no index helps. */
static const char *choose_lead(struct search_term *terms, size_t n, enum vocabulary_class table)
{
	for (size_t i = 0; schema_lead(table, i); i++)
		if (mark_lead(terms, n, schema_lead(table, i)))
			return schema_lead(table, i);
	return NULL;
}

static size_t count_leads(const struct search_term *terms, size_t n)
{
	size_t n_leads = 0;

	for (size_t i = 0; i < n; i++)
		n_leads += terms[i].is_lead;
	return n_leads;
}

/* Rows of one key of an index stand in it by position; those of many keys key after key. */
static void choose_leads(struct search *search)
{
	const char *lead = choose_lead(search->terms, search->n_terms, search->table);

	if (lead) {
		search->is_in_order =
			!strchr(lead, ',') || count_leads(search->terms, search->n_terms) > 1;
		return;
	}
	lead = choose_lead(search->key_terms, search->n_key_terms, VOCABULARY_KEY);
	search->is_in_order = !lead;
}

static enum kc_status add_terms(struct search *search)
{
	const struct query *query = search->query;

	search->is_in_order = true;
	if (query->has_reference)
		return KC_OK;
	for (size_t i = 0; i < query->n_terms; i++)
		TRY(add_term(search, &query->terms[i]));
	TRY(add_synchronizable(search));
	choose_leads(search);
	return KC_OK;
}

/* --- where to look --------------------------------------------------------------------------- */

static bool may_be_in_main(const struct search *search)
{
	if (search->query->verb != QUERY_COPY || !search->caller->sees_tokens)
		return false;
	if (search->query->has_reference)
		return reference_is_of_token(&search->query->reference);
	return search->table == VOCABULARY_CERTIFICATE || search->table == VOCABULARY_KEY;
}

static bool may_be_in_file(const struct search *search)
{
	if (!engine_has_file(search->engine) || search->caller->n_groups == 0)
		return false;
	return !search->query->has_reference || !reference_is_of_token(&search->query->reference);
}

static enum kc_status choose_places(struct search *search)
{
	bool is_write = search->query->verb != QUERY_COPY;
	struct json_object *group = query_term_value(search->query, "access_group");
	const char *name = json_object_get_string(group);
	bool is_of_tokens = group && strcmp(name, ENGINE_TOKEN_GROUP) == 0;

	TRY(group_require_any(search->caller, is_write));
	if (group)
		TRY(group_require(search->caller, name, is_write));
	search->in_main = may_be_in_main(search) && (!group || is_of_tokens);
	search->in_file = may_be_in_file(search) && !is_of_tokens;
	return KC_OK;
}

static enum kc_status add_groups(struct search *search)
{
	const struct engine_caller *caller = search->caller;

	if (!search->in_file || query_term_value(search->query, "access_group"))
		return KC_OK;
	REQUIRE(caller->n_groups <= ENGINE_GROUPS_MAX, KC_ERR_INTERNAL, "too many access groups");
	for (size_t i = 0; i < caller->n_groups; i++)
		TRY(hash_bytes(search->engine->hasher, "access_group",
			       view_of_text(caller->groups[i]), &search->groups[i]));
	search->n_groups = caller->n_groups;
	return KC_OK;
}

enum kc_status search_new(const struct engine *engine, const struct engine_caller *caller,
			  const struct query *query, struct search **ret_search)
{
	CLEANUP(search_freep) struct search *search = calloc(1, sizeof(*search));
	bool is_identity = query->item_class == VOCABULARY_IDENTITY;

	REQUIRE(search, KC_ERR_ALLOCATE, "out of memory");
	search->engine = engine;
	search->caller = caller;
	search->query = query;
	search->table = is_identity ? VOCABULARY_CERTIFICATE : query->item_class;
	TRY(choose_places(search));
	TRY(add_terms(search));
	TRY(add_groups(search));
	*ret_search = take(search);
	return KC_OK;
}

/* --- row by row ------------------------------------------------------------------------------ */

static enum kc_status begin(struct search *search, enum schema_place place)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	const char *text = NULL;

	search->place = place;
	TRY(search_page_begin(search));
	TRY(bytes_reserve(&sql, 2048));
	TRY(search_sql_put(search, &sql));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(search->engine->database, text, &search->statement));
	return search_sql_bind(search);
}

/* The next place that has not been looked at; false: there is none. */
static enum kc_status begin_next(struct search *search, bool *ret_has_begun)
{
	*ret_has_begun = search->in_main || search->in_file;
	end_statement(search);
	if (search->in_main) {
		search->in_main = false;
		return begin(search, SCHEMA_MAIN);
	}
	if (search->in_file) {
		search->in_file = false;
		return begin(search, SCHEMA_FILE);
	}
	return KC_OK;
}

enum kc_status search_next(struct search *search, struct row *ret_row, bool *ret_has_row)
{
	bool has_row = false;
	bool has_begun = true;

	while (!has_row) {
		if (search->statement)
			TRY(database_step(search->statement, &has_row));
		if (has_row)
			break;
		TRY(begin_next(search, &has_begun));
		if (!has_begun)
			break;
	}
	if (has_row)
		row_get(search->statement, search->place, search->table, ret_row);
	*ret_has_row = has_row;
	return KC_OK;
}

bool search_matches_key(const struct search *search, const struct row *key)
{
	for (size_t i = 0; i < search->n_key_terms; i++)
		if (!hash_equal(&search->key_terms[i].hash,
				&key->hashes[search->key_terms[i].index]))
			return false;
	return true;
}

/* Reading finds token items, writing does not (reference/keychain.md 3.3, 4.2). */
enum kc_status search_need_file(const struct search *search)
{
	const struct query *query = search->query;

	if (query->has_reference && reference_is_of_token(&query->reference))
		group_hint_tokens();
	REQUIRE(!query->has_reference || !reference_is_of_token(&query->reference),
		KC_ERR_ITEM_NOT_FOUND, "what is on a token is neither changed nor deleted here");
	return engine_need_file(search->engine, true);
}

enum kc_status search_fail_empty(const struct search *search)
{
	const struct query *query = search->query;

	if (query->has_reference && reference_is_of_token(&query->reference))
		return locate_fail_missing(search->engine->database, &query->reference);
	if (!engine_has_file(search->engine) && search->engine->file_error.status != KC_OK)
		return engine_need_file(search->engine, false);
	if (query->verb != QUERY_COPY && query_term_value(query, "token_id"))
		group_hint_tokens();
	return fail(KC_ERR_ITEM_NOT_FOUND, "no %s matches",
		    vocabulary_class_name(query->item_class));
}
