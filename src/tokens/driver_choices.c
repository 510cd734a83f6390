/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* drivers.json: read strictly, since a misspelt name would leave a driver on that shall be off. */
#include "tokens/driver_choices.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "sys/file.h"
#include "sys/paths.h"
#include "wire/message.h"

enum {
	CHOICES_BYTES_MAX = 64 * 1024,
};

void driver_choices_done(struct driver_choices *choices)
{
	field_free(&choices->object);
}

static enum kc_status check_names(struct json_object *names, const char *path, const char *key)
{
	REQUIRE(strcmp(key, "disabled") == 0 || strcmp(key, "order") == 0, KC_ERR_DECODE,
		"%.120s: unknown key \"%.40s\", there are \"disabled\" and \"order\"", path, key);
	REQUIRE(json_object_is_type(names, json_type_array), KC_ERR_DECODE,
		"%.120s: \"%s\" must be a list of class IDs", path, key);
	for (size_t i = 0; i < json_object_array_length(names); i++)
		REQUIRE(json_object_is_type(json_object_array_get_idx(names, i), json_type_string),
			KC_ERR_DECODE, "%.120s: \"%s\" must be a list of class IDs", path, key);
	return KC_OK;
}

static enum kc_status parse(struct kc_view text, const char *path, struct json_object **ret_object)
{
	char why[ERROR_MESSAGE_MAX];

	if (message_parse(text, ret_object) == KC_OK)
		return KC_OK;
	(void)snprintf(why, sizeof(why), "%s", error_get()->message);
	error_clear();
	return fail(KC_ERR_DECODE, "%.120s: %.120s", path, why);
}

static enum kc_status read_choices(const char *path, struct json_object **ret_object)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(CHOICES_BYTES_MAX);
	CLEANUP(field_free) struct json_object *object = NULL;

	TRY(file_read(path, &text));
	TRY(parse(bytes_view(&text), path, &object));
	json_object_object_foreach(object, key, value) TRY(check_names(value, path, key));
	*ret_object = take(object);
	return KC_OK;
}

enum kc_status driver_choices_load(const char *path, struct driver_choices *ret_choices)
{
	struct json_object *object = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = read_choices(path, &object);
	if (status == KC_ERR_ITEM_NOT_FOUND)
		error_clear();
	else
		TRY(status);
	*ret_choices = (struct driver_choices){.object = object};
	return KC_OK;
}

/* Where @name stands in the list @key; the list's length when it does not. */
static size_t place_in(struct json_object *object, const char *key, const char *name)
{
	struct json_object *names = object ? field_get(object, key) : NULL;
	size_t n = names ? json_object_array_length(names) : 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(names, i)), name) == 0)
			return i;
	}
	return n;
}

static size_t length_of(struct json_object *object, const char *key)
{
	struct json_object *names = object ? field_get(object, key) : NULL;

	return names ? json_object_array_length(names) : 0;
}

bool driver_choices_has_disabled(const struct driver_choices *choices, const char *class_id)
{
	return place_in(choices->object, "disabled", class_id) <
	       length_of(choices->object, "disabled");
}

size_t driver_choices_place(const struct driver_choices *choices, const char *class_id)
{
	return place_in(choices->object, "order", class_id);
}

/* The list of disabled drivers without @class_id, or with it at the end. */
static enum kc_status make_disabled(struct json_object *object, const char *class_id,
				    bool is_enabled, struct json_object **ret_names)
{
	CLEANUP(field_free) struct json_object *names = json_object_new_array();

	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < length_of(object, "disabled"); i++) {
		const char *name = json_object_get_string(
			json_object_array_get_idx(field_get(object, "disabled"), i));

		if (strcmp(name, class_id) != 0)
			TRY(field_append_text(names, name));
	}
	if (!is_enabled)
		TRY(field_append_text(names, class_id));
	*ret_names = take(names);
	return KC_OK;
}

static enum kc_status write_choices(const char *path, struct json_object *object)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(CHOICES_BYTES_MAX);
	char folder[PATHS_MAX];

	TRY(message_put(&text, object));
	text.data[text.len - 1] = '\n'; /* instead of the message's NUL */
	TRY(paths_parent(path, folder, sizeof(folder)));
	TRY(paths_make_folder(folder));
	return file_replace(path, bytes_view(&text));
}

enum kc_status driver_choices_enable(const char *path, const char *class_id, bool is_enabled)
{
	CLEANUP(driver_choices_done) struct driver_choices choices = {NULL};
	struct json_object *names = NULL;

	TRY(driver_choices_load(path, &choices));
	if (!choices.object)
		TRY(field_new_object(&choices.object));
	TRY(make_disabled(choices.object, class_id, is_enabled, &names));
	TRY(field_put(choices.object, "disabled", names));
	return write_choices(path, choices.object);
}
