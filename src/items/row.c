/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row between the engine and its table: columns in and out, in the order of schema.h. */
#include "items/row_impl.h"

#include <string.h>

#include "base/try.h"
#include "store/sql.h"

enum {
	COLUMN_POSITION,
	COLUMN_ITEM_ID,
	COLUMN_PROTECTION,
	COLUMN_REVISION,
	COLUMN_IDENTITY,
	COLUMN_HASHES,
};

void row_done(struct row *row)
{
	field_free(&row->attributes);
	bytes_done(&row->own);
	bytes_done(&row->sealed_attributes);
	bytes_done(&row->sealed_secret);
}

size_t row_column(enum vocabulary_class item_class, const char *name)
{
	const struct schema_columns *columns = schema_columns(item_class);
	size_t i = 0;

	while (i + 1 < columns->n && strcmp(columns->names[i], name) != 0)
		i++;
	return i;
}

static void get_fixed(struct statement *statement, int column, struct row *row,
		      uint8_t ret_bytes[SCHEMA_ID_BYTES])
{
	struct kc_view view = database_column_data(statement, column);

	if (view.len == SCHEMA_ID_BYTES)
		memcpy(ret_bytes, view.data, view.len);
	else
		row->is_damaged = true;
}

static void get_hash(struct statement *statement, int column, struct row *row,
		     struct hash *ret_hash)
{
	ret_hash->is_set = !database_column_is_null(statement, column);
	if (ret_hash->is_set)
		get_fixed(statement, column, row, ret_hash->bytes);
}

static void get_place_of_token(struct statement *statement, int column, struct row *row)
{
	if (row->place != SCHEMA_MAIN)
		return;
	row->token = database_column_text(statement, column);
	row->object_id = database_column_data(statement, column + 1);
}

void row_get(struct statement *statement, enum schema_place place, enum vocabulary_class item_class,
	     struct row *row)
{
	size_t n = schema_columns(item_class)->n;
	int rest = COLUMN_HASHES + (int)n;

	row->place = place;
	row->item_class = item_class;
	row->position = database_column_number(statement, COLUMN_POSITION);
	row->protection = (enum keybag_class)database_column_number(statement, COLUMN_PROTECTION);
	get_fixed(statement, COLUMN_ITEM_ID, row, row->item_id);
	get_fixed(statement, COLUMN_REVISION, row, row->revision);
	get_hash(statement, COLUMN_IDENTITY, row, &row->identity);
	for (size_t i = 0; i < n; i++)
		get_hash(statement, COLUMN_HASHES + (int)i, row, &row->hashes[i]);
	row->attributes_data = database_column_data(statement, rest);
	row->has_secret = !database_column_is_null(statement, rest + 1);
	row->secret = database_column_data(statement, rest + 1);
	get_place_of_token(statement, rest + 2, row);
}

/* One block for what the row has borrowed: attributes, secret, object ID, token. */
enum kc_status row_own(struct row *row)
{
	struct kc_view token = view_of_text(row->token);
	struct bytes *own = &row->own;
	size_t secret = row->attributes_data.len;
	size_t object_id = secret + row->secret.len;
	size_t end = object_id + row->object_id.len;

	*own = BYTES_INIT(end + token.len + 1);
	TRY(bytes_append(own, row->attributes_data));
	TRY(bytes_append(own, row->secret));
	TRY(bytes_append(own, row->object_id));
	TRY(bytes_append(own, token));
	TRY(bytes_append_byte(own, 0));
	row->attributes_data = view_of(own->data, secret);
	row->secret = view_of(own->data + secret, row->secret.len);
	row->object_id = view_of(own->data + object_id, row->object_id.len);
	row->token = token.data ? (const char *)own->data + end : NULL;
	return KC_OK;
}

static enum kc_status bind_hash(struct statement *statement, int index, const struct hash *hash)
{
	return hash->is_set ? database_bind_data(statement, index, hash_view(hash)) : KC_OK;
}

static enum kc_status bind_hashes(struct statement *statement, const struct row *row, int *index)
{
	size_t n = schema_columns(row->item_class)->n;

	for (size_t i = 0; i < n; i++)
		TRY(bind_hash(statement, (*index)++, &row->hashes[i]));
	return KC_OK;
}

static enum kc_status bind(struct statement *statement, const struct row *row)
{
	int index = 1;

	/* A new row without a position gets the next one. */
	if (row->position)
		TRY(database_bind_number(statement, index, row->position));
	index++;
	TRY(database_bind_data(statement, index++, VIEW_OF(row->item_id)));
	TRY(database_bind_number(statement, index++, row->protection));
	TRY(database_bind_data(statement, index++, VIEW_OF(row->revision)));
	TRY(bind_hash(statement, index++, &row->identity));
	TRY(bind_hashes(statement, row, &index));
	TRY(database_bind_data(statement, index++, row->attributes_data));
	if (row->has_secret)
		TRY(database_bind_data(statement, index, row->secret));
	index++;
	if (row->place != SCHEMA_MAIN)
		return KC_OK;
	TRY(database_bind_text(statement, index++, view_of_text(row->token)));
	return database_bind_data(statement, index, row->object_id);
}

static enum kc_status write(struct database *database, struct bytes *sql, const struct row *row)
{
	struct statement *statement = NULL;
	const char *text = NULL;
	enum kc_status status = KC_OK;
	bool has_row = false;

	TRY(sql_end(sql, &text));
	TRY(database_prepare(database, text, &statement));
	status = bind(statement, row);
	if (status == KC_OK)
		status = database_step(statement, &has_row);
	database_reset(statement);
	return status;
}

enum kc_status row_insert(struct database *database, struct row *row)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;

	TRY(schema_put_insert(&sql, row->place, row->item_class));
	TRY(write(database, &sql, row));
	if (!row->position)
		row->position = database_last_position(database);
	return KC_OK;
}

enum kc_status row_update(struct database *database, const struct row *row)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;

	TRY(schema_put_update(&sql, row->place, row->item_class));
	return write(database, &sql, row);
}

enum kc_status row_delete(struct database *database, enum schema_place place,
			  enum vocabulary_class item_class, int64_t position)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct statement *statement = NULL;
	const char *text = NULL;
	enum kc_status status = KC_OK;
	bool has_row = false;

	TRY(sql_put(&sql, "DELETE FROM %s.%s WHERE position = ?1", schema_place_name(place),
		    schema_table(item_class)));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(database, text, &statement));
	TRY(database_bind_number(statement, 1, position));
	status = database_step(statement, &has_row);
	database_reset(statement);
	return status;
}
