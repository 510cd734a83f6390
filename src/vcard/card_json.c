/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a card file, strictly: its format stands in card_json.h. */
#include "vcard/card_json.h"

#include <json-c/json.h>

#include "base/try.h"
#include "vcard/key_material.h"
#include "vcard/member.h"
#include "vcard/openpgp_json.h"

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

static enum kc_status read_pin(struct json_object *root, const char *name, struct card_pin *pin)
{
	struct json_object *object = NULL;

	TRY(member_get(root, name, json_type_object, &object));
	TRY(member_get_hex(object, "value", pin->value, sizeof(pin->value)));
	TRY(member_get_number(object, "tries_max", TRIES_MAX, &pin->tries_max));
	return member_get_number(object, "tries_left", pin->tries_max, &pin->tries_left);
}

static enum kc_status read_management_key(struct json_object *root,
					  struct card_management_key *management)
{
	struct json_object *object = NULL;
	const char *name = NULL;

	TRY(member_get(root, "management_key", json_type_object, &object));
	TRY(member_get_text(object, "algorithm", &name));
	management->cipher = piv_cipher_named(name);
	REQUIRE(management->cipher, KC_ERR_DECODE, "no management key algorithm is called so");
	TRY(member_get_byte(object, "touch_policy", PIV_TOUCH_CACHED, &management->touch_policy));
	return member_get_hex(object, "value", management->value, management->cipher->key_bytes);
}

static enum kc_status read_manner(struct json_object *root, struct card_manner *manner)
{
	struct json_object *object = NULL;
	const char *usage = NULL;

	TRY(member_get(root, "manner", json_type_object, &object));
	TRY(member_get_text(object, "pin_usage", &usage));
	REQUIRE(piv_pin_usage_named(usage, &manner->pin_usage), KC_ERR_DECODE,
		"no usage of PINs is called so");
	TRY(member_get_flag(object, "is_strict", &manner->is_strict));
	TRY(member_get_flag(object, "hides_extended", &manner->hides_extended));
	if (json_object_object_get_ex(object, "moves_keys", NULL))
		TRY(member_get_flag(object, "moves_keys", &manner->moves_keys));
	return member_get_number(object, "extended_max", CARD_EXTENDED_MAX, &manner->extended_max);
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

/* Most cards have no OpenPGP application. */
static enum kc_status read_openpgp(struct json_object *root, struct card_state *state)
{
	struct json_object *object = NULL;

	if (!json_object_object_get_ex(root, "openpgp", NULL))
		return KC_OK;
	TRY(member_get(root, "openpgp", json_type_object, &object));
	TRY(member_get_flag(object, "is_alone", &state->lacks_piv));
	return openpgp_json_read(object, &state->openpgp);
}

static enum kc_status read_key_policies(struct json_object *object, struct card_key *key)
{
	const char *policy = NULL;

	TRY(member_get_text(object, "pin_policy", &policy));
	key->pin_policy = piv_pin_policy_named(policy);
	REQUIRE(key->pin_policy, KC_ERR_DECODE, "no PIN policy is called so");
	TRY(member_get_byte(object, "touch_policy", PIV_TOUCH_CACHED, &key->touch_policy));
	TRY(member_get_byte(object, "origin", PIV_IMPORTED, &key->origin));
	REQUIRE(key->origin >= PIV_GENERATED, KC_ERR_DECODE, "\"origin\" is out of range");
	return KC_OK;
}

static enum kc_status read_key(struct json_object *object, struct card_state *state)
{
	CLEANUP(bytes_done) struct bytes pkcs8 = BYTES_INIT(CARD_JSON_PKCS8_MAX);
	struct card_key key = {0};
	const char *algorithm = NULL;
	uint32_t slot = 0;

	TRY(member_get_tag(object, "slot", 1, &slot));
	REQUIRE(piv_slot_find(slot), KC_ERR_DECODE, "%02X is no key slot", slot);
	REQUIRE(!card_state_find_key(state, slot)->pkey, KC_ERR_DECODE, "slot %02X is there twice",
		slot);
	TRY(member_get_text(object, "algorithm", &algorithm));
	key.algorithm = piv_algorithm_named(algorithm);
	REQUIRE(key.algorithm, KC_ERR_DECODE, "no key algorithm is called so");
	TRY(read_key_policies(object, &key));
	TRY(member_get_base64(object, "private_key", &pkcs8));
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

	TRY(member_get_tag(object, "tag", 3, &tag));
	TRY(member_get_base64(object, "value", &value));
	REQUIRE(tag >= PIV_OBJECT_FIRST && tag <= PIV_OBJECT_LAST && value.len > 0, KC_ERR_DECODE,
		"no object can have tag %X and %zu bytes", tag, value.len);
	return card_state_put_object(state, tag, bytes_view(&value));
}

static enum kc_status read_array(struct json_object *root, const char *name,
				 enum kc_status (*read)(struct json_object *, struct card_state *),
				 struct card_state *state)
{
	struct json_object *array = NULL;

	TRY(member_get(root, name, json_type_array, &array));
	for (size_t i = 0; i < json_object_array_length(array); i++)
		TRY(read(json_object_array_get_idx(array, i), state));
	return KC_OK;
}

static enum kc_status read_card(struct json_object *root, struct card_state *state)
{
	TRY(member_get_number(root, "serial", UINT32_MAX, &state->serial));
	TRY(read_pin(root, "pin", &state->pin));
	TRY(read_pin(root, "puk", &state->puk));
	TRY(read_management_key(root, &state->management));
	TRY(read_array(root, "keys", read_key, state));
	TRY(read_array(root, "objects", read_object, state));
	TRY(read_later_members(root, state));
	return read_openpgp(root, state);
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
	REQUIRE(member_get_text(root, "format", &format) == KC_OK &&
			strcmp(format, CARD_JSON_FORMAT) == 0,
		KC_ERR_PARAM, "it is not a card of keycask");
	TRY(member_get_number(root, "version", INT32_MAX, &version));
	REQUIRE(version == CARD_JSON_VERSION, KC_ERR_PARAM, "its format %u is not known here",
		version);
	TRY(read_card(root, &state));
	*ret_state = state;
	memset(&state, 0, sizeof(state));
	return KC_OK;
}
