/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a card file: its format stands in card_json.h. */
#include "vcard/card_json.h"

#include <json-c/json.h>
#include <string.h>

#include "base/try.h"
#include "vcard/key_material.h"
#include "vcard/member.h"
#include "vcard/openpgp_json.h"

static void json_freep(struct json_object **object)
{
	json_object_put(*object);
}

static enum kc_status write_pin(struct json_object *root, const char *name,
				const struct card_pin *pin)
{
	struct json_object *object = json_object_new_object();

	TRY(member_add(root, name, object));
	TRY(member_add_hex(object, "value", VIEW_OF(pin->value)));
	TRY(member_add_number(object, "tries_left", pin->tries_left));
	return member_add_number(object, "tries_max", pin->tries_max);
}

static enum kc_status write_management_key(struct json_object *root,
					   const struct card_management_key *management)
{
	struct json_object *object = json_object_new_object();

	TRY(member_add(root, "management_key", object));
	TRY(member_add_text(object, "algorithm", management->cipher->name));
	TRY(member_add_hex(object, "value",
			   view_of(management->value, management->cipher->key_bytes)));
	return member_add_number(object, "touch_policy", management->touch_policy);
}

static enum kc_status write_manner(struct json_object *root, const struct card_manner *manner)
{
	struct json_object *object = json_object_new_object();

	TRY(member_add(root, "manner", object));
	TRY(member_add_text(object, "pin_usage", piv_pin_usage_name(manner->pin_usage)));
	TRY(member_add_flag(object, "is_strict", manner->is_strict));
	TRY(member_add_number(object, "extended_max", manner->extended_max));
	TRY(member_add_flag(object, "hides_extended", manner->hides_extended));
	return member_add_flag(object, "moves_keys", manner->moves_keys);
}

static enum kc_status write_key(struct json_object *array, uint8_t slot, const struct card_key *key)
{
	CLEANUP(bytes_done) struct bytes pkcs8 = BYTES_INIT(CARD_JSON_PKCS8_MAX);
	struct json_object *object = json_object_new_object();

	TRY(member_append(array, object));
	TRY(key_material_put_pkcs8(key->pkey, &pkcs8));
	TRY(member_add_tag(object, "slot", slot, 1));
	TRY(member_add_text(object, "algorithm", key->algorithm->type->name));
	TRY(member_add_text(object, "pin_policy", piv_pin_policy_name(key->pin_policy)));
	TRY(member_add_number(object, "touch_policy", key->touch_policy));
	TRY(member_add_number(object, "origin", key->origin));
	return member_add_base64(object, "private_key", bytes_view(&pkcs8));
}

static enum kc_status write_keys(struct json_object *root, const struct card_state *state)
{
	struct json_object *array = json_object_new_array();

	TRY(member_add(root, "keys", array));
	for (size_t i = 0; i < PIV_N_SLOTS; i++)
		if (state->keys[i].pkey)
			TRY(write_key(array, piv_slot_at(i)->reference, &state->keys[i]));
	return KC_OK;
}

static enum kc_status write_object(struct json_object *array, const struct card_object *source)
{
	struct json_object *object = json_object_new_object();

	TRY(member_append(array, object));
	TRY(member_add_tag(object, "tag", source->tag, 3));
	return member_add_base64(object, "value", view_of(source->value.data, source->value.len));
}

static enum kc_status write_objects(struct json_object *root, const struct card_state *state)
{
	struct json_object *array = json_object_new_array();

	TRY(member_add(root, "objects", array));
	for (size_t i = 0; i < state->n_objects; i++)
		TRY(write_object(array, &state->objects[i]));
	return KC_OK;
}

static enum kc_status write_openpgp(struct json_object *root, const struct card_state *state)
{
	struct json_object *object = NULL;

	if (!state->openpgp.is_on)
		return KC_OK;
	object = json_object_new_object();
	TRY(member_add(root, "openpgp", object));
	TRY(member_add_flag(object, "is_alone", state->lacks_piv));
	return openpgp_json_write(object, &state->openpgp);
}

enum kc_status card_json_write(const struct card_state *state, char **ret_text)
{
	CLEANUP(json_freep) struct json_object *root = json_object_new_object();
	const char *text = NULL;
	char *copy = NULL;

	REQUIRE(root, KC_ERR_ALLOCATE, "out of memory");
	TRY(member_add_text(root, "format", CARD_JSON_FORMAT));
	TRY(member_add_number(root, "version", CARD_JSON_VERSION));
	TRY(member_add_number(root, "serial", state->serial));
	TRY(write_pin(root, "pin", &state->pin));
	TRY(write_pin(root, "puk", &state->puk));
	TRY(write_management_key(root, &state->management));
	TRY(write_keys(root, state));
	TRY(write_objects(root, state));
	TRY(write_manner(root, &state->manner));
	TRY(write_pin(root, "global_pin", &state->global_pin));
	TRY(write_openpgp(root, state));
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	copy = text ? strdup(text) : NULL;
	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	*ret_text = copy;
	return KC_OK;
}
