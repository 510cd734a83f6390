/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OpenPGP application in a card file, read strictly: the format stands in openpgp_json.h. */
#include "vcard/openpgp_json.h"

#include "base/try.h"
#include "codec/hex.h"
#include "vcard/key_material.h"
#include "vcard/member.h"

enum {
	PKCS8_MAX = 8192,
	TAG_BYTES = 2,
	COUNTER_MAX = 0xFFFFFF,
};

static enum kc_status read_secret(struct json_object *object, struct openpgp_secret *secret)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(OPENPGP_PASSWORD_MAX);
	unsigned tries_left = 0;
	const char *text = NULL;

	TRY(member_get_text(object, "value", &text));
	REQUIRE(hex_decode(text, &value) == KC_OK, KC_ERR_DECODE,
		"a password is not hexadecimal or too long");
	TRY(openpgp_state_set_password(secret, bytes_view(&value)));
	TRY(member_get_number(object, "tries_left", secret->tries_left, &tries_left));
	secret->tries_left = tries_left;
	return KC_OK;
}

static enum kc_status read_private_key(struct json_object *object, struct openpgp_key *key)
{
	CLEANUP(bytes_done) struct bytes pkcs8 = BYTES_INIT(PKCS8_MAX);

	TRY(member_get_base64(object, "private_key", &pkcs8));
	REQUIRE((pkcs8.len == 0) == (key->origin == OPENPGP_KEY_ABSENT), KC_ERR_DECODE,
		"\"origin\" is out of range");
	if (pkcs8.len == 0)
		return KC_OK;
	REQUIRE(key_material_from_pkcs8(key->type, bytes_view(&pkcs8), &key->pkey) == KC_OK,
		KC_ERR_DECODE, "a private key of the OpenPGP application is not sound");
	return KC_OK;
}

static enum kc_status read_certificate(struct json_object *object, struct openpgp_key *key)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(OPENPGP_CERTIFICATE_MAX);

	TRY(member_get_base64(object, "certificate", &der));
	return openpgp_state_replace(&key->certificate, bytes_view(&der), OPENPGP_CERTIFICATE_MAX);
}

static enum kc_status read_key(struct json_object *object, size_t index, struct openpgp_key *key)
{
	const char *algorithm = NULL;

	TRY(member_get_text(object, "algorithm", &algorithm));
	key->type = key_type_named(algorithm);
	REQUIRE(key->type && openpgp_takes_type(index, key->type), KC_ERR_DECODE,
		"no key algorithm is called so");
	TRY(member_get_byte(object, "origin", OPENPGP_KEY_IMPORTED, &key->origin));
	TRY(member_get_byte(object, "touch", OPENPGP_TOUCH_FIXED, &key->touch));
	TRY(member_get_hex(object, "fingerprint", key->fingerprint, sizeof(key->fingerprint)));
	TRY(member_get_hex(object, "ca_fingerprint", key->ca_fingerprint,
			   sizeof(key->ca_fingerprint)));
	TRY(member_get_hex(object, "time", key->time, sizeof(key->time)));
	TRY(read_certificate(object, key));
	return read_private_key(object, key);
}

/* An array of exactly @n elements. */
static enum kc_status get_row(struct json_object *object, const char *name, size_t n,
			      struct json_object **ret_array)
{
	TRY(member_get(object, name, json_type_array, ret_array));
	REQUIRE(json_object_array_length(*ret_array) == n, KC_ERR_DECODE, "\"%s\" are not %zu",
		name, n);
	return KC_OK;
}

static enum kc_status read_object(struct json_object *object, struct openpgp_state *state)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(OPENPGP_OBJECT_MAX);
	struct kc_bytes *text = NULL;
	uint32_t tag = 0;

	TRY(member_get_tag(object, "tag", TAG_BYTES, &tag));
	TRY(member_get_base64(object, "value", &value));
	text = openpgp_state_find_text(state, tag);
	REQUIRE(text, KC_ERR_DECODE, "no object of the OpenPGP application has tag %X", tag);
	return openpgp_state_replace(text, bytes_view(&value), OPENPGP_OBJECT_MAX);
}

static enum kc_status read_arrays(struct json_object *object, struct openpgp_state *state)
{
	struct json_object *array = NULL;

	TRY(get_row(object, "passwords", OPENPGP_N_PASSWORDS, &array));
	for (size_t i = 0; i < OPENPGP_N_PASSWORDS; i++)
		TRY(read_secret(json_object_array_get_idx(array, i), &state->passwords[i]));
	TRY(get_row(object, "keys", OPENPGP_N_KEYS, &array));
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		TRY(read_key(json_object_array_get_idx(array, i), i, &state->keys[i]));
	TRY(member_get(object, "objects", json_type_array, &array));
	for (size_t i = 0; i < json_object_array_length(array); i++)
		TRY(read_object(json_object_array_get_idx(array, i), state));
	return KC_OK;
}

enum kc_status openpgp_json_read(struct json_object *object, struct openpgp_state *state)
{
	unsigned counter = 0;

	state->is_on = true;
	TRY(member_get_flag(object, "is_terminated", &state->is_terminated));
	TRY(member_get_flag(object, "is_pw1_lasting", &state->is_pw1_lasting));
	TRY(member_get_number(object, "signature_counter", COUNTER_MAX, &counter));
	state->signature_counter = counter;
	return read_arrays(object, state);
}

/* --- writing --- */

static enum kc_status write_secret(struct json_object *array, const struct openpgp_secret *secret)
{
	struct json_object *object = json_object_new_object();

	TRY(member_append(array, object));
	TRY(member_add_hex(object, "value", view_of(secret->value, secret->len)));
	return member_add_number(object, "tries_left", secret->tries_left);
}

static enum kc_status write_private_key(struct json_object *object, const struct openpgp_key *key)
{
	CLEANUP(bytes_done) struct bytes pkcs8 = BYTES_INIT(PKCS8_MAX);

	if (key->pkey)
		TRY(key_material_put_pkcs8(key->pkey, &pkcs8));
	return member_add_base64(object, "private_key", bytes_view(&pkcs8));
}

static enum kc_status write_key(struct json_object *array, const struct openpgp_key *key)
{
	struct json_object *object = json_object_new_object();

	TRY(member_append(array, object));
	TRY(member_add_text(object, "algorithm", key->type->name));
	TRY(member_add_number(object, "origin", key->origin));
	TRY(member_add_number(object, "touch", key->touch));
	TRY(member_add_hex(object, "fingerprint", VIEW_OF(key->fingerprint)));
	TRY(member_add_hex(object, "ca_fingerprint", VIEW_OF(key->ca_fingerprint)));
	TRY(member_add_hex(object, "time", VIEW_OF(key->time)));
	TRY(member_add_base64(object, "certificate",
			      view_of(key->certificate.data, key->certificate.len)));
	return write_private_key(object, key);
}

static enum kc_status write_object(struct json_object *array, uint32_t tag,
				   const struct kc_bytes *value)
{
	struct json_object *object = NULL;

	if (value->len == 0)
		return KC_OK;
	object = json_object_new_object();
	TRY(member_append(array, object));
	TRY(member_add_tag(object, "tag", tag, TAG_BYTES));
	return member_add_base64(object, "value", view_of(value->data, value->len));
}

static enum kc_status add_array(struct json_object *object, const char *name,
				struct json_object **ret_array)
{
	*ret_array = json_object_new_array();
	return member_add(object, name, *ret_array);
}

enum kc_status openpgp_json_write(struct json_object *object, const struct openpgp_state *state)
{
	struct json_object *array = NULL;

	TRY(member_add_flag(object, "is_terminated", state->is_terminated));
	TRY(member_add_flag(object, "is_pw1_lasting", state->is_pw1_lasting));
	TRY(member_add_number(object, "signature_counter", state->signature_counter));
	TRY(add_array(object, "passwords", &array));
	for (size_t i = 0; i < OPENPGP_N_PASSWORDS; i++)
		TRY(write_secret(array, &state->passwords[i]));
	TRY(add_array(object, "keys", &array));
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		TRY(write_key(array, &state->keys[i]));
	TRY(add_array(object, "objects", &array));
	for (size_t i = 0; i < OPENPGP_N_TEXTS; i++)
		TRY(write_object(array, openpgp_state_text_tag(i), &state->texts[i]));
	return KC_OK;
}
