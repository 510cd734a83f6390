/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One attribute value: JSON in, column out, and back. There is no coercion (a number is not its
 * digits, true is not 1): programs that get types wrong are told so.
 */
#include "items/value_impl.h"

#include "base/try.h"
#include "codec/hex.h"

static struct kc_view text_of(struct json_object *value)
{
	return view_of(json_object_get_string(value), (size_t)json_object_get_string_len(value));
}

/* RFC 3339 section 5.6 in the one form that we write: UTC, whole seconds. */
static bool is_date(struct kc_view text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (text.len != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';

		if (form[i] == 'd' ? !is_digit : text.data[i] != (uint8_t)form[i])
			return false;
	}
	return true;
}

static bool is_plain_text(struct json_object *value)
{
	struct kc_view text;

	if (!json_object_is_type(value, json_type_string))
		return false;
	text = text_of(value);
	return !memchr(text.data, '\0', text.len);
}

static bool is_of_type(enum vocabulary_type type, struct json_object *value)
{
	switch (type) {
	case VOCABULARY_TEXT:
	case VOCABULARY_DATA:
		return is_plain_text(value);
	case VOCABULARY_DATE:
		return is_plain_text(value) && is_date(text_of(value));
	case VOCABULARY_NUMBER:
		return json_object_is_type(value, json_type_int);
	case VOCABULARY_FLAG:
		return json_object_is_type(value, json_type_boolean);
	case VOCABULARY_OBJECT:
		return json_object_is_type(value, json_type_object);
	case VOCABULARY_ANY:
		break;
	}
	return true;
}

enum kc_status value_check(const char *name, enum vocabulary_type type, struct json_object *value)
{
	REQUIRE(is_of_type(type, value), KC_ERR_PARAM, "\"%s\" must be %s", name,
		vocabulary_type_name(type));
	return KC_OK;
}

enum kc_status value_data(const char *name, struct json_object *value, struct bytes *bytes)
{
	struct error_record before = *error_get();

	TRY(value_check(name, VOCABULARY_DATA, value));
	if (base64_decode(text_of(value), bytes) == KC_OK)
		return KC_OK;
	error_adopt(&before);
	return fail(KC_ERR_PARAM, "\"%s\" must be base64 text of at most %zu bytes", name,
		    bytes->max);
}

static enum kc_status bind_data(struct statement *statement, int index, const char *name,
				struct json_object *value)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(VALUE_DATA_MAX);

	TRY(value_data(name, value, &data));
	return database_bind_data(statement, index, bytes_view(&data));
}

const char *value_text_of_object(struct json_object *value)
{
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
}

enum kc_status value_bind(struct statement *statement, int index,
			  const struct vocabulary_attribute *attribute, struct json_object *value)
{
	TRY(value_check(attribute->name, attribute->type, value));
	switch (attribute->type) {
	case VOCABULARY_NUMBER:
		return database_bind_number(statement, index, json_object_get_int64(value));
	case VOCABULARY_FLAG:
		return database_bind_number(statement, index, json_object_get_boolean(value));
	case VOCABULARY_DATA:
		return bind_data(statement, index, attribute->name, value);
	case VOCABULARY_OBJECT:
		return database_bind_text(statement, index,
					  view_of_text(value_text_of_object(value)));
	case VOCABULARY_TEXT:
	case VOCABULARY_DATE:
	case VOCABULARY_ANY:
		break;
	}
	return database_bind_text(statement, index, text_of(value));
}

enum kc_status value_put(struct json_object *object, const struct vocabulary_attribute *attribute,
			 struct statement *statement, int index)
{
	if (database_column_is_null(statement, index))
		return KC_OK;
	switch (attribute->type) {
	case VOCABULARY_NUMBER:
		return field_put_number(object, attribute->name,
					database_column_number(statement, index));
	case VOCABULARY_FLAG:
		return field_put_flag(object, attribute->name,
				      database_column_number(statement, index) != 0);
	case VOCABULARY_DATA:
		return field_put_data(object, attribute->name,
				      database_column_data(statement, index));
	case VOCABULARY_OBJECT:
		return field_put(object, attribute->name,
				 json_tokener_parse(database_column_text(statement, index)));
	case VOCABULARY_TEXT:
	case VOCABULARY_DATE:
	case VOCABULARY_ANY:
		break;
	}
	return field_put_text(object, attribute->name, database_column_text(statement, index));
}
