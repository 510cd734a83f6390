/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One query, one SELECT. Its text depends only on which attributes are asked by and which columns
 * are wanted, so the store has it prepared after the first time; values and limit are bound.
 */
#include "items/search_impl.h"

#include <string.h>

#include "base/try.h"
#include "codec/tlv.h"
#include "items/result_impl.h"
#include "items/value_impl.h"
#include "store/schema.h"
#include "store/sql.h"

/* X.690 8.9: SEQUENCE. */
enum {
	TAG_SEQUENCE = 0x30,
};

static bool is_name(const struct vocabulary_attribute *attribute)
{
	return strcmp(attribute->name, "subject") == 0 || strcmp(attribute->name, "issuer") == 0;
}

/*
 * Normalizing a Name is the confined X.509 process's work, and what people pass is mostly a Name
 * copied from another certificate: a Name that stands so in some certificate here counts as the
 * normalized form that it has there, any other as normalized already.
 */
static enum kc_status put_name_term(struct bytes *sql, const char *name, size_t parameter)
{
	return sql_put(
		sql,
		" AND c.\"%s\" = coalesce("
		"(SELECT n.issuer FROM certificates AS n WHERE n.issuer_raw = ?%zu LIMIT 1),"
		"(SELECT n.subject FROM certificates AS n WHERE n.subject_raw = ?%zu LIMIT 1),"
		" ?%zu)",
		name, parameter, parameter, parameter);
}

static enum kc_status put_term(struct bytes *sql, const struct query *query, size_t index)
{
	const struct vocabulary_attribute *attribute = query->terms[index].attribute;

	if (is_name(attribute))
		return put_name_term(sql, attribute->name, index + 1);
	return sql_put(sql, " AND %c.\"%s\" = ?%zu", schema_table_of(attribute, query->item_class),
		       attribute->name, index + 1);
}

static enum kc_status put_conditions(struct bytes *sql, const struct query *query)
{
	char table = schema_main_table(query->item_class);

	TRY(sql_put(sql, " WHERE %s", schema_condition(query->item_class)));
	if (query->has_reference)
		return sql_put(sql, " AND %c.token_id = ?1 AND %c.object_id = ?2", table, table);
	for (size_t i = 0; i < query->n_terms; i++)
		TRY(put_term(sql, query, i));
	return KC_OK;
}

/* The parameter behind those of the conditions. */
static int limit_index(const struct query *query)
{
	return query->has_reference ? 3 : (int)query->n_terms + 1;
}

static enum kc_status put_select(struct bytes *sql, const struct query *query)
{
	TRY(result_put_columns(sql, query));
	TRY(sql_put(sql, " FROM %s", schema_source(query->item_class)));
	TRY(put_conditions(sql, query));
	return sql_put(sql, " ORDER BY %c.position LIMIT ?%d", schema_main_table(query->item_class),
		       limit_index(query));
}

/* The content of @name when it is a whole SEQUENCE, else @name: SETs begin with another tag. */
static struct kc_view without_sequence(struct kc_view name)
{
	struct error_record before = *error_get();
	struct kc_view rest = name;
	struct tlv tlv;
	bool is_whole = name.len > 0 && name.data[0] == TAG_SEQUENCE &&
			tlv_read(&rest, &tlv) == KC_OK && rest.len == 0;

	error_adopt(&before);
	return is_whole ? tlv.value : name;
}

static enum kc_status bind_name(struct statement *statement, int index,
				const struct query_term *term)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(VALUE_DATA_MAX);

	TRY(value_data(term->attribute->name, term->value, &name));
	return database_bind_data(statement, index, without_sequence(bytes_view(&name)));
}

static enum kc_status bind_terms(struct statement *statement, const struct query *query)
{
	for (size_t i = 0; i < query->n_terms; i++) {
		const struct query_term *term = &query->terms[i];

		if (is_name(term->attribute))
			TRY(bind_name(statement, (int)i + 1, term));
		else
			TRY(value_bind(statement, (int)i + 1, term->attribute, term->value));
	}
	return KC_OK;
}

static enum kc_status bind(struct statement *statement, const struct query *query)
{
	if (query->has_reference) {
		TRY(database_bind_text(statement, 1, query->reference.token_id));
		TRY(database_bind_data(statement, 2, query->reference.object_id));
	} else {
		TRY(bind_terms(statement, query));
	}
	return database_bind_number(statement, limit_index(query), query->limit);
}

static enum kc_status collect(struct statement *statement, const struct query *query,
			      struct json_object *items)
{
	bool has_row = false;

	TRY(database_step(statement, &has_row));
	while (has_row) {
		struct json_object *item = NULL;

		TRY(result_new(query, statement, &item));
		TRY(field_append(items, item));
		TRY(database_step(statement, &has_row));
	}
	return KC_OK;
}

enum kc_status search_run(struct database *database, const struct query *query,
			  struct json_object **ret_items)
{
	CLEANUP(field_free) struct json_object *items = json_object_new_array();
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct statement *statement = NULL;
	const char *text = NULL;
	enum kc_status status = KC_OK;

	REQUIRE(items, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_select(&sql, query));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(database, text, &statement));
	status = bind(statement, query);
	if (status == KC_OK)
		status = collect(statement, query, items);
	database_reset(statement);
	TRY(status);
	*ret_items = take(items);
	return KC_OK;
}
