/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One dictionary with two others in it becomes two. */
#include "daemon/key_attributes.h"

#include <string.h>

#include "base/try.h"
#include "codec/vocabulary.h"

#define PRIVATE_HALF "private_key_attributes"
#define PUBLIC_HALF  "public_key_attributes"

void key_attributes_done(struct key_attributes *attributes)
{
	field_free(&attributes->private_item);
	field_free(&attributes->public_item);
}

static bool is_in(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* What says how a pair is made, and is no attribute of either half. */
static bool is_of_making(const char *name)
{
	static const char *const names[] = {PRIVATE_HALF, PUBLIC_HALF, "token_id", "token_object",
					    "may_replace"};

	return is_in(name, names, ARRAY_LEN(names));
}

/* Whatever permits a use, or protects it, is the private half's alone. */
static bool names_the_pair(const char *name)
{
	static const char *const names[] = {
		"label",
		"alias",
		"application_tag",
		"application_label",
		"access_group",
		"accessible",
		"synchronizable",
		"key_type",
		"key_creator",
		"start_date",
		"end_date",
		"key_size_in_bits",
		"effective_key_size",
	};

	return is_in(name, names, ARRAY_LEN(names));
}

/* reference/keychain.md 1.2: what is an item's class is said by what makes it. */
static enum kc_status check_name(const char *name, struct json_object *value)
{
	const struct vocabulary_key *key = vocabulary_find_key(name);

	if (!key)
		return KC_OK;
	if (key->kind == VOCABULARY_KIND_CLASS) {
		REQUIRE(json_object_is_type(value, json_type_string) &&
				strcmp(json_object_get_string(value), "key") == 0,
			KC_ERR_PARAM, "\"class\" of a key is \"key\"");
		return KC_OK;
	}
	if (key->kind == VOCABULARY_KIND_USE)
		error_set_hint("\"interaction\" says who may be asked");
	return fail(KC_ERR_PARAM, "\"%s\" is no attribute of a key", name);
}

/* A number is a flag to the engine, and so it is for keys that never get there. */
static enum kc_status put(struct json_object *to, const char *name, struct json_object *value)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	bool is_number = attribute && attribute->type == VOCABULARY_FLAG &&
			 json_object_is_type(value, json_type_int);
	int64_t number = is_number ? json_object_get_int64(value) : -1;

	if (number == 0 || number == 1)
		return field_put_flag(to, name, number == 1);
	return field_put(to, name, json_object_get(value));
}

typedef bool (*wanted_fn)(const char *name);

/* Nothing is as good as null, here as in all parameters. */
static enum kc_status copy(struct json_object *from, wanted_fn is_wanted, struct json_object *to)
{
	if (!from)
		return KC_OK;
	json_object_object_foreach(from, name, value)
	{
		TRY(check_name(name, value));
		if (value && !is_of_making(name) && strcmp(name, "class") != 0 &&
		    (!is_wanted || is_wanted(name)))
			TRY(put(to, name, value));
	}
	return KC_OK;
}

static enum kc_status find_half(struct json_object *attributes, const char *name,
				struct json_object **ret_half)
{
	struct json_object *half = field_get(attributes, name);

	REQUIRE(!half || json_object_is_type(half, json_type_object), KC_ERR_PARAM,
		"\"%s\" must be a dictionary", name);
	*ret_half = half;
	if (!half)
		return KC_OK;
	json_object_object_foreach(half, inner, value)
	{
		(void)value;
		REQUIRE(!is_of_making(inner), KC_ERR_PARAM,
			"\"%s\" stands beside \"%s\", not in it", inner, name);
	}
	return KC_OK;
}

static enum kc_status make_item(struct json_object *attributes, const char *half_name,
				wanted_fn is_wanted, const char *key_class,
				struct json_object **ret_item)
{
	CLEANUP(field_free) struct json_object *item = NULL;
	struct json_object *half = NULL;

	TRY(find_half(attributes, half_name, &half));
	TRY(field_new_object(&item));
	TRY(copy(attributes, is_wanted, item));
	TRY(copy(half, NULL, item));
	TRY(field_put_text(item, "class", "key"));
	if (!field_get(item, "key_class"))
		TRY(field_put_text(item, "key_class", key_class));
	*ret_item = take(item);
	return KC_OK;
}

/* --- what is said of the pair -------------------------------------------------------------- */

static enum kc_status check_type(struct json_object *attributes, const char *name,
				 enum json_type type, const char *type_name)
{
	struct json_object *value = field_get(attributes, name);

	REQUIRE(!value || json_object_is_type(value, type), KC_ERR_PARAM, "\"%s\" must be %s", name,
		type_name);
	return KC_OK;
}

static enum kc_status check_types(struct json_object *attributes)
{
	TRY(check_type(attributes, "key_type", json_type_string, "text"));
	TRY(check_type(attributes, "key_class", json_type_string, "text"));
	TRY(check_type(attributes, "token_id", json_type_string, "text"));
	TRY(check_type(attributes, "token_object", json_type_string, "text"));
	TRY(check_type(attributes, "may_replace", json_type_boolean, "true or false"));
	TRY(check_type(attributes, "is_permanent", json_type_boolean, "true or false"));
	return check_type(attributes, "key_size_in_bits", json_type_int, "a whole number");
}

static enum kc_status is_permanent(struct json_object *item, bool fallback, bool *ret_is_permanent)
{
	TRY(check_type(item, "is_permanent", json_type_boolean, "true or false"));
	*ret_is_permanent = field_flag(item, "is_permanent", fallback);
	return KC_OK;
}

static enum kc_status read_items(struct json_object *attributes,
				 enum key_attributes_purpose purpose, struct key_attributes *read)
{
	wanted_fn is_wanted = purpose == KEY_ATTRIBUTES_OF_A_PAIR ? names_the_pair : NULL;

	TRY(make_item(attributes, PRIVATE_HALF, NULL, "private", &read->private_item));
	TRY(make_item(attributes, PUBLIC_HALF, is_wanted, "public", &read->public_item));
	/* reference/keychain.md 5.4: "default false for software keys (nothing stored), true for
	 * the private key when a token id is given". */
	TRY(is_permanent(read->private_item, read->token_id != NULL, &read->is_private_permanent));
	return is_permanent(read->public_item, false, &read->is_public_permanent);
}

enum kc_status key_attributes_read(struct json_object *attributes,
				   enum key_attributes_purpose purpose,
				   struct key_attributes *ret_attributes)
{
	CLEANUP(key_attributes_done) struct key_attributes read = {.key_type = NULL};

	REQUIRE(!attributes || json_object_is_type(attributes, json_type_object), KC_ERR_PARAM,
		"attributes must be a dictionary");
	TRY(check_types(attributes));
	read.key_type = field_text(attributes, "key_type");
	read.key_class = field_text(attributes, "key_class");
	read.token_id = field_text(attributes, "token_id");
	read.token_object = field_text(attributes, "token_object");
	read.may_replace = field_flag(attributes, "may_replace", false);
	read.size_in_bits = field_number(attributes, "key_size_in_bits", 0);
	REQUIRE(read.token_id || (!read.token_object && !read.may_replace), KC_ERR_PARAM,
		"\"token_object\" and \"may_replace\" are for a token: \"token_id\" names it");
	TRY(read_items(attributes, purpose, &read));
	*ret_attributes = read;
	read = (struct key_attributes){.key_type = NULL};
	return KC_OK;
}
