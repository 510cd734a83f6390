/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shape of a result. The wire always gives objects; which parts of them the application sees,
 * bare or in an array, follows from what it asked (reference/keychain.md 2.2).
 */
#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/item_impl.h"
#include "client/typed_impl.h"

/* --- what was asked for -------------------------------------------------------------------- */

/* Flags may be given as numbers, as Apple's may. */
static bool asks_for(const struct kc_dictionary *query, const char *name)
{
	return kc_dictionary_flag(query, name, false) || kc_dictionary_number(query, name, 0) != 0;
}

struct item_shape item_shape_of(const struct kc_dictionary *query)
{
	static const char *const values[][2] = {
		{KC_RETURN_DATA, KC_VALUE_DATA},
		{KC_RETURN_REF, KC_VALUE_REF},
		{KC_RETURN_PERSISTENT_REF, KC_VALUE_PERSISTENT_REF},
	};
	const char *limit = kc_dictionary_text(query, KC_MATCH_LIMIT);
	struct item_shape shape = {.n_kinds = 0};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (asks_for(query, values[i][0])) {
			shape.only = values[i][1];
			shape.n_kinds++;
		}
	if (asks_for(query, KC_RETURN_ATTRIBUTES))
		shape.n_kinds++;
	if (shape.n_kinds != 1 || asks_for(query, KC_RETURN_ATTRIBUTES))
		shape.only = NULL;
	if (limit)
		shape.is_bare = strcmp(limit, KC_MATCH_LIMIT_ONE) == 0;
	else
		shape.is_bare = kc_dictionary_number(query, KC_MATCH_LIMIT, 1) == 1;
	return shape;
}

/* --- the result ---------------------------------------------------------------------------- */

/* One kind alone is its data, empty when the item has none. */
static enum kc_status reduce(struct kc_dictionary *item, const char *name,
			     struct kc_value **ret_value)
{
	CLEANUP(typed_freep) struct kc_value *value = dictionary_take(item, name);

	if (!value)
		return typed_from_literal(KC_DATA(view_of(NULL, 0)), 0, ret_value);
	*ret_value = take(value);
	return KC_OK;
}

enum kc_status item_shape_one(const struct item_shape *shape, struct json_object *json,
			      struct kc_value **ret_value)
{
	CLEANUP(typed_freep) struct kc_value *item = NULL;

	TRY(convert_from_json(NULL, json, &item));
	REQUIRE(item->type == KC_TYPE_DICTIONARY, KC_ERR_INTERNAL,
		"the daemon answered with an item that is no object");
	if (shape->only)
		return reduce(item->dictionary, shape->only, ret_value);
	*ret_value = take(item);
	return KC_OK;
}

enum kc_status item_shape_append(const struct item_shape *shape, struct json_object *items,
				 struct kc_value *array)
{
	size_t n =
		json_object_is_type(items, json_type_array) ? json_object_array_length(items) : 0;

	for (size_t i = 0; i < n; i++) {
		struct kc_value *item = NULL;

		TRY(item_shape_one(shape, json_object_array_get_idx(items, i), &item));
		TRY(typed_append(array, item));
	}
	return KC_OK;
}

enum kc_status item_shape_result(const struct item_shape *shape, struct json_object *items,
				 struct kc_value **ret_result)
{
	CLEANUP(typed_freep) struct kc_value *array = NULL;
	size_t n =
		json_object_is_type(items, json_type_array) ? json_object_array_length(items) : 0;

	REQUIRE(n > 0, KC_ERR_ITEM_NOT_FOUND, "no item matches");
	if (shape->is_bare)
		return item_shape_one(shape, json_object_array_get_idx(items, 0), ret_result);
	TRY(typed_new_empty(KC_TYPE_ARRAY, &array));
	TRY(item_shape_append(shape, items, array));
	*ret_result = take(array);
	return KC_OK;
}
