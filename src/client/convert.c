/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values to JSON and back. Depth is bounded by the limits of messages and of values. */
#include "client/convert.h"

#include <stdlib.h>

#include "base/try.h"
#include "client/typed_impl.h"
#include "codec/date.h"
#include "codec/hex.h"
#include "codec/vocabulary.h"
#include "wire/message.h"

/* --- from JSON ----------------------------------------------------------------------------- */

static enum vocabulary_type type_of(const char *name)
{
	const struct vocabulary_attribute *attribute = name ? vocabulary_find(name) : NULL;
	const struct vocabulary_key *key = name ? vocabulary_find_key(name) : NULL;

	if (attribute)
		return attribute->type;
	return key ? key->type : VOCABULARY_ANY;
}

static enum kc_status read_data(const char *name, const char *text, struct kc_value *value)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);

	/* Room for one byte, so that empty data is not NULL. */
	TRY(bytes_reserve(&bytes, 1));
	if (base64_decode(view_of_text(text), &bytes) != KC_OK) {
		error_clear();
		return fail(KC_ERR_PARAM, "%s: not base64 text", name);
	}
	value->data = bytes_take(&bytes);
	return KC_OK;
}

static enum kc_status read_date(const char *name, const char *text, struct kc_value *value)
{
	if (date_parse(text, &value->number) == KC_OK)
		return KC_OK;
	error_clear();
	return fail(KC_ERR_PARAM, "%s: not a date such as 2024-02-29T12:00:00Z", name);
}

static enum kc_status from_text(const char *name, struct json_object *json,
				struct kc_value **ret_value)
{
	CLEANUP(typed_freep) struct kc_value *value = NULL;
	enum vocabulary_type type = type_of(name);
	const char *text = json_object_get_string(json);

	TRY(typed_new_empty(KC_TYPE_TEXT, &value));
	if (type == VOCABULARY_DATA) {
		value->type = KC_TYPE_DATA;
		TRY(read_data(name, text, value));
	} else if (type == VOCABULARY_DATE) {
		value->type = KC_TYPE_DATE;
		TRY(read_date(name, text, value));
	} else {
		value->text = strdup(text);
		REQUIRE(value->text, KC_ERR_ALLOCATE, "out of memory");
	}
	*ret_value = take(value);
	return KC_OK;
}

static enum kc_status from_array(const char *name, struct json_object *json,
				 struct kc_value **ret_value)
{
	CLEANUP(typed_freep) struct kc_value *value = NULL;

	TRY(typed_new_empty(KC_TYPE_ARRAY, &value));
	for (size_t i = 0; i < json_object_array_length(json); i++) {
		struct kc_value *item = NULL;

		TRY(convert_from_json(name, json_object_array_get_idx(json, i), &item));
		TRY(typed_append(value, item));
	}
	*ret_value = take(value);
	return KC_OK;
}

static enum kc_status from_object(struct json_object *json, struct kc_value **ret_value)
{
	CLEANUP(typed_freep) struct kc_value *value = NULL;

	TRY(typed_new_empty(KC_TYPE_DICTIONARY, &value));
	TRY(convert_dictionary_from_json(json, &value->dictionary));
	*ret_value = take(value);
	return KC_OK;
}

static enum kc_status from_scalar(enum kc_type type, int64_t number, struct kc_value **ret_value)
{
	TRY(typed_new_empty(type, ret_value));
	(*ret_value)->number = number;
	return KC_OK;
}

enum kc_status convert_from_json(const char *name, struct json_object *json,
				 struct kc_value **ret_value)
{
	switch (json_object_get_type(json)) {
	case json_type_null:
		return from_scalar(KC_TYPE_NULL, 0, ret_value);
	case json_type_boolean:
		return from_scalar(KC_TYPE_FLAG, json_object_get_boolean(json), ret_value);
	case json_type_int:
		return from_scalar(KC_TYPE_NUMBER, json_object_get_int64(json), ret_value);
	case json_type_string:
		return from_text(name, json, ret_value);
	case json_type_array:
		return from_array(name, json, ret_value);
	case json_type_object:
		return from_object(json, ret_value);
	case json_type_double:
		break;
	}
	return fail(KC_ERR_PARAM, "%s: a number that is not whole", name ? name : "value");
}

enum kc_status convert_dictionary_from_json(struct json_object *json,
					    struct kc_dictionary **ret_dictionary)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *dictionary = kc_dictionary_new(NULL, 0);

	REQUIRE(dictionary, KC_ERR_ALLOCATE, "out of memory");
	json_object_object_foreach(json, name, member)
	{
		struct kc_value *value = NULL;

		TRY(convert_from_json(name, member, &value));
		TRY(dictionary_put(dictionary, name, value));
	}
	*ret_dictionary = take(dictionary);
	return KC_OK;
}

enum kc_status kc_dictionary_from_json(struct kc_view text, struct kc_dictionary **ret_dictionary)
{
	CLEANUP(field_free) struct json_object *json = NULL;

	error_clear();
	if (message_parse(text, &json) != KC_OK)
		return error_remap(KC_ERR_PARAM);
	return convert_dictionary_from_json(json, ret_dictionary);
}

/* --- to JSON ------------------------------------------------------------------------------- */

static enum kc_status to_text(const char *text, struct json_object **ret_json)
{
	struct json_object *json = text ? json_object_new_string(text) : NULL;

	REQUIRE(json, KC_ERR_ALLOCATE, "out of memory");
	field_wipe_on_free(json);
	*ret_json = json;
	return KC_OK;
}

static void wipe_and_freep(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

static enum kc_status to_base64(struct kc_view data, struct json_object **ret_json)
{
	CLEANUP(wipe_and_freep) char *text = base64_encode(data);

	return to_text(text, ret_json);
}

static enum kc_status to_date(int64_t date_us, struct json_object **ret_json)
{
	char text[DATE_TEXT_MAX];

	TRY(date_format(date_us, text));
	return to_text(text, ret_json);
}

static enum kc_status to_array(const struct kc_value *value, struct json_object **ret_json)
{
	CLEANUP(field_free) struct json_object *array = json_object_new_array();

	REQUIRE(array, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < kc_value_count(value); i++) {
		struct json_object *item = NULL;

		TRY(convert_to_json(kc_value_at(value, i), &item));
		REQUIRE(json_object_array_add(array, item) == 0, KC_ERR_ALLOCATE, "out of memory");
	}
	*ret_json = take(array);
	return KC_OK;
}

static enum kc_status made(struct json_object *json, struct json_object **ret_json)
{
	REQUIRE(json, KC_ERR_ALLOCATE, "out of memory");
	*ret_json = json;
	return KC_OK;
}

enum kc_status convert_to_json(const struct kc_value *value, struct json_object **ret_json)
{
	switch (kc_value_type(value)) {
	case KC_TYPE_TEXT:
		return to_text(value->text, ret_json);
	case KC_TYPE_NUMBER:
		return made(json_object_new_int64(value->number), ret_json);
	case KC_TYPE_FLAG:
		return made(json_object_new_boolean(value->number != 0), ret_json);
	case KC_TYPE_DATA:
		return to_base64(kc_value_data(value), ret_json);
	case KC_TYPE_DATE:
		return to_date(value->number, ret_json);
	case KC_TYPE_ARRAY:
		return to_array(value, ret_json);
	case KC_TYPE_DICTIONARY:
		return convert_dictionary_to_json(value->dictionary, ret_json);
	case KC_TYPE_NULL:
		break;
	}
	*ret_json = NULL;
	return KC_OK;
}

enum kc_status convert_dictionary_to_json(const struct kc_dictionary *dictionary,
					  struct json_object **ret_json)
{
	CLEANUP(field_free) struct json_object *object = json_object_new_object();

	REQUIRE(object, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < kc_dictionary_count(dictionary); i++) {
		struct json_object *member = NULL;

		TRY(convert_to_json(kc_dictionary_value_at(dictionary, i), &member));
		if (json_object_object_add(object, kc_dictionary_name_at(dictionary, i), member)) {
			field_free(&member);
			return fail(KC_ERR_ALLOCATE, "out of memory");
		}
	}
	*ret_json = take(object);
	return KC_OK;
}

/* The text may hold a password: what it was put together in is wiped. */
static enum kc_status write_text(struct json_object *json, char **ret_text)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(SIZE_MAX / 2);

	TRY(message_put_value(&text, json));
	TRY(bytes_append_byte(&text, 0));
	*ret_text = (char *)bytes_take(&text).data;
	return KC_OK;
}

enum kc_status kc_value_to_json(const struct kc_value *value, char **ret_text)
{
	CLEANUP(field_free) struct json_object *json = NULL;

	error_clear();
	TRY(convert_to_json(value, &json));
	return write_text(json, ret_text);
}

enum kc_status kc_dictionary_to_json(const struct kc_dictionary *dictionary, char **ret_text)
{
	CLEANUP(field_free) struct json_object *json = NULL;

	error_clear();
	REQUIRE(dictionary, KC_ERR_PARAM, "no dictionary");
	TRY(convert_dictionary_to_json(dictionary, &json));
	return write_text(json, ret_text);
}
