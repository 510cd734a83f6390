/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_ITEM_IMPL_H
#define CLIENT_ITEM_IMPL_H

/* What goes out with the four verbs and what comes back, apart from the calls so that tests reach
 * it. */

#include <keycask/dictionary.h>

#include "wire/field.h"

/* Expected: KC_ERR_PARAM  a value that its name cannot stand for on the wire */
KC_MUST_CHECK enum kc_status item_dictionary_to_json(const struct kc_dictionary *dictionary,
						     struct json_object **ret_json);

struct item_shape {
	int n_kinds;	  /* of data, attributes, references; 0: nothing is returned */
	const char *only; /* the one value that stands for each item; NULL: a dictionary does */
	bool is_bare;	  /* the limit is exactly one: no array around it */
};

struct item_shape item_shape_of(const struct kc_dictionary *query);

/* One item, bare. */
KC_MUST_CHECK enum kc_status item_shape_one(const struct item_shape *shape,
					    struct json_object *json, struct kc_value **ret_value);

/* Expected: KC_ERR_ITEM_NOT_FOUND  @items is empty */
KC_MUST_CHECK enum kc_status item_shape_result(const struct item_shape *shape,
					       struct json_object *items,
					       struct kc_value **ret_result);

/* Append more @items to a result that is an array. */
KC_MUST_CHECK enum kc_status item_shape_append(const struct item_shape *shape,
					       struct json_object *items, struct kc_value *array);

#endif
