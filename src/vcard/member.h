/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_MEMBER_H
#define VCARD_MEMBER_H

/* Members of JSON objects, as the card file has them. */

#include <json-c/json.h>

#include "base/bytes.h"

/*
 * Each reads one member of that type, and nothing else will do.
 * Expected: KC_ERR_DECODE  missing, of another type or out of range
 */
KC_MUST_CHECK enum kc_status member_get(struct json_object *object, const char *name,
					enum json_type type, struct json_object **ret_value);
KC_MUST_CHECK enum kc_status member_get_text(struct json_object *object, const char *name,
					     const char **ret_text);
KC_MUST_CHECK enum kc_status member_get_number(struct json_object *object, const char *name,
					       int64_t max, unsigned *ret_number);
KC_MUST_CHECK enum kc_status member_get_byte(struct json_object *object, const char *name,
					     uint8_t max, uint8_t *ret_byte);

/* Hexadecimal of exactly @len bytes, into @buffer. */
KC_MUST_CHECK enum kc_status member_get_hex(struct json_object *object, const char *name,
					    uint8_t *buffer, size_t len);
KC_MUST_CHECK enum kc_status member_get_tag(struct json_object *object, const char *name,
					    size_t n_bytes, uint32_t *ret_tag);
KC_MUST_CHECK enum kc_status member_get_base64(struct json_object *object, const char *name,
					       struct bytes *bytes);
KC_MUST_CHECK enum kc_status member_get_flag(struct json_object *object, const char *name,
					     bool *ret_flag);

/* Each writes one member. The first two take @value, whatever comes of it. */
KC_MUST_CHECK enum kc_status member_add(struct json_object *object, const char *name,
					struct json_object *value);
KC_MUST_CHECK enum kc_status member_append(struct json_object *array, struct json_object *value);
KC_MUST_CHECK enum kc_status member_add_text(struct json_object *object, const char *name,
					     const char *text);
KC_MUST_CHECK enum kc_status member_add_number(struct json_object *object, const char *name,
					       int64_t number);
KC_MUST_CHECK enum kc_status member_add_hex(struct json_object *object, const char *name,
					    struct kc_view view);
KC_MUST_CHECK enum kc_status member_add_base64(struct json_object *object, const char *name,
					       struct kc_view view);

/* A number of @n_bytes bytes as hexadecimal, as people write slots and tags. */
KC_MUST_CHECK enum kc_status member_add_tag(struct json_object *object, const char *name,
					    uint32_t tag, size_t n_bytes);
KC_MUST_CHECK enum kc_status member_add_flag(struct json_object *object, const char *name,
					     bool flag);

#endif
