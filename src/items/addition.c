/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is legal in an add (reference/keychain.md 2.7) and in the changes of an update (2.9, 1.9):
 * attributes of the class, and little else.
 */
#include "items/addition_impl.h"

#include <string.h>

#include "base/try.h"
#include "items/group_impl.h"
#include "items/value_impl.h"

void addition_done(struct addition *addition)
{
	field_free(&addition->attributes);
}

static enum kc_status add_attribute(struct addition *addition, const char *name,
				    struct json_object *value)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	struct json_object *normalized = NULL;

	if (!attribute || !vocabulary_has(attribute, addition->item_class))
		return query_fail_unknown(addition->item_class, name);
	TRY(value_normalize(attribute, value, &normalized));
	return field_put(addition->attributes, name, normalized);
}

/* reference/keychain.md 2.5; a value_ref that stands for content has become content before. */
static enum kc_status read_value(const struct vocabulary_key *key, struct json_object *value)
{
	REQUIRE(strcmp(key->name, "value_data") == 0, KC_ERR_PARAM,
		"\"%s\" names an item that is there already", key->name);
	return value_check(key->name, key->type, value);
}

static enum kc_status read_add_key(struct addition *addition, const struct vocabulary_key *key,
				   struct json_object *value)
{
	switch (key->kind) {
	case VOCABULARY_KIND_MATCH:
		return fail(KC_ERR_PARAM, "\"%s\" searches, and an add does not", key->name);
	case VOCABULARY_KIND_RETURN:
		return query_read_return(key->name, value, &addition->wants);
	case VOCABULARY_KIND_VALUE:
		return read_value(key, value);
	case VOCABULARY_KIND_USE:
		TRY(query_read_use(key, value, &addition->ui));
		REQUIRE(addition->ui != QUERY_UI_SKIP, KC_ERR_PARAM,
			"\"use_authentication_ui\" cannot be \"skip\" in an add");
		return KC_OK;
	case VOCABULARY_KIND_CLASS:
		break;
	}
	return KC_OK;
}

static enum kc_status read_add_entry(struct addition *addition, const char *name,
				     struct json_object *value)
{
	const struct vocabulary_key *key = vocabulary_find_key(name);

	return key ? read_add_key(addition, key, value) : add_attribute(addition, name, value);
}

/*
 * reference/keychain.md 1.9: in the changes every key is taken for an attribute, but for the value
 * itself; 2.9: a reference there is wrong.
 */
static enum kc_status read_change(struct addition *addition, const char *name,
				  struct json_object *value)
{
	const struct vocabulary_key *key = vocabulary_find_key(name);

	if (vocabulary_find(name) || (!key && !query_looks_like_key(name)))
		return add_attribute(addition, name, value);
	REQUIRE(key && key->kind == VOCABULARY_KIND_VALUE &&
			strcmp(name, "value_persistent_ref") != 0,
		KC_ERR_NO_SUCH_ATTR, "\"%.64s\" is no attribute that could be changed", name);
	return read_value(key, value);
}

typedef enum kc_status (*read_fn)(struct addition *addition, const char *name,
				  struct json_object *value);

static enum kc_status read_all(struct addition *addition, struct json_object *dictionary,
			       read_fn read)
{
	struct json_object_iterator at = json_object_iter_begin(dictionary);
	struct json_object_iterator end = json_object_iter_end(dictionary);

	TRY(field_new_object(&addition->attributes));
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		TRY(read(addition, json_object_iter_peek_name(&at),
			 json_object_iter_peek_value(&at)));
	return KC_OK;
}

/* reference/keychain.md 3.4 would make it on the token. */
static enum kc_status check_token(const struct addition *addition)
{
	if (!field_get(addition->attributes, "token_id"))
		return KC_OK;
	group_hint_tokens();
	return fail(KC_ERR_UNIMPLEMENTED, "items cannot be added to a token");
}

enum kc_status addition_init(struct addition *addition, struct json_object *dictionary)
{
	struct json_object *class_name = NULL;

	*addition = (struct addition){.ui = QUERY_UI_ALLOW};
	TRY(query_check_object(dictionary, "an item"));
	class_name = field_get(dictionary, "class");
	REQUIRE(class_name, KC_ERR_PARAM, "an item needs a \"class\"");
	TRY(query_read_class(class_name, &addition->item_class));
	TRY(read_all(addition, dictionary, read_add_entry));
	return check_token(addition);
}

enum kc_status addition_init_changes(struct addition *addition, enum vocabulary_class item_class,
				     struct json_object *changes)
{
	*addition = (struct addition){.item_class = item_class};
	TRY(query_check_object(changes, "what changes"));
	TRY(read_all(addition, changes, read_change));
	REQUIRE(!field_get(addition->attributes, "token_id"), KC_ERR_PARAM,
		"\"token_id\" of an item does not change");
	return KC_OK;
}
