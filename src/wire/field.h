/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_FIELD_H
#define WIRE_FIELD_H

/*
 * Fields of the JSON objects that travel on the wire. Readers treat an absent field and null
 * alike and rely on the IDL check for types: a field of another type reads as absent. Writers
 * never leave half an object: they fail when memory runs out and the object is then dropped.
 */

#include <stdbool.h>

#include <json-c/json.h>

#include "base/bytes.h"

/* CLEANUP(field_free) struct json_object *parameters = NULL; */
void field_free(struct json_object **object);

/*
 * Overwrite this text when it is freed: any string may be a PIN on its way. The writers below and
 * message_parse() see to it for all texts.
 */
void field_wipe_on_free(struct json_object *text);

/* A new, empty object. Expected: KC_ERR_ALLOCATE */
KC_MUST_CHECK enum kc_status field_new_object(struct json_object **ret_object);

/* Borrowed value of field @name; NULL when absent or null. */
struct json_object *field_get(struct json_object *object, const char *name);

/* Borrowed text, NULL when absent. */
const char *field_text(struct json_object *object, const char *name);
int64_t field_number(struct json_object *object, const char *name, int64_t fallback);
bool field_flag(struct json_object *object, const char *name, bool fallback);

/* Append the bytes that the base64 text of @name stands for; nothing when absent.
 * Expected: KC_ERR_PARAM  not base64, or too long for @bytes */
KC_MUST_CHECK enum kc_status field_data(struct json_object *object, const char *name,
					struct bytes *bytes);

/* Set field @name. A NULL text is left out. field_put() takes @value in any case; a NULL one is
 * what json-c gives when memory ran out and fails as KC_ERR_ALLOCATE. */
KC_MUST_CHECK enum kc_status field_put(struct json_object *object, const char *name,
				       struct json_object *value);
KC_MUST_CHECK enum kc_status field_put_text(struct json_object *object, const char *name,
					    const char *text);
KC_MUST_CHECK enum kc_status field_put_number(struct json_object *object, const char *name,
					      int64_t number);
KC_MUST_CHECK enum kc_status field_put_flag(struct json_object *object, const char *name,
					    bool flag);
KC_MUST_CHECK enum kc_status field_put_data(struct json_object *object, const char *name,
					    struct kc_view data);

/* Append to a JSON array; takes @value in any case. */
KC_MUST_CHECK enum kc_status field_append(struct json_object *array, struct json_object *value);
KC_MUST_CHECK enum kc_status field_append_text(struct json_object *array, const char *text);
KC_MUST_CHECK enum kc_status field_append_data(struct json_object *array, struct kc_view data);
/* Is an equal of @value in @array? */
bool field_contains(struct json_object *array, struct json_object *value);

#endif
