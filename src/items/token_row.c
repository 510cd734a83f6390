/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a token says of an item, completed and checked. The engine's own attributes (token, group,
 * dates) cannot be claimed by a token; the rest has the defaults that any token item has: private,
 * permanent, never extractable, not synchronizable (reference/keychain.md 3.6).
 */
#include "items/token_row_impl.h"

#include <time.h>

#include "base/try.h"
#include "codec/date.h"
#include "items/describe.h"
#include "items/reference.h"
#include "items/value_impl.h"

enum {
	US_PER_SECOND = 1000000,
};

static const char *const reserved[] = {"token_id", "access_group", "creation_date",
				       "modification_date"};
static const char *const usages[] = {"can_sign", "can_decrypt", "can_derive"};

/* What is being made of @item. */
struct making {
	struct row *row;
	const struct engine_item *item;
};

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

static enum kc_status add_attribute(const struct row *row, const char *name,
				    struct json_object *value)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);

	if (row->item_class == VOCABULARY_CERTIFICATE && describe_is_fact(name))
		return field_put(row->attributes, name, json_object_get(value));
	REQUIRE(is_raw_name(row, name) || (attribute && vocabulary_has(attribute, row->item_class)),
		KC_ERR_NO_SUCH_ATTR, "a %s has no attribute \"%s\"",
		vocabulary_class_name(row->item_class), name);
	REQUIRE(!is_in(name, reserved, ARRAY_LEN(reserved)), KC_ERR_PARAM,
		"\"%s\" is not the token's to set", name);
	TRY(value_check(name, attribute ? attribute->type : VOCABULARY_DATA, value));
	return field_put(row->attributes, name, json_object_get(value));
}

static enum kc_status add_attributes(const struct row *row, struct json_object *attributes)
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
	char text[DATE_TEXT_MAX];

	TRY(date_format((int64_t)time(NULL) * US_PER_SECOND, text));
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
static enum kc_status put_access_control(const struct making *making)
{
	CLEANUP(field_free) struct json_object *control = NULL;
	struct json_object *attributes = making->row->attributes;

	if (field_get(attributes, "access_control"))
		return KC_OK;
	TRY(field_new_object(&control));
	for (size_t i = 0; i < ARRAY_LEN(usages); i++)
		if (field_flag(attributes, usages[i], false))
			TRY(field_put_text(control, usages[i] + strlen("can_"),
					   making->item->constraint));
	if (making->item->needs_touch)
		TRY(field_put_flag(control, "touch", true));
	return field_put(attributes, "access_control", take(control));
}

static enum kc_status put_algorithms(const struct making *making)
{
	struct json_object *algorithms = making->item->algorithms;

	REQUIRE(!algorithms || json_object_is_type(algorithms, json_type_array), KC_ERR_PARAM,
		"a key's algorithms must be an array");
	return field_put(making->row->attributes, ROW_ALGORITHMS,
			 algorithms ? json_object_get(algorithms) : json_object_new_array());
}

static enum kc_status complete_key(const struct making *making)
{
	static const char *const constraints[] = {"none", "pin", "pin_always"};
	struct json_object *attributes = making->row->attributes;
	const char *constraint = making->item->constraint;
	int64_t size = field_number(attributes, "key_size_in_bits", 0);

	REQUIRE(constraint && is_in(constraint, constraints, ARRAY_LEN(constraints)), KC_ERR_PARAM,
		"a key's constraint is none, pin or pin_always");
	REQUIRE(field_text(attributes, "application_label") && field_text(attributes, "key_type") &&
			size > 0,
		KC_ERR_PARAM, "a key needs application_label, key_type and key_size_in_bits");
	/* reference/keychain.md 7: from the key class, and not true of a public key as well. */
	TRY(field_put_flag(attributes, "is_private",
			   strcmp(field_text(attributes, "key_class"), "private") == 0));
	if (!field_get(attributes, "effective_key_size"))
		TRY(field_put_number(attributes, "effective_key_size", size));
	TRY(field_put_text(attributes, ROW_CONSTRAINT, constraint));
	TRY(put_algorithms(making));
	return put_access_control(making);
}

static enum kc_status complete_certificate(const struct making *making)
{
	struct json_object *attributes = making->row->attributes;
	struct kc_view data = making->item->data;

	REQUIRE(data.len > 0 && data.len <= VALUE_DATA_MAX, KC_ERR_PARAM,
		"a certificate item needs its data");
	REQUIRE(field_text(attributes, "issuer") && field_text(attributes, "serial_number") &&
			field_text(attributes, "public_key_hash"),
		KC_ERR_PARAM, "a certificate needs issuer, serial_number and public_key_hash");
	making->row->secret = data;
	making->row->has_secret = true;
	return KC_OK;
}

static enum kc_status check_item(const struct engine_item *item, struct row *row)
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
	return KC_OK;
}

static enum kc_status make_attributes(const struct making *making, const char *token_id)
{
	struct row *row = making->row;
	bool is_key = row->item_class == VOCABULARY_KEY;

	TRY(field_new_object(&row->attributes));
	TRY(put_common(row->attributes, token_id));
	if (is_key)
		TRY(put_key_defaults(row->attributes));
	else
		TRY(field_put_number(row->attributes, "certificate_encoding", 3)); /* DER */
	TRY(add_attributes(row, making->item->attributes));
	TRY(field_put_data(row->attributes, ROW_PUBLIC_KEY, making->item->public_key));
	return is_key ? complete_key(making) : complete_certificate(making);
}

/*
 * On a token an item is its object: the same certificate or key may stand in two slots of one
 * card, and must not cost the others their place in the keychain.
 */
static enum kc_status make_identity(const struct engine *engine, struct row *row)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(REFERENCE_MAX);

	TRY(bytes_append(&name, view_of_text(row->token)));
	TRY(bytes_append_byte(&name, 0));
	TRY(bytes_append(&name, row->object_id));
	TRY(hash_bytes(engine->hasher, "token object", bytes_view(&name), &row->identity));
	memcpy(row->item_id, row->identity.bytes, SCHEMA_ID_BYTES);
	return KC_OK;
}

enum kc_status token_row_make(const struct engine *engine, const char *token_id,
			      const struct engine_item *item, struct row *row)
{
	struct making making = {row, item};

	*row = (struct row){.place = SCHEMA_MAIN, .token = token_id, .object_id = item->object_id};
	TRY(check_item(item, row));
	TRY(make_attributes(&making, token_id));
	TRY(row_digest(engine, row));
	TRY(make_identity(engine, row));
	row->attributes_data = view_of_text(
		json_object_to_json_string_ext(row->attributes, JSON_C_TO_STRING_PLAIN));
	REQUIRE(row->attributes_data.data, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}
