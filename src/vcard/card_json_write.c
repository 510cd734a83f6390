/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a card file: its format stands in card_json.h. */
#include "vcard/card_json.h"

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/hex.h"
#include "vcard/key_material.h"

static void json_freep(struct json_object **object)
{
	json_object_put(*object);
}

static void wipe_textp(char **text)
{
	if (*text)
		OPENSSL_cleanse(*text, strlen(*text));
	free(*text);
}

/* Take @value, whatever comes of it. */
static enum kc_status add(struct json_object *object, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(object, name, value) == 0)
		return KC_OK;
	json_object_put(value);
	return fail(KC_ERR_ALLOCATE, "out of memory");
}

static enum kc_status append(struct json_object *array, struct json_object *value)
{
	if (value && json_object_array_add(array, value) == 0)
		return KC_OK;
	json_object_put(value);
	return fail(KC_ERR_ALLOCATE, "out of memory");
}

static enum kc_status add_text(struct json_object *object, const char *name, const char *text)
{
	return add(object, name, text ? json_object_new_string(text) : NULL);
}

static enum kc_status add_number(struct json_object *object, const char *name, int64_t number)
{
	return add(object, name, json_object_new_int64(number));
}

static enum kc_status add_hex(struct json_object *object, const char *name, struct kc_view view)
{
	CLEANUP(wipe_textp) char *text = hex_encode(view, HEX_LOWER);

	return add_text(object, name, text);
}

static enum kc_status add_base64(struct json_object *object, const char *name, struct kc_view view)
{
	CLEANUP(wipe_textp) char *text = base64_encode(view);

	return add_text(object, name, text);
}

/* A number of @n_bytes bytes as hexadecimal, as people write slots and tags. */
static enum kc_status add_tag(struct json_object *object, const char *name, uint32_t tag,
			      size_t n_bytes)
{
	const uint8_t octets[] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 8), (uint8_t)tag};

	return add_hex(object, name, view_of(octets + sizeof(octets) - n_bytes, n_bytes));
}

static enum kc_status write_pin(struct json_object *root, const char *name,
				const struct card_pin *pin)
{
	struct json_object *object = json_object_new_object();

	TRY(add(root, name, object));
	TRY(add_hex(object, "value", VIEW_OF(pin->value)));
	TRY(add_number(object, "tries_left", pin->tries_left));
	return add_number(object, "tries_max", pin->tries_max);
}

static enum kc_status write_management_key(struct json_object *root,
					   const struct card_management_key *management)
{
	struct json_object *object = json_object_new_object();

	TRY(add(root, "management_key", object));
	TRY(add_text(object, "algorithm", management->cipher->name));
	TRY(add_hex(object, "value", view_of(management->value, management->cipher->key_bytes)));
	return add_number(object, "touch_policy", management->touch_policy);
}

static enum kc_status write_manner(struct json_object *root, const struct card_manner *manner)
{
	struct json_object *object = json_object_new_object();

	TRY(add(root, "manner", object));
	TRY(add_text(object, "pin_usage", piv_pin_usage_name(manner->pin_usage)));
	TRY(add(object, "is_strict", json_object_new_boolean(manner->is_strict)));
	return add_number(object, "extended_max", manner->extended_max);
}

static enum kc_status write_key(struct json_object *array, uint8_t slot, const struct card_key *key)
{
	CLEANUP(bytes_done) struct bytes pkcs8 = BYTES_INIT(CARD_JSON_PKCS8_MAX);
	struct json_object *object = json_object_new_object();

	TRY(append(array, object));
	TRY(key_material_put_pkcs8(key->pkey, &pkcs8));
	TRY(add_tag(object, "slot", slot, 1));
	TRY(add_text(object, "algorithm", key->algorithm->type->name));
	TRY(add_text(object, "pin_policy", piv_pin_policy_name(key->pin_policy)));
	TRY(add_number(object, "touch_policy", key->touch_policy));
	TRY(add_number(object, "origin", key->origin));
	return add_base64(object, "private_key", bytes_view(&pkcs8));
}

static enum kc_status write_keys(struct json_object *root, const struct card_state *state)
{
	struct json_object *array = json_object_new_array();

	TRY(add(root, "keys", array));
	for (size_t i = 0; i < PIV_N_SLOTS; i++)
		if (state->keys[i].pkey)
			TRY(write_key(array, piv_slot_at(i)->reference, &state->keys[i]));
	return KC_OK;
}

static enum kc_status write_object(struct json_object *array, const struct card_object *source)
{
	struct json_object *object = json_object_new_object();

	TRY(append(array, object));
	TRY(add_tag(object, "tag", source->tag, 3));
	return add_base64(object, "value", view_of(source->value.data, source->value.len));
}

static enum kc_status write_objects(struct json_object *root, const struct card_state *state)
{
	struct json_object *array = json_object_new_array();

	TRY(add(root, "objects", array));
	for (size_t i = 0; i < state->n_objects; i++)
		TRY(write_object(array, &state->objects[i]));
	return KC_OK;
}

enum kc_status card_json_write(const struct card_state *state, char **ret_text)
{
	CLEANUP(json_freep) struct json_object *root = json_object_new_object();
	const char *text = NULL;
	char *copy = NULL;

	REQUIRE(root, KC_ERR_ALLOCATE, "out of memory");
	TRY(add_text(root, "format", CARD_JSON_FORMAT));
	TRY(add_number(root, "version", CARD_JSON_VERSION));
	TRY(add_number(root, "serial", state->serial));
	TRY(write_pin(root, "pin", &state->pin));
	TRY(write_pin(root, "puk", &state->puk));
	TRY(write_management_key(root, &state->management));
	TRY(write_keys(root, state));
	TRY(write_objects(root, state));
	TRY(write_manner(root, &state->manner));
	TRY(write_pin(root, "global_pin", &state->global_pin));
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	copy = text ? strdup(text) : NULL;
	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	*ret_text = copy;
	return KC_OK;
}
