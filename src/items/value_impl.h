/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_VALUE_IMPL_H
#define ITEMS_VALUE_IMPL_H

/* Attribute values between JSON and the store: checked by type on the way in. */

#include "codec/vocabulary.h"
#include "store/database.h"
#include "wire/field.h"

enum {
	VALUE_DATA_MAX = 65536,
};

/* Is @value of @type? @name is for the message. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status value_check(const char *name, enum vocabulary_type type,
					 struct json_object *value);

/* Append what the base64 @value stands for. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status value_data(const char *name, struct json_object *value,
					struct bytes *bytes);

/* Check @value and bind it. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status value_bind(struct statement *statement, int index,
					const struct vocabulary_attribute *attribute,
					struct json_object *value);

/* Set field @attribute->name of @object from column @index; nothing when that is NULL. */
KC_MUST_CHECK enum kc_status value_put(struct json_object *object,
				       const struct vocabulary_attribute *attribute,
				       struct statement *statement, int index);

/* The stored text of a value of type object: equal objects of ours give equal text. */
const char *value_text_of_object(struct json_object *value);

#endif
