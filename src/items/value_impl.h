/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_VALUE_IMPL_H
#define ITEMS_VALUE_IMPL_H

/*
 * Attribute values in JSON: checked by type, brought to one form (reference/keychain.md 1.8), and
 * turned into the bytes by which equal values are equal however they were written.
 */

#include "codec/vocabulary.h"
#include "wire/field.h"

enum {
	VALUE_DATA_MAX = 65536, /* of one attribute */
};

/* Is @value of @type, without any conversion? @name is for the message. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status value_check(const char *name, enum vocabulary_type type,
					 struct json_object *value);

/* Append what the base64 @value stands for. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status value_data(const char *name, struct json_object *value,
					struct bytes *bytes);

/*
 * *ret_value is @value in the one form of @attribute's type. A number may be given as a number, as
 * digits or as true and false, a flag as 0 and 1 as well, a date with any offset from UTC.
 * Expected: KC_ERR_PARAM, naming the attribute
 */
KC_MUST_CHECK enum kc_status value_normalize(const struct vocabulary_attribute *attribute,
					     struct json_object *value,
					     struct json_object **ret_value);

/* Append the bytes of a normalized @value. */
KC_MUST_CHECK enum kc_status value_put_bytes(const struct vocabulary_attribute *attribute,
					     struct json_object *value, struct bytes *bytes);

/* Do both normalized values have the same bytes? */
bool value_equal(const struct vocabulary_attribute *attribute, struct json_object *one,
		 struct json_object *other);

#endif
