/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_CONVERT_H
#define CLIENT_CONVERT_H

/*
 * Between values and JSON. JSON has no bytes and no dates: what a text stands for follows from its
 * name, by the table in codec/vocabulary.h.
 */

#include <keycask/dictionary.h>

#include "wire/field.h"

/* Expected: KC_ERR_PARAM  a text that is not what @name wants; @name NULL: any text */
KC_MUST_CHECK enum kc_status convert_from_json(const char *name, struct json_object *json,
					       struct kc_value **ret_value);
/* @json is an object. */
KC_MUST_CHECK enum kc_status convert_dictionary_from_json(struct json_object *json,
							  struct kc_dictionary **ret_dictionary);

/* *ret_json is NULL for a null value: json-c's way. */
KC_MUST_CHECK enum kc_status convert_to_json(const struct kc_value *value,
					     struct json_object **ret_json);
KC_MUST_CHECK enum kc_status convert_dictionary_to_json(const struct kc_dictionary *dictionary,
							struct json_object **ret_json);

#endif
