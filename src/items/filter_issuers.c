/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "An item matches if its issuer, or any ancestor found by walking keychain certificates by
 * subject, is in the list; depth ≤ 10." Names are compared by their hashes, so nothing has to be
 * opened on the way up. Certificates that cross-sign each other make no end of ways; each Name is
 * looked at once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "items/filter_impl.h"
#include "items/row_impl.h"
#include "items/spelling_impl.h"
#include "store/sql.h"

enum {
	DEPTH_MAX = 10,
	NAMES_MAX = 256, /* on all ways up together */
};

/* Names in the order in which they were met; those from @n_done on have not been followed. */
struct walk {
	const struct filter_work *work;
	struct hash names[NAMES_MAX];
	size_t n_names;
	struct hash groups[ENGINE_GROUPS_MAX];
	size_t n_groups;
};

enum kc_status filter_issuers_begin(struct filter_work *work)
{
	struct json_object *issuers = work->filter->issuers;
	size_t n = issuers ? json_object_array_length(issuers) : 0;

	for (size_t i = 0; i < n; i++)
		TRY(spelling_find(work->engine, "issuer", json_object_array_get_idx(issuers, i),
				  &work->issuers[work->n_issuers++]));
	return KC_OK;
}

static bool is_listed(const struct filter_work *work, const struct hash *name)
{
	for (size_t i = 0; i < work->n_issuers; i++)
		if (hash_equal(&work->issuers[i], name))
			return true;
	return false;
}

static void add_name(struct walk *walk, const struct hash *name)
{
	for (size_t i = 0; i < walk->n_names; i++)
		if (hash_equal(&walk->names[i], name))
			return;
	if (name->is_set && walk->n_names < NAMES_MAX)
		walk->names[walk->n_names++] = *name;
}

/* --- one step up ----------------------------------------------------------------------------- */

static enum kc_status add_groups(struct walk *walk)
{
	const struct engine_caller *caller = walk->work->caller;

	for (size_t i = 0; i < caller->n_groups && i < ENGINE_GROUPS_MAX; i++) {
		TRY(hash_bytes(walk->work->engine->hasher, "access_group",
			       view_of_text(caller->groups[i]), &walk->groups[i]));
		walk->n_groups++;
	}
	return KC_OK;
}

static enum kc_status put_select(const struct walk *walk, enum schema_place place,
				 struct bytes *sql)
{
	TRY(sql_put(sql, "SELECT issuer FROM %s.certificates WHERE subject = ?1",
		    schema_place_name(place)));
	if (place == SCHEMA_MAIN)
		return KC_OK;
	TRY(sql_put(sql, " AND +access_group IN ("));
	for (size_t i = 0; i < walk->n_groups; i++)
		TRY(sql_put(sql, "%s?%zu", i == 0 ? "" : ",", i + 2));
	return sql_put(sql, ")");
}

static enum kc_status prepare(const struct walk *walk, enum schema_place place,
			      const struct hash *subject, struct statement **ret_statement)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	const char *text = NULL;

	TRY(put_select(walk, place, &sql));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(walk->work->engine->database, text, ret_statement));
	TRY(database_bind_data(*ret_statement, 1, hash_view(subject)));
	for (size_t i = 0; place == SCHEMA_FILE && i < walk->n_groups; i++)
		TRY(database_bind_data(*ret_statement, (int)i + 2, hash_view(&walk->groups[i])));
	return KC_OK;
}

static enum kc_status add_issuers(struct walk *walk, struct statement *statement)
{
	bool has_row = false;

	TRY(database_step(statement, &has_row));
	while (has_row) {
		struct kc_view column = database_column_data(statement, 0);
		struct hash issuer = {.is_set = column.len == SEAL_HASH_BYTES};

		if (issuer.is_set)
			memcpy(issuer.bytes, column.data, SEAL_HASH_BYTES);
		add_name(walk, &issuer);
		TRY(database_step(statement, &has_row));
	}
	return KC_OK;
}

/* The issuers of all certificates of that subject that the caller sees. */
static enum kc_status look(struct walk *walk, enum schema_place place, const struct hash *subject)
{
	struct statement *statement = NULL;
	enum kc_status status = KC_OK;

	TRY(prepare(walk, place, subject, &statement));
	status = add_issuers(walk, statement);
	database_reset(statement);
	return status;
}

static enum kc_status go_up(struct walk *walk, const struct hash *subject)
{
	if (walk->work->caller->sees_tokens)
		TRY(look(walk, SCHEMA_MAIN, subject));
	if (engine_has_file(walk->work->engine) && walk->n_groups > 0)
		TRY(look(walk, SCHEMA_FILE, subject));
	return KC_OK;
}

static void walk_freep(struct walk **walk)
{
	free(*walk);
}

enum kc_status filter_issuers_has(const struct filter_work *work, const struct row *certificate,
				  bool *ret_has)
{
	CLEANUP(walk_freep) struct walk *walk = calloc(1, sizeof(*walk));
	size_t n_followed = 0;
	bool has = false;

	REQUIRE(walk, KC_ERR_ALLOCATE, "out of memory");
	walk->work = work;
	TRY(add_groups(walk));
	add_name(walk, &certificate->hashes[row_column(VOCABULARY_CERTIFICATE, "issuer")]);
	for (int depth = 0; depth < DEPTH_MAX && n_followed < walk->n_names && !has; depth++) {
		size_t n_level = walk->n_names;

		for (; n_followed < n_level && !has; n_followed++) {
			has = is_listed(work, &walk->names[n_followed]);
			if (!has)
				TRY(go_up(walk, &walk->names[n_followed]));
		}
	}
	*ret_has = has;
	return KC_OK;
}
