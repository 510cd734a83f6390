/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fields of JSON objects. json-c frees texts without wiping them, so every text that we make or
 * parse carries a destructor of ours that does.
 */
#include "wire/field.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "codec/hex.h"

void field_free(struct json_object **object)
{
	json_object_put(*object);
	*object = NULL;
}

static void wipe_text(struct json_object *object, void *userdata)
{
	const char *text = json_object_get_string(object);
	void *place = NULL;

	(void)userdata;
	/* The text is the object's own, only its accessor says const. */
	memcpy(&place, &text, sizeof(place));
	explicit_bzero(place, (size_t)json_object_get_string_len(object));
}

void field_wipe_on_free(struct json_object *text)
{
	json_object_set_userdata(text, NULL, wipe_text);
}

enum kc_status field_new_object(struct json_object **ret_object)
{
	struct json_object *object = json_object_new_object();

	REQUIRE(object, KC_ERR_ALLOCATE, "out of memory");
	*ret_object = object;
	return KC_OK;
}

struct json_object *field_get(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	json_object_object_get_ex(object, name, &value);
	return value;
}

const char *field_text(struct json_object *object, const char *name)
{
	struct json_object *value = field_get(object, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

int64_t field_number(struct json_object *object, const char *name, int64_t fallback)
{
	struct json_object *value = field_get(object, name);

	return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : fallback;
}

bool field_flag(struct json_object *object, const char *name, bool fallback)
{
	struct json_object *value = field_get(object, name);

	if (!json_object_is_type(value, json_type_boolean))
		return fallback;
	return json_object_get_boolean(value) != 0;
}

enum kc_status field_data(struct json_object *object, const char *name, struct bytes *bytes)
{
	const char *text = field_text(object, name);
	enum kc_status status = KC_OK;

	if (!text)
		return KC_OK;
	status = base64_decode(view_of_text(text), bytes);
	return status == KC_ERR_DECODE ? error_remap(KC_ERR_PARAM) : status;
}

enum kc_status field_put(struct json_object *object, const char *name, struct json_object *value)
{
	REQUIRE(value, KC_ERR_ALLOCATE, "out of memory");
	if (json_object_object_add(object, name, value) == 0)
		return KC_OK;
	json_object_put(value);
	return fail(KC_ERR_ALLOCATE, "out of memory");
}

static struct json_object *new_text(const char *text)
{
	struct json_object *value = json_object_new_string(text);

	if (value)
		field_wipe_on_free(value);
	return value;
}

enum kc_status field_put_text(struct json_object *object, const char *name, const char *text)
{
	return text ? field_put(object, name, new_text(text)) : KC_OK;
}

enum kc_status field_put_number(struct json_object *object, const char *name, int64_t number)
{
	return field_put(object, name, json_object_new_int64(number));
}

enum kc_status field_put_flag(struct json_object *object, const char *name, bool flag)
{
	return field_put(object, name, json_object_new_boolean(flag));
}

enum kc_status field_put_data(struct json_object *object, const char *name, struct kc_view data)
{
	char *text = base64_encode(data);
	enum kc_status status = KC_OK;

	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	status = field_put_text(object, name, text);
	explicit_bzero(text, strlen(text));
	free(text);
	return status;
}

enum kc_status field_append(struct json_object *array, struct json_object *value)
{
	REQUIRE(value, KC_ERR_ALLOCATE, "out of memory");
	if (json_object_array_add(array, value) == 0)
		return KC_OK;
	json_object_put(value);
	return fail(KC_ERR_ALLOCATE, "out of memory");
}

enum kc_status field_append_text(struct json_object *array, const char *text)
{
	return field_append(array, new_text(text));
}

enum kc_status field_append_data(struct json_object *array, struct kc_view data)
{
	char *text = base64_encode(data);
	enum kc_status status = KC_OK;

	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	status = field_append_text(array, text);
	explicit_bzero(text, strlen(text));
	free(text);
	return status;
}

bool field_contains(struct json_object *array, struct json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		if (json_object_equal(json_object_array_get_idx(array, i), value))
			return true;
	}
	return false;
}
