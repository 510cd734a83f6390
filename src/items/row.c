/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a token says of an item, completed and checked. The engine's own attributes (token, group,
 * dates) cannot be claimed by a token; the rest has the defaults that any token item has: private,
 * permanent, never extractable, not synchronizable (reference/keychain.md 3.6).
 */
#include "items/row_impl.h"

#include <time.h>

#include "base/try.h"
#include "items/reference.h"
#include "items/value_impl.h"

static const char *const reserved[] = {"token_id", "access_group", "creation_date",
				       "modification_date"};
static const char *const usages[] = {"can_sign", "can_decrypt", "can_derive"};

void row_done(struct row *row)
{
	field_free(&row->attributes);
}

static bool is_in(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Columns beside the vocabulary: names as they stand, for queries by a raw Name. */
static bool is_raw_name(const struct row *row, const char *name)
{
	return row->item_class == VOCABULARY_CERTIFICATE &&
	       (strcmp(name, "subject_raw") == 0 || strcmp(name, "issuer_raw") == 0);
}

static enum kc_status add_attribute(struct row *row, const char *name, struct json_object *value)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);

	REQUIRE(is_raw_name(row, name) || (attribute && vocabulary_has(attribute, row->item_class)),
		KC_ERR_NO_SUCH_ATTR, "a %s has no attribute \"%s\"",
		vocabulary_class_name(row->item_class), name);
	REQUIRE(!is_in(name, reserved, ARRAY_LEN(reserved)), KC_ERR_PARAM,
		"\"%s\" is not the token's to set", name);
	return field_put(row->attributes, name, json_object_get(value));
}

static enum kc_status add_attributes(struct row *row, struct json_object *attributes)
{
	struct json_object_iterator at;
	struct json_object_iterator end;

	REQUIRE(json_object_is_type(attributes, json_type_object), KC_ERR_PARAM,
		"an item's attributes must be an object");
	at = json_object_iter_begin(attributes);
	end = json_object_iter_end(attributes);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		struct json_object *value = json_object_iter_peek_value(&at);

		if (value)
			TRY(add_attribute(row, json_object_iter_peek_name(&at), value));
	}
	return KC_OK;
}

static enum kc_status put_dates(struct json_object *attributes)
{
	char text[sizeof("2024-02-29T12:00:00Z")];
	time_t now = time(NULL);
	struct tm parts;

	REQUIRE(gmtime_r(&now, &parts) &&
			strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) > 0,
		KC_ERR_INTERNAL, "the clock has no date");
	TRY(field_put_text(attributes, "creation_date", text));
	return field_put_text(attributes, "modification_date", text);
}

static enum kc_status put_common(struct json_object *attributes, const char *token_id)
{
	TRY(field_put_text(attributes, "token_id", token_id));
	TRY(field_put_text(attributes, "access_group", ENGINE_TOKEN_GROUP));
	TRY(field_put_text(attributes, "accessible", "always"));
	TRY(field_put_flag(attributes, "synchronizable", false));
	return put_dates(attributes);
}

static enum kc_status put_key_defaults(struct json_object *attributes)
{
	static const char *const never[] = {"is_extractable", "can_encrypt", "can_decrypt",
					    "can_derive",     "can_sign",    "can_verify",
					    "can_wrap",	      "can_unwrap"};

	TRY(field_put_text(attributes, "key_class", "private"));
	TRY(field_put_text(attributes, "application_tag", ""));
	TRY(field_put_flag(attributes, "is_permanent", true));
	TRY(field_put_flag(attributes, "is_sensitive", true));
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		TRY(field_put_flag(attributes, never[i], false));
	return KC_OK;
}

/* Which operation needs what, for those the key can do: {"sign": "pin"}; "touch" is for all. */
static enum kc_status put_access_control(struct row *row)
{
	CLEANUP(field_free) struct json_object *control = NULL;

	if (field_get(row->attributes, "access_control"))
		return KC_OK;
	TRY(field_new_object(&control));
	for (size_t i = 0; i < ARRAY_LEN(usages); i++)
		if (field_flag(row->attributes, usages[i], false))
			TRY(field_put_text(control, usages[i] + strlen("can_"),
					   row->item->constraint));
	if (row->item->needs_touch)
		TRY(field_put_flag(control, "touch", true));
	return field_put(row->attributes, "access_control", take(control));
}

static enum kc_status complete_key(struct row *row)
{
	static const char *const constraints[] = {"none", "pin", "pin_always"};
	const char *constraint = row->item->constraint;
	int64_t size = field_number(row->attributes, "key_size_in_bits", 0);

	REQUIRE(constraint && is_in(constraint, constraints, ARRAY_LEN(constraints)), KC_ERR_PARAM,
		"a key's constraint is none, pin or pin_always");
	REQUIRE(!row->item->algorithms ||
			json_object_is_type(row->item->algorithms, json_type_array),
		KC_ERR_PARAM, "a key's algorithms must be an array");
	REQUIRE(field_text(row->attributes, "application_label") &&
			field_text(row->attributes, "key_type") && size > 0,
		KC_ERR_PARAM, "a key needs application_label, key_type and key_size_in_bits");
	if (!field_get(row->attributes, "effective_key_size"))
		TRY(field_put_number(row->attributes, "effective_key_size", size));
	return put_access_control(row);
}

static enum kc_status complete_certificate(const struct row *row)
{
	REQUIRE(row->item->data.len > 0 && row->item->data.len <= VALUE_DATA_MAX, KC_ERR_PARAM,
		"a certificate item needs its data");
	REQUIRE(field_text(row->attributes, "issuer") &&
			field_text(row->attributes, "serial_number") &&
			field_text(row->attributes, "public_key_hash"),
		KC_ERR_PARAM, "a certificate needs issuer, serial_number and public_key_hash");
	return KC_OK;
}

enum kc_status row_init(struct row *row, const char *token_id, const struct engine_item *item)
{
	struct kc_view id = item->object_id;

	REQUIRE(item->class_name && vocabulary_find_class(item->class_name, &row->item_class) &&
			(row->item_class == VOCABULARY_CERTIFICATE ||
			 row->item_class == VOCABULARY_KEY),
		KC_ERR_NO_SUCH_CLASS, "a token publishes certificates and keys, nothing else");
	REQUIRE(id.len > 0 && id.len <= REFERENCE_OBJECT_MAX, KC_ERR_PARAM,
		"an object ID is 1 to %d bytes", REFERENCE_OBJECT_MAX);
	REQUIRE(item->public_key.len > 0, KC_ERR_PARAM, "a %s item needs its public key",
		item->class_name);
	row->item = item;
	TRY(field_new_object(&row->attributes));
	TRY(put_common(row->attributes, token_id));
	if (row->item_class == VOCABULARY_KEY)
		TRY(put_key_defaults(row->attributes));
	else
		TRY(field_put_number(row->attributes, "certificate_encoding", 3)); /* DER */
	TRY(add_attributes(row, item->attributes));
	return row->item_class == VOCABULARY_KEY ? complete_key(row) : complete_certificate(row);
}

static enum kc_status bind_raw_name(const struct row *row, struct statement *statement, int index,
				    const char *name)
{
	struct json_object *value = field_get(row->attributes, name);
	const struct vocabulary_attribute attribute = {name, VOCABULARY_DATA, 0};

	return value ? value_bind(statement, index, &attribute, value) : KC_OK;
}

static enum kc_status bind_rest(const struct row *row, struct statement *statement, int index)
{
	struct json_object *algorithms = row->item->algorithms;

	TRY(database_bind_data(statement, index++, row->item->object_id));
	TRY(database_bind_data(statement, index++, row->item->public_key));
	if (row->item_class == VOCABULARY_KEY) {
		TRY(database_bind_text(statement, index++, view_of_text(row->item->constraint)));
		return database_bind_text(
			statement, index,
			view_of_text(algorithms ? value_text_of_object(algorithms) : "[]"));
	}
	TRY(database_bind_data(statement, index++, row->item->data));
	TRY(bind_raw_name(row, statement, index++, "subject_raw"));
	return bind_raw_name(row, statement, index, "issuer_raw");
}

enum kc_status row_bind(const struct row *row, struct statement *statement, int index)
{
	for (size_t i = 0; i < vocabulary_count(); i++) {
		const struct vocabulary_attribute *attribute = vocabulary_at(i);
		struct json_object *value = field_get(row->attributes, attribute->name);

		if (!vocabulary_has(attribute, row->item_class))
			continue;
		if (value)
			TRY(value_bind(statement, index, attribute, value));
		index++;
	}
	return bind_rest(row, statement, index);
}
