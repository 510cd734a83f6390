/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One attribute value. Conversions go as far as JSON can show a meaning (reference/keychain.md
 * 1.8): text is never made of a number, nor a number of text that is none, since a program that
 * gets types wrong is better told so.
 */
#include "items/value_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/date.h"
#include "codec/hex.h"

enum {
	DIGITS_MAX = 18, /* what always fits into 64 bits */
};

static struct kc_view text_of(struct json_object *value)
{
	return view_of(json_object_get_string(value), (size_t)json_object_get_string_len(value));
}

static bool is_plain_text(struct json_object *value)
{
	struct kc_view text;

	if (!json_object_is_type(value, json_type_string))
		return false;
	text = text_of(value);
	return !memchr(text.data, '\0', text.len);
}

static bool is_date(struct json_object *value)
{
	struct error_record before = *error_get();
	int64_t date_us = 0;
	bool is_read = is_plain_text(value) &&
		       date_parse(json_object_get_string(value), &date_us) == KC_OK;

	error_adopt(&before);
	return is_read;
}

static bool is_of_type(enum vocabulary_type type, struct json_object *value)
{
	switch (type) {
	case VOCABULARY_TEXT:
	case VOCABULARY_DATA:
		return is_plain_text(value);
	case VOCABULARY_DATE:
		return is_date(value);
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

static enum kc_status fail_type(const char *name, enum vocabulary_type type)
{
	return fail(KC_ERR_PARAM, "\"%s\" must be %s", name, vocabulary_type_name(type));
}

enum kc_status value_check(const char *name, enum vocabulary_type type, struct json_object *value)
{
	return is_of_type(type, value) ? KC_OK : fail_type(name, type);
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

static bool number_from_text(struct kc_view text, int64_t *ret_number)
{
	bool is_negative = text.len > 0 && text.data[0] == '-';
	struct kc_view digits = view_slice(text, is_negative ? 1 : 0, text.len);
	int64_t number = 0;

	if (digits.len == 0 || digits.len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		number = number * 10 + (digits.data[i] - '0');
	}
	*ret_number = is_negative ? -number : number;
	return true;
}

static enum kc_status normalize_number(const char *name, struct json_object *value,
				       struct json_object **ret_value)
{
	int64_t number = 0;

	if (json_object_is_type(value, json_type_int))
		number = json_object_get_int64(value);
	else if (json_object_is_type(value, json_type_boolean))
		number = json_object_get_boolean(value);
	else if (!json_object_is_type(value, json_type_string) ||
		 !number_from_text(text_of(value), &number))
		return fail_type(name, VOCABULARY_NUMBER);
	*ret_value = json_object_new_int64(number);
	return KC_OK;
}

static enum kc_status normalize_flag(const char *name, struct json_object *value,
				     struct json_object **ret_value)
{
	bool is_flag = json_object_is_type(value, json_type_boolean);
	int64_t number = 0;

	if (!is_flag && json_object_is_type(value, json_type_int)) {
		number = json_object_get_int64(value);
		is_flag = number == 0 || number == 1;
	}
	if (!is_flag)
		return fail_type(name, VOCABULARY_FLAG);
	*ret_value = json_object_new_boolean(json_object_get_boolean(value));
	return KC_OK;
}

static enum kc_status normalize_date(const char *name, struct json_object *value,
				     struct json_object **ret_value)
{
	char text[DATE_TEXT_MAX];
	int64_t date_us = 0;

	TRY(value_check(name, VOCABULARY_DATE, value));
	TRY(date_parse(json_object_get_string(value), &date_us));
	TRY(date_format(date_us, text));
	*ret_value = json_object_new_string(text);
	return KC_OK;
}

/* Decoded once, so that whoever puts its bytes later need not expect it to be wrong. */
static enum kc_status check_data(const char *name, struct json_object *value)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(VALUE_DATA_MAX);

	return value_data(name, value, &data);
}

enum kc_status value_normalize(const struct vocabulary_attribute *attribute,
			       struct json_object *value, struct json_object **ret_value)
{
	const char *name = attribute->name;
	struct json_object *normalized = NULL;

	switch (attribute->type) {
	case VOCABULARY_NUMBER:
		TRY(normalize_number(name, value, &normalized));
		break;
	case VOCABULARY_FLAG:
		TRY(normalize_flag(name, value, &normalized));
		break;
	case VOCABULARY_DATE:
		TRY(normalize_date(name, value, &normalized));
		break;
	case VOCABULARY_DATA:
		TRY(check_data(name, value));
		normalized = json_object_get(value);
		break;
	case VOCABULARY_TEXT:
	case VOCABULARY_OBJECT:
	case VOCABULARY_ANY:
		TRY(value_check(name, attribute->type, value));
		normalized = json_object_get(value);
		break;
	}
	REQUIRE(normalized, KC_ERR_ALLOCATE, "out of memory");
	*ret_value = normalized;
	return KC_OK;
}

static int compare_names(const void *one, const void *other)
{
	const char *const *a = one;
	const char *const *b = other;

	return strcmp(*a, *b);
}

static enum kc_status put_text(struct bytes *bytes, const char *text)
{
	return bytes_append(bytes, view_of_text(text));
}

static enum kc_status put_json(struct json_object *value, struct bytes *bytes);

/* Members of an object have no order: by name. */
static enum kc_status put_object(struct json_object *object, struct bytes *bytes)
{
	size_t n = (size_t)json_object_object_length(object);
	CLEANUP(freep) const char **names = calloc(n + 1, sizeof(*names));
	size_t i = 0;

	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	json_object_object_foreach(object, name, member)
	{
		(void)member;
		names[i++] = name;
	}
	qsort(names, n, sizeof(*names), compare_names);
	for (i = 0; i < n; i++) {
		TRY(put_text(bytes, i == 0 ? "{\"" : ",\""));
		TRY(put_text(bytes, names[i]));
		TRY(put_text(bytes, "\":"));
		TRY(put_json(field_get(object, names[i]), bytes));
	}
	return put_text(bytes, n == 0 ? "{}" : "}");
}

static enum kc_status put_json(struct json_object *value, struct bytes *bytes)
{
	if (json_object_is_type(value, json_type_object))
		return put_object(value, bytes);
	return put_text(bytes, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static enum kc_status put_number(int64_t number, struct bytes *bytes)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	return put_text(bytes, text);
}

enum kc_status value_put_bytes(const struct vocabulary_attribute *attribute,
			       struct json_object *value, struct bytes *bytes)
{
	switch (attribute->type) {
	case VOCABULARY_NUMBER:
		return put_number(json_object_get_int64(value), bytes);
	case VOCABULARY_FLAG:
		return put_number(json_object_get_boolean(value), bytes);
	case VOCABULARY_DATA:
		return value_data(attribute->name, value, bytes);
	case VOCABULARY_OBJECT:
		return put_object(value, bytes);
	case VOCABULARY_TEXT:
	case VOCABULARY_DATE:
	case VOCABULARY_ANY:
		break;
	}
	return bytes_append(bytes, text_of(value));
}

bool value_equal(const struct vocabulary_attribute *attribute, struct json_object *one,
		 struct json_object *other)
{
	CLEANUP(bytes_done) struct bytes a = BYTES_INIT(VALUE_DATA_MAX);
	CLEANUP(bytes_done) struct bytes b = BYTES_INIT(VALUE_DATA_MAX);

	return value_put_bytes(attribute, one, &a) == KC_OK &&
	       value_put_bytes(attribute, other, &b) == KC_OK &&
	       view_equal(bytes_view(&a), bytes_view(&b));
}
