/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key behind a reference. A key is used on the token that holds it, which for an identity
 * need not be the one its certificate comes from.
 */
#include "items/locate_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "store/schema.h"
#include "store/sql.h"

enum {
	COLUMN_TOKEN_ID,
	COLUMN_OBJECT_ID,
	COLUMN_PUBLIC_KEY,
	COLUMN_LABEL,
	COLUMN_KEY_TYPE,
	COLUMN_SIZE,
	COLUMN_CONSTRAINT,
	COLUMN_ALGORITHMS,
	COLUMN_CAN_SIGN,
	COLUMN_CAN_DECRYPT,
	COLUMN_CAN_DERIVE,
};

static const char columns[] = "k.token_id, k.object_id, k.public_key, k.label, k.key_type,"
			      " k.key_size_in_bits, k.access_constraint, k.algorithms,"
			      " k.can_sign, k.can_decrypt, k.can_derive";

static enum kc_status copy_text(struct statement *statement, int column, char **ret_text)
{
	*ret_text = strdup(database_column_text(statement, column));
	REQUIRE(*ret_text, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status copy_data(struct statement *statement, int column, struct kc_bytes *ret_data)
{
	struct kc_view view = database_column_data(statement, column);

	ret_data->data = malloc(view.len ? view.len : 1);
	REQUIRE(ret_data->data, KC_ERR_ALLOCATE, "out of memory");
	memcpy(ret_data->data, view.data, view.len);
	ret_data->len = view.len;
	return KC_OK;
}

static enum kc_status read_key(struct statement *statement, struct engine_key *key)
{
	TRY(copy_text(statement, COLUMN_TOKEN_ID, &key->token_id));
	TRY(copy_data(statement, COLUMN_OBJECT_ID, &key->object_id));
	TRY(copy_data(statement, COLUMN_PUBLIC_KEY, &key->public_key));
	TRY(copy_text(statement, COLUMN_LABEL, &key->label));
	TRY(copy_text(statement, COLUMN_KEY_TYPE, &key->key_type));
	TRY(copy_text(statement, COLUMN_CONSTRAINT, &key->constraint));
	key->algorithms = json_tokener_parse(database_column_text(statement, COLUMN_ALGORITHMS));
	REQUIRE(key->algorithms, KC_ERR_ALLOCATE, "out of memory");
	key->size_in_bits = (unsigned)database_column_number(statement, COLUMN_SIZE);
	key->can_sign = database_column_number(statement, COLUMN_CAN_SIGN) != 0;
	key->can_decrypt = database_column_number(statement, COLUMN_CAN_DECRYPT) != 0;
	key->can_derive = database_column_number(statement, COLUMN_CAN_DERIVE) != 0;
	return KC_OK;
}

static enum kc_status prepare(struct database *database, const struct reference *reference,
			      struct statement **ret_statement)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	char table = schema_main_table(reference->item_class);
	const char *text = NULL;

	TRY(sql_put(&sql, "SELECT %s FROM %s WHERE %s AND %c.token_id = ? AND %c.object_id = ?",
		    columns, schema_source(reference->item_class),
		    schema_condition(reference->item_class), table, table));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(database, text, ret_statement));
	TRY(database_bind_text(*ret_statement, 1, reference->token_id));
	return database_bind_data(*ret_statement, 2, reference->object_id);
}

enum kc_status locate_key(struct database *database, const struct reference *reference,
			  struct engine_key *ret_key)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	struct statement *statement = NULL;
	enum kc_status status = KC_OK;
	bool has_row = false;

	REQUIRE(reference->item_class == VOCABULARY_KEY ||
			reference->item_class == VOCABULARY_IDENTITY,
		KC_ERR_PARAM, "this reference is of a certificate, not of a key or an identity");
	TRY(prepare(database, reference, &statement));
	TRY(database_step(statement, &has_row));
	if (has_row)
		status = read_key(statement, &key);
	database_reset(statement);
	TRY(status);
	if (!has_row)
		return locate_fail_missing(database, reference);
	*ret_key = key;
	key = (struct engine_key){0};
	return KC_OK;
}

static enum kc_status is_present(struct database *database, struct kc_view token_id,
				 bool *ret_is_present)
{
	struct statement *statement = NULL;

	TRY(database_prepare(database, "SELECT 1 FROM tokens WHERE token_id = ?", &statement));
	TRY(database_bind_text(statement, 1, token_id));
	TRY(database_step(statement, ret_is_present));
	database_reset(statement);
	return KC_OK;
}

enum kc_status locate_fail_missing(struct database *database, const struct reference *reference)
{
	const char *class_name = vocabulary_class_name(reference->item_class);
	char token_id[REFERENCE_TOKEN_MAX + 1];
	enum kc_status status = KC_OK;
	bool token_is_present = false;

	(void)snprintf(token_id, sizeof(token_id), "%.*s", (int)reference->token_id.len,
		       (const char *)reference->token_id.data);
	TRY(is_present(database, reference->token_id, &token_is_present));
	if (token_is_present) {
		status = fail(KC_ERR_ITEM_NOT_FOUND, "the token no longer has this %s", class_name);
		error_set_hint("search again: what the token holds has changed");
	} else {
		status =
			fail(KC_ERR_ITEM_NOT_FOUND, "the token of this %s is not here", class_name);
		error_set_hint("insert the token %s and repeat", token_id);
	}
	error_set_token(token_id, NULL);
	return status;
}
