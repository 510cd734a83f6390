/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a card file, strictly: its format stands in card_json.h. */
#include "vcard/card_json.h"

#include <json-c/json.h>

#include "base/try.h"
#include "codec/hex.h"
#include "vcard/key_material.h"

enum {
	DEPTH_MAX = 8,
	TRIES_MAX = 255,
};

static void json_freep(struct json_object **object)
{
	json_object_put(*object);
}

static void tokener_freep(struct json_tokener **tokener)
{
	json_tokener_free(*tokener);
}

static enum kc_status get(struct json_object *object, const char *name, enum json_type type,
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

static enum kc_status get_text(struct json_object *object, const char *name, const char **ret_text)
{
	struct json_object *value = NULL;

	TRY(get(object, name, json_type_string, &value));
	*ret_text = json_object_get_string(value);
	return KC_OK;
}

static enum kc_status get_number(struct json_object *object, const char *name, int64_t max,
				 unsigned *ret_number)
{
	struct json_object *value = NULL;
	int64_t number = 0;

	TRY(get(object, name, json_type_int, &value));
	number = json_object_get_int64(value);
	REQUIRE(number >= 0 && number <= max, KC_ERR_DECODE, "\"%s\" is out of range", name);
	*ret_number = (unsigned)number;
	return KC_OK;
}

static enum kc_status get_byte(struct json_object *object, const char *name, uint8_t max,
			       uint8_t *ret_byte)
{
	unsigned number = 0;

	TRY(get_number(object, name, max, &number));
	*ret_byte = (uint8_t)number;
	return KC_OK;
}

/* Hexadecimal of exactly @len bytes, into @buffer. */
static enum kc_status get_hex(struct json_object *object, const char *name, uint8_t *buffer,
			      size_t len)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(len);
	const char *text = NULL;

	TRY(get_text(object, name, &text));
	REQUIRE(hex_decode(text, &bytes) == KC_OK && bytes.len == len, KC_ERR_DECODE,
		"\"%s\" is not %zu bytes in hexadecimal", name, len);
	memcpy(buffer, bytes.data, len);
	return KC_OK;
}

static enum kc_status get_tag(struct json_object *object, const char *name, size_t n_bytes,
			      uint32_t *ret_tag)
{
	uint8_t octets[3] = {0};

	TRY(get_hex(object, name, octets + sizeof(octets) - n_bytes, n_bytes));
	*ret_tag = (uint32_t)octets[0] << 16 | (uint32_t)octets[1] << 8 | octets[2];
	return KC_OK;
}

static enum kc_status get_base64(struct json_object *object, const char *name, struct bytes *bytes)
{
	struct json_object *value = NULL;

	TRY(get(object, name, json_type_string, &value));
	REQUIRE(base64_decode(view_of(json_object_get_string(value),
				      (size_t)json_object_get_string_len(value)),
			      bytes) == KC_OK,
		KC_ERR_DECODE, "\"%s\" is not base64 or too long", name);
	return KC_OK;
}

static enum kc_status read_pin(struct json_object *root, const char *name, struct card_pin *pin)
{
	struct json_object *object = NULL;

	TRY(get(root, name, json_type_object, &object));
	TRY(get_hex(object, "value", pin->value, sizeof(pin->value)));
	TRY(get_number(object, "tries_max", TRIES_MAX, &pin->tries_max));
	return get_number(object, "tries_left", pin->tries_max, &pin->tries_left);
}

static enum kc_status read_management_key(struct json_object *root,
					  struct card_management_key *management)
{
	struct json_object *object = NULL;
	const char *name = NULL;

	TRY(get(root, "management_key", json_type_object, &object));
	TRY(get_text(object, "algorithm", &name));
	management->cipher = piv_cipher_named(name);
	REQUIRE(management->cipher, KC_ERR_DECODE, "no management key algorithm is called so");
	TRY(get_byte(object, "touch_policy", PIV_TOUCH_CACHED, &management->touch_policy));
	return get_hex(object, "value", management->value, management->cipher->key_bytes);
}

static enum kc_status read_manner(struct json_object *root, struct card_manner *manner)
{
	struct json_object *object = NULL;
	struct json_object *is_strict = NULL;
	const char *usage = NULL;

	TRY(get(root, "manner", json_type_object, &object));
	TRY(get_text(object, "pin_usage", &usage));
	REQUIRE(piv_pin_usage_named(usage, &manner->pin_usage), KC_ERR_DECODE,
		"no usage of PINs is called so");
	TRY(get(object, "is_strict", json_type_boolean, &is_strict));
	manner->is_strict = json_object_get_boolean(is_strict);
	return get_number(object, "extended_max", CARD_EXTENDED_MAX, &manner->extended_max);
}

/* What files of the first version lack. */
static enum kc_status read_later_members(struct json_object *root, struct card_state *state)
{
	if (!json_object_object_get_ex(root, "manner", NULL)) {
		state->manner.extended_max = CARD_EXTENDED_MAX;
		return card_state_set_pin(&state->global_pin, CARD_DEFAULT_GLOBAL_PIN);
	}
	TRY(read_manner(root, &state->manner));
	return read_pin(root, "global_pin", &state->global_pin);
}

static enum kc_status read_key_policies(struct json_object *object, struct card_key *key)
{
	const char *policy = NULL;

	TRY(get_text(object, "pin_policy", &policy));
	key->pin_policy = piv_pin_policy_named(policy);
	REQUIRE(key->pin_policy, KC_ERR_DECODE, "no PIN policy is called so");
	TRY(get_byte(object, "touch_policy", PIV_TOUCH_CACHED, &key->touch_policy));
	TRY(get_byte(object, "origin", PIV_IMPORTED, &key->origin));
	REQUIRE(key->origin >= PIV_GENERATED, KC_ERR_DECODE, "\"origin\" is out of range");
	return KC_OK;
}

static enum kc_status read_key(struct json_object *object, struct card_state *state)
{
	CLEANUP(bytes_done) struct bytes pkcs8 = BYTES_INIT(CARD_JSON_PKCS8_MAX);
	struct card_key key = {0};
	const char *algorithm = NULL;
	uint32_t slot = 0;

	TRY(get_tag(object, "slot", 1, &slot));
	REQUIRE(piv_slot_find(slot), KC_ERR_DECODE, "%02X is no key slot", slot);
	REQUIRE(!card_state_find_key(state, slot)->pkey, KC_ERR_DECODE, "slot %02X is there twice",
		slot);
	TRY(get_text(object, "algorithm", &algorithm));
	key.algorithm = piv_algorithm_named(algorithm);
	REQUIRE(key.algorithm, KC_ERR_DECODE, "no key algorithm is called so");
	TRY(read_key_policies(object, &key));
	TRY(get_base64(object, "private_key", &pkcs8));
	REQUIRE(key_material_from_pkcs8(key.algorithm->type, bytes_view(&pkcs8), &key.pkey) ==
			KC_OK,
		KC_ERR_DECODE, "the private key in slot %02X is not sound", slot);
	card_state_put_key(state, slot, &key);
	return KC_OK;
}

static enum kc_status read_object(struct json_object *object, struct card_state *state)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(CARD_OBJECT_MAX);
	uint32_t tag = 0;

	TRY(get_tag(object, "tag", 3, &tag));
	TRY(get_base64(object, "value", &value));
	REQUIRE(tag >= PIV_OBJECT_FIRST && tag <= PIV_OBJECT_LAST && value.len > 0, KC_ERR_DECODE,
		"no object can have tag %X and %zu bytes", tag, value.len);
	return card_state_put_object(state, tag, bytes_view(&value));
}

static enum kc_status read_array(struct json_object *root, const char *name,
				 enum kc_status (*read)(struct json_object *, struct card_state *),
				 struct card_state *state)
{
	struct json_object *array = NULL;

	TRY(get(root, name, json_type_array, &array));
	for (size_t i = 0; i < json_object_array_length(array); i++)
		TRY(read(json_object_array_get_idx(array, i), state));
	return KC_OK;
}

static enum kc_status read_card(struct json_object *root, struct card_state *state)
{
	TRY(get_number(root, "serial", UINT32_MAX, &state->serial));
	TRY(read_pin(root, "pin", &state->pin));
	TRY(read_pin(root, "puk", &state->puk));
	TRY(read_management_key(root, &state->management));
	TRY(read_array(root, "keys", read_key, state));
	TRY(read_array(root, "objects", read_object, state));
	return read_later_members(root, state);
}

static enum kc_status parse(struct kc_view text, struct json_object **ret_root)
{
	CLEANUP(tokener_freep) struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	CLEANUP(json_freep) struct json_object *root = NULL;

	REQUIRE(tokener, KC_ERR_ALLOCATE, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, (const char *)text.data, (int)text.len);
	REQUIRE(json_tokener_get_error(tokener) == json_tokener_success, KC_ERR_DECODE,
		"it is not whole JSON");
	*ret_root = take(root);
	return KC_OK;
}

enum kc_status card_json_read(struct kc_view text, struct card_state *ret_state)
{
	CLEANUP(json_freep) struct json_object *root = NULL;
	CLEANUP(card_state_done) struct card_state state = {0};
	const char *format = NULL;
	unsigned version = 0;

	TRY(parse(text, &root));
	REQUIRE(get_text(root, "format", &format) == KC_OK && strcmp(format, CARD_JSON_FORMAT) == 0,
		KC_ERR_PARAM, "it is not a card of keycask");
	TRY(get_number(root, "version", INT32_MAX, &version));
	REQUIRE(version == CARD_JSON_VERSION, KC_ERR_PARAM, "its format %u is not known here",
		version);
	TRY(read_card(root, &state));
	*ret_state = state;
	memset(&state, 0, sizeof(state));
	return KC_OK;
}
