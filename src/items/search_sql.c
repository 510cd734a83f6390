/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A search in SQL. The text depends only on which attributes are asked by, so the store has it
 * prepared after the first time; values are bound. Which index a lookup starts from is said here
 * and not left to a planner that knows nothing of the rows: the other columns stand behind a unary
 * plus. Nothing is sorted but the positions of put_sorted().
 */
#include "items/search_impl.h"

#include "base/try.h"
#include "store/sql.h"

/* Not by sql_put() where it is done for each query. */
static enum kc_status put(struct bytes *sql, const char *text)
{
	return bytes_append(sql, view_of_text(text));
}

static enum kc_status put_key_lead(const struct search *search, struct bytes *sql, size_t *index)
{
	for (size_t i = 0; i < search->n_key_terms; i++) {
		const char *name = search->key_terms[i].column;

		if (!search->key_terms[i].is_lead)
			continue;
		TRY(sql_put(sql,
			    " AND public_key_hash IN (SELECT application_label FROM main.keys"
			    " WHERE %s = ?%zu",
			    name, *index));
		if (engine_has_file(search->engine))
			TRY(sql_put(sql,
				    " UNION ALL SELECT application_label FROM file.keys"
				    " WHERE %s = ?%zu",
				    name, *index));
		(*index)++;
		return sql_put(sql, ")");
	}
	return KC_OK;
}

static enum kc_status put_reference(const struct search *search, struct bytes *sql, size_t *index)
{
	if (!search->query->has_reference)
		return KC_OK;
	if (search->place == SCHEMA_MAIN) {
		*index += 2;
		return sql_put(sql, " AND token = ?1 AND object_id = ?2");
	}
	*index += 1;
	return sql_put(sql, " AND item_id = ?1");
}

static enum kc_status put_groups(const struct search *search, struct bytes *sql, size_t *index)
{
	if (search->place == SCHEMA_MAIN || search->n_groups == 0)
		return KC_OK;
	TRY(put(sql, " AND +access_group IN ("));
	for (size_t i = 0; i < search->n_groups; i++)
		TRY(put(sql, i == 0 ? "?" : ",?"));
	*index += search->n_groups;
	return put(sql, ")");
}

static enum kc_status put_from(const struct search *search, struct bytes *sql)
{
	TRY(put(sql, search->place == SCHEMA_MAIN ? " FROM main." : " FROM file."));
	TRY(put(sql, schema_table(search->table)));
	return put(sql, " WHERE ");
}

/* A bare "?" is the number after the highest one so far, which is *index. */
static enum kc_status put_conditions(const struct search *search, struct bytes *sql, size_t *index)
{
	TRY(put(sql, "1"));
	TRY(put_reference(search, sql, index));
	for (size_t i = 0; i < search->n_terms; i++) {
		TRY(put(sql, search->terms[i].is_lead ? " AND " : " AND +"));
		TRY(put(sql, search->terms[i].column));
		TRY(put(sql, " = ?"));
	}
	*index += search->n_terms;
	TRY(put_key_lead(search, sql, index));
	return put_groups(search, sql, index);
}

/* Only the positions of rows that come in another order are sorted, and only a page of them kept.
 */
static enum kc_status put_sorted(const struct search *search, struct bytes *sql)
{
	size_t index = 1;

	TRY(sql_put(sql, "position IN (SELECT position"));
	TRY(put_from(search, sql));
	TRY(put_conditions(search, sql, &index));
	return sql_put(sql,
		       " AND +position > ?%zu AND +position <= ?%zu ORDER BY +position LIMIT ?%zu)",
		       index, index + 1, index + 2);
}

enum kc_status search_sql_put(const struct search *search, struct bytes *sql)
{
	size_t index = 1;

	TRY(bytes_append(sql, view_of_text("SELECT ")));
	TRY(schema_put_columns(sql, search->place, search->table));
	TRY(put_from(search, sql));
	if (search->is_paged && !search->is_in_order)
		return put_sorted(search, sql);
	TRY(put_conditions(search, sql, &index));
	if (!search->is_paged)
		return KC_OK;
	return sql_put(sql, " AND position > ?%zu AND position <= ?%zu", index, index + 1);
}

static enum kc_status bind_reference(const struct search *search, int *index)
{
	const struct reference *reference = &search->query->reference;

	if (!search->query->has_reference)
		return KC_OK;
	if (search->place == SCHEMA_FILE)
		return database_bind_data(search->statement, (*index)++, reference->item_id);
	TRY(database_bind_text(search->statement, (*index)++, reference->token_id));
	return database_bind_data(search->statement, (*index)++, reference->object_id);
}

static enum kc_status bind_hash(const struct search *search, int *index, const struct hash *hash)
{
	return database_bind_data(search->statement, (*index)++, hash_view(hash));
}

static enum kc_status bind_page(const struct search *search, int index)
{
	if (!search->is_paged)
		return KC_OK;
	TRY(database_bind_number(search->statement, index, search->cursor.position));
	TRY(database_bind_number(search->statement, index + 1, search->cursor.end));
	return search->is_in_order
		       ? KC_OK
		       : database_bind_number(search->statement, index + 2, search->rows_max);
}

/* In the order of search_sql_put(). */
enum kc_status search_sql_bind(const struct search *search)
{
	int index = 1;

	TRY(bind_reference(search, &index));
	for (size_t i = 0; i < search->n_terms; i++)
		TRY(bind_hash(search, &index, &search->terms[i].hash));
	for (size_t i = 0; i < search->n_key_terms; i++)
		if (search->key_terms[i].is_lead)
			TRY(bind_hash(search, &index, &search->key_terms[i].hash));
	for (size_t i = 0; search->place == SCHEMA_FILE && i < search->n_groups; i++)
		TRY(bind_hash(search, &index, &search->groups[i]));
	return bind_page(search, index);
}
