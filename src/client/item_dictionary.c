/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A dictionary on its way to the daemon. On the wire data is base64 text, so whether a text is one
 * or stands for bytes must be settled here, by the attribute's type (reference/keychain.md 1.8:
 * data takes texts and numbers, what is compared as bytes takes data). The rest is coerced and
 * refused by the daemon, for all clients alike.
 */
#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/item_impl.h"
#include "client/typed_impl.h"
#include "codec/hex.h"
#include "codec/utf8.h"
#include "codec/vocabulary.h"

/* 1.8: "number (4 bytes little endian)". */
static enum kc_status number_to_data(const char *name, int64_t number, struct json_object *object)
{
	uint8_t bytes[4];

	REQUIRE(number >= INT32_MIN && number <= UINT32_MAX, KC_ERR_PARAM,
		"%s: a number that does not fit into four bytes", name);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((uint64_t)number >> 8 * i);
	return field_put_data(object, name, VIEW_OF(bytes));
}

static enum kc_status data_to_text(const char *name, const struct kc_bytes *data,
				   struct json_object *object)
{
	struct json_object *text = NULL;

	REQUIRE(data->len <= INT32_MAX && utf8_is_text(view_of(data->data, data->len)),
		KC_ERR_PARAM, "%s: data that is no UTF-8 text", name);
	text = json_object_new_string_len((const char *)data->data, (int)data->len);
	if (text)
		field_wipe_on_free(text);
	return field_put(object, name, text);
}

static enum kc_status put_plain(const char *name, const struct kc_value *value,
				struct json_object *object)
{
	struct json_object *json = NULL;

	TRY(convert_to_json(value, &json));
	if (json)
		return field_put(object, name, json);
	REQUIRE(json_object_object_add(object, name, NULL) == 0, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status put_attribute(enum vocabulary_type type, const char *name,
				    const struct kc_value *value, struct json_object *object)
{
	if (type == VOCABULARY_DATA && value->type == KC_TYPE_TEXT)
		return field_put_data(object, name, view_of_text(value->text));
	if (type == VOCABULARY_DATA && value->type == KC_TYPE_NUMBER)
		return number_to_data(name, value->number, object);
	if (type == VOCABULARY_TEXT && value->type == KC_TYPE_DATA)
		return data_to_text(name, &value->data, object);
	return put_plain(name, value, object);
}

static enum kc_status put_entry(const char *name, const struct kc_value *value,
				struct json_object *object)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	const struct vocabulary_key *key = vocabulary_find_key(name);

	/* 2.5: "v_Data: must be data." */
	REQUIRE(!key || key->type != VOCABULARY_DATA || value->type == KC_TYPE_DATA ||
			value->type == KC_TYPE_NULL,
		KC_ERR_PARAM, "%s: not data", name);
	if (attribute)
		return put_attribute(attribute->type, name, value, object);
	return put_plain(name, value, object);
}

enum kc_status item_dictionary_to_json(const struct kc_dictionary *dictionary,
				       struct json_object **ret_json)
{
	CLEANUP(field_free) struct json_object *object = NULL;

	TRY(field_new_object(&object));
	for (size_t i = 0; i < kc_dictionary_count(dictionary); i++)
		TRY(put_entry(kc_dictionary_name_at(dictionary, i),
			      kc_dictionary_value_at(dictionary, i), object));
	*ret_json = take(object);
	return KC_OK;
}
