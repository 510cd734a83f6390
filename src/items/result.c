/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One row as the caller asked for it (reference/keychain.md 2.2). Attributes that an item does not
 * have are left out, as is the data of an item without any: a key on a token never has some, an
 * identity has its certificate's.
 */
#include "items/result_impl.h"

#include "base/try.h"
#include "items/value_impl.h"
#include "store/schema.h"
#include "store/sql.h"

enum {
	COLUMN_TOKEN_ID,
	COLUMN_OBJECT_ID,
	COLUMN_DATA,
	COLUMN_ATTRIBUTES,
};

static bool has_data(const struct query *query)
{
	return query->wants_data && query->item_class != VOCABULARY_KEY;
}

enum kc_status result_put_columns(struct bytes *sql, const struct query *query)
{
	char table = schema_main_table(query->item_class);

	TRY(sql_put(sql, "SELECT %c.token_id, %c.object_id, %s", table, table,
		    has_data(query) ? "c.data" : "NULL"));
	if (!query->wants_attributes)
		return KC_OK;
	for (size_t i = 0; i < vocabulary_count(); i++) {
		const struct vocabulary_attribute *attribute = vocabulary_at(i);

		if (vocabulary_has(attribute, query->item_class))
			TRY(sql_put(sql, ", %c.\"%s\"",
				    schema_table_of(attribute, query->item_class),
				    attribute->name));
	}
	return KC_OK;
}

static enum kc_status put_attributes(struct json_object *item, enum vocabulary_class item_class,
				     struct statement *statement)
{
	int column = COLUMN_ATTRIBUTES;

	TRY(field_put_text(item, "class", vocabulary_class_name(item_class)));
	for (size_t i = 0; i < vocabulary_count(); i++)
		if (vocabulary_has(vocabulary_at(i), item_class))
			TRY(value_put(item, vocabulary_at(i), statement, column++));
	return KC_OK;
}

static enum kc_status put_references(struct json_object *item, const struct query *query,
				     struct statement *statement)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	struct reference reference = {
		.item_class = query->item_class,
		.token_id = view_of_text(database_column_text(statement, COLUMN_TOKEN_ID)),
		.object_id = database_column_data(statement, COLUMN_OBJECT_ID),
	};

	TRY(reference_put(&reference, &bytes));
	if (query->wants_ref)
		TRY(field_put_data(item, "value_ref", bytes_view(&bytes)));
	if (query->wants_persistent_ref)
		TRY(field_put_data(item, "value_persistent_ref", bytes_view(&bytes)));
	return KC_OK;
}

enum kc_status result_new(const struct query *query, struct statement *statement,
			  struct json_object **ret_item)
{
	CLEANUP(field_free) struct json_object *item = NULL;

	TRY(field_new_object(&item));
	if (query->wants_attributes)
		TRY(put_attributes(item, query->item_class, statement));
	if (has_data(query))
		TRY(field_put_data(item, "value_data",
				   database_column_data(statement, COLUMN_DATA)));
	if (query->wants_ref || query->wants_persistent_ref)
		TRY(put_references(item, query, statement));
	*ret_item = take(item);
	return KC_OK;
}
