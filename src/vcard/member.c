/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of JSON objects, for the card file: read strictly, written with their memory accounted.
 */
#include "vcard/member.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/hex.h"

static void wipe_textp(char **text)
{
	if (*text)
		OPENSSL_cleanse(*text, strlen(*text));
	free(*text);
}

enum kc_status member_get(struct json_object *object, const char *name, enum json_type type,
			  struct json_object **ret_value)
{
	struct json_object *value = NULL;

	REQUIRE(json_object_is_type(object, json_type_object) &&
			json_object_object_get_ex(object, name, &value) &&
			json_object_is_type(value, type),
		KC_ERR_DECODE, "\"%s\" is missing or of another type", name);
	*ret_value = value;
	return KC_OK;
}

enum kc_status member_get_text(struct json_object *object, const char *name, const char **ret_text)
{
	struct json_object *value = NULL;

	TRY(member_get(object, name, json_type_string, &value));
	*ret_text = json_object_get_string(value);
	return KC_OK;
}

enum kc_status member_get_number(struct json_object *object, const char *name, int64_t max,
				 unsigned *ret_number)
{
	struct json_object *value = NULL;
	int64_t number = 0;

	TRY(member_get(object, name, json_type_int, &value));
	number = json_object_get_int64(value);
	REQUIRE(number >= 0 && number <= max, KC_ERR_DECODE, "\"%s\" is out of range", name);
	*ret_number = (unsigned)number;
	return KC_OK;
}

enum kc_status member_get_byte(struct json_object *object, const char *name, uint8_t max,
			       uint8_t *ret_byte)
{
	unsigned number = 0;

	TRY(member_get_number(object, name, max, &number));
	*ret_byte = (uint8_t)number;
	return KC_OK;
}

enum kc_status member_get_hex(struct json_object *object, const char *name, uint8_t *buffer,
			      size_t len)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(len);
	const char *text = NULL;

	TRY(member_get_text(object, name, &text));
	REQUIRE(hex_decode(text, &bytes) == KC_OK && bytes.len == len, KC_ERR_DECODE,
		"\"%s\" is not %zu bytes in hexadecimal", name, len);
	memcpy(buffer, bytes.data, len);
	return KC_OK;
}

enum kc_status member_get_tag(struct json_object *object, const char *name, size_t n_bytes,
			      uint32_t *ret_tag)
{
	uint8_t octets[3] = {0};

	TRY(member_get_hex(object, name, octets + sizeof(octets) - n_bytes, n_bytes));
	*ret_tag = (uint32_t)octets[0] << 16 | (uint32_t)octets[1] << 8 | octets[2];
	return KC_OK;
}

enum kc_status member_get_base64(struct json_object *object, const char *name, struct bytes *bytes)
{
	struct json_object *value = NULL;

	TRY(member_get(object, name, json_type_string, &value));
	REQUIRE(base64_decode(view_of(json_object_get_string(value),
				      (size_t)json_object_get_string_len(value)),
			      bytes) == KC_OK,
		KC_ERR_DECODE, "\"%s\" is not base64 or too long", name);
	return KC_OK;
}

enum kc_status member_get_flag(struct json_object *object, const char *name, bool *ret_flag)
{
	struct json_object *value = NULL;

	TRY(member_get(object, name, json_type_boolean, &value));
	*ret_flag = json_object_get_boolean(value);
	return KC_OK;
}

enum kc_status member_add(struct json_object *object, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(object, name, value) == 0)
		return KC_OK;
	json_object_put(value);
	return fail(KC_ERR_ALLOCATE, "out of memory");
}

enum kc_status member_append(struct json_object *array, struct json_object *value)
{
	if (value && json_object_array_add(array, value) == 0)
		return KC_OK;
	json_object_put(value);
	return fail(KC_ERR_ALLOCATE, "out of memory");
}

enum kc_status member_add_text(struct json_object *object, const char *name, const char *text)
{
	return member_add(object, name, text ? json_object_new_string(text) : NULL);
}

enum kc_status member_add_number(struct json_object *object, const char *name, int64_t number)
{
	return member_add(object, name, json_object_new_int64(number));
}

enum kc_status member_add_hex(struct json_object *object, const char *name, struct kc_view view)
{
	CLEANUP(wipe_textp) char *text = hex_encode(view, HEX_LOWER);

	return member_add_text(object, name, text);
}

enum kc_status member_add_base64(struct json_object *object, const char *name, struct kc_view view)
{
	CLEANUP(wipe_textp) char *text = base64_encode(view);

	return member_add_text(object, name, text);
}

enum kc_status member_add_tag(struct json_object *object, const char *name, uint32_t tag,
			      size_t n_bytes)
{
	const uint8_t octets[] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 8), (uint8_t)tag};

	return member_add_hex(object, name, view_of(octets + sizeof(octets) - n_bytes, n_bytes));
}

enum kc_status member_add_flag(struct json_object *object, const char *name, bool flag)
{
	return member_add(object, name, json_object_new_boolean(flag));
}
