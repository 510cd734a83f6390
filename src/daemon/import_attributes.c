/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wished for all items of a file goes to each as far as its class has it.
 */
#include "daemon/import_attributes.h"

#include <string.h>

#include "base/try.h"
#include "codec/vocabulary.h"
#include "wire/field.h"

static enum kc_status check_name(const char *name)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	const char *nearest = NULL;

	REQUIRE(!vocabulary_find_key(name), KC_ERR_PARAM,
		"\"%.64s\" is no attribute that an imported item could have", name);
	if (attribute && (vocabulary_has(attribute, VOCABULARY_KEY) ||
			  vocabulary_has(attribute, VOCABULARY_CERTIFICATE)))
		return KC_OK;
	nearest = vocabulary_nearest(name, VOCABULARY_IDENTITY);
	if (nearest)
		error_set_hint("did you mean \"%s\"?", nearest);
	return fail(KC_ERR_NO_SUCH_ATTR,
		    "neither keys nor certificates have an attribute \"%.64s\"", name);
}

enum kc_status import_attributes_check(struct json_object *attributes)
{
	struct json_object_iterator at;
	struct json_object_iterator end;

	if (!attributes)
		return KC_OK;
	REQUIRE(json_object_is_type(attributes, json_type_object), KC_ERR_PARAM,
		"\"attributes\" must be an object");
	at = json_object_iter_begin(attributes);
	end = json_object_iter_end(attributes);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		TRY(check_name(json_object_iter_peek_name(&at)));
	return KC_OK;
}

/* A chain's certificates are not called what the person calls the key. */
static bool is_for_the_main_only(const char *name)
{
	return strcmp(name, "label") == 0 || strcmp(name, "access_control") == 0;
}

static bool fits(const char *name, enum vocabulary_class item_class, bool is_main)
{
	return vocabulary_has(vocabulary_find(name), item_class) &&
	       (is_main || !is_for_the_main_only(name));
}

static enum kc_status copy_attributes(struct json_object *attributes,
				      enum vocabulary_class item_class, bool is_main,
				      struct json_object *dictionary)
{
	json_object_object_foreach(attributes, name, value)
	{
		/* null too: what it means is the engine's to say */
		if (fits(name, item_class, is_main))
			REQUIRE(json_object_object_add(dictionary, name, json_object_get(value)) ==
					0,
				KC_ERR_ALLOCATE, "out of memory");
	}
	return KC_OK;
}

enum kc_status import_attributes_dictionary(struct json_object *attributes, const char *class_name,
					    bool is_main, struct json_object **ret_dictionary)
{
	CLEANUP(field_free) struct json_object *dictionary = NULL;
	enum vocabulary_class item_class = VOCABULARY_IDENTITY;

	if (!vocabulary_find_class(class_name, &item_class))
		return fail(KC_ERR_INTERNAL, "no class %s", class_name);
	TRY(field_new_object(&dictionary));
	TRY(field_put_text(dictionary, "class", class_name));
	TRY(field_put_flag(dictionary, "return_attributes", true));
	TRY(field_put_flag(dictionary, "return_persistent_ref", true));
	if (attributes)
		TRY(copy_attributes(attributes, item_class, is_main, dictionary));
	*ret_dictionary = take(dictionary);
	return KC_OK;
}
