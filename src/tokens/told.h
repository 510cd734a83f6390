/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_TOLD_H
#define TOKENS_TOLD_H

/* Objects of org.keycask.Driver as a driver tells of them, in the array "objects". */

#include <stdbool.h>

#include "wire/field.h"

/* NULL: it does not tell of such an object. NULL for @objects is none at all. Borrowed. */
struct json_object *told_find(struct json_object *objects, const char *kind, const char *object_id);

/* Both have the text @name, and it is the same. */
bool told_is_text_equal(struct json_object *one, struct json_object *other, const char *name);

/*
 * What an object is known by, and a place is not: {data} of a certificate, {public_key} of a key,
 * {data} of its certificate, or both. NULL: there is no such object.
 */
KC_MUST_CHECK enum kc_status told_identify(struct json_object *objects, const char *kind,
					   const char *object_id,
					   struct json_object **ret_identity);

#endif
