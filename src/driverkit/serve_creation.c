/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of protocol/org.keycask.Driver.varlink that make keys: decoded for creation.c. */
#include <string.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "driverkit/creation.h"
#include "driverkit/publish.h"
#include "driverkit/serve_impl.h"

enum {
	KEY_BITS_MAX = 65536,
};

static const struct {
	const char *name;
	enum kc_key_type type;
} types[] = {
	{"rsa", KC_KEY_TYPE_RSA},
	{"ec", KC_KEY_TYPE_EC},
	{"ed25519", KC_KEY_TYPE_ED25519},
	{"x25519", KC_KEY_TYPE_X25519},
};

enum kc_status serve_creation_read_type(const char *name, enum kc_key_type *ret_type)
{
	for (size_t i = 0; name && i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, name) == 0) {
			*ret_type = types[i].type;
			return KC_OK;
		}
	}
	return fail(KC_ERR_BAD_PARAMETER, "no driver knows keys of type \"%.40s\"",
		    name ? name : "");
}

enum kc_status serve_creation_read_wish(struct json_object *parameters,
					struct kc_key_wish *ret_wish)
{
	struct json_object *wish = field_get(parameters, "wish");
	int64_t bits = field_number(wish, "key_size_in_bits", 0);

	REQUIRE(bits >= 0 && bits <= KEY_BITS_MAX, KC_ERR_KEY_SIZE_NOT_ALLOWED,
		"there are no keys of that size");
	*ret_wish = (struct kc_key_wish){
		.place = field_text(wish, "place"),
		.size_in_bits = (unsigned)bits,
		.can_sign = field_flag(wish, "can_sign", false),
		.can_decrypt = field_flag(wish, "can_decrypt", false),
		.can_derive = field_flag(wish, "can_derive", false),
		.may_replace = field_flag(wish, "may_replace", false),
		.is_import = field_flag(wish, "is_import", false),
	};
	return serve_creation_read_type(field_text(wish, "key_type"), &ret_wish->type);
}

static enum kc_status answer_plan(struct kc_token *token, const struct session_turn *turn,
				  struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(kc_bytes_free) struct kc_bytes object_id = {NULL, 0};
	struct kc_key_wish wish = {.place = NULL};

	TRY(serve_creation_read_wish(parameters, &wish));
	TRY(creation_plan(token, turn, &wish, &object_id));
	return field_put_data(reply, "object_id", view_of(object_id.data, object_id.len));
}

static enum kc_status answer_challenge(struct kc_token *token, const struct session_turn *turn,
				       struct json_object *parameters, struct json_object *reply)
{
	static const char *const ciphers[] = {
		[KC_ADMIN_CIPHER_NONE] = NULL,	     [KC_ADMIN_CIPHER_3DES] = "3des",
		[KC_ADMIN_CIPHER_AES128] = "aes128", [KC_ADMIN_CIPHER_AES192] = "aes192",
		[KC_ADMIN_CIPHER_AES256] = "aes256",
	};
	struct kc_admin_challenge challenge = {.cipher = KC_ADMIN_CIPHER_NONE};

	(void)parameters;
	TRY(creation_challenge(token, turn, &challenge));
	if (challenge.is_default)
		TRY(field_put_flag(reply, "is_default", true));
	if (challenge.cipher == KC_ADMIN_CIPHER_NONE)
		return KC_OK;
	TRY(field_put_text(reply, "cipher", ciphers[challenge.cipher]));
	TRY(field_put_flag(reply, "is_enciphered", challenge.is_enciphered));
	return field_put_data(reply, "challenge", view_of(challenge.block, challenge.block_len));
}

static enum kc_status answer_authenticate(struct kc_token *token, const struct session_turn *turn,
					  struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(KC_ADMIN_BLOCK_MAX);
	CLEANUP(bytes_done) struct bytes challenge = BYTES_INIT(KC_ADMIN_BLOCK_MAX);
	CLEANUP(kc_bytes_free) struct kc_bytes answer = {NULL, 0};
	CLEANUP(secret_done) struct secret pin = {0};
	struct kc_admin_proof proof = {.pin = {NULL, 0}};

	TRY(serve_take_pin(parameters, "pin", &pin, &proof.pin));
	TRY(field_data(parameters, "response", &response));
	TRY(field_data(parameters, "challenge", &challenge));
	proof.response = bytes_view(&response);
	proof.challenge = bytes_view(&challenge);
	TRY(creation_authenticate(token, turn, &proof, &answer));
	if (answer.len == 0)
		return KC_OK;
	return field_put_data(reply, "response", view_of(answer.data, answer.len));
}

enum kc_status serve_creation_put_made(const struct kc_contents *made, struct json_object *reply)
{
	CLEANUP(field_free) struct json_object *object = NULL;

	TRY(field_new_object(&object));
	TRY(publish_object(&made->objects[0], object));
	return field_put(reply, "object", take(object));
}

static enum kc_status answer_generate(struct kc_token *token, const struct session_turn *turn,
				      struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(contents_done) struct kc_contents made = {0};
	struct kc_key_wish wish = {.place = NULL};

	TRY(serve_creation_read_wish(parameters, &wish));
	TRY(creation_generate(token, turn, &wish, &made));
	return serve_creation_put_made(&made, reply);
}

void serve_creation_plan(struct wire_call *call)
{
	serve_answer(call, answer_plan);
}

void serve_creation_challenge(struct wire_call *call)
{
	serve_answer(call, answer_challenge);
}

void serve_creation_authenticate(struct wire_call *call)
{
	serve_answer(call, answer_authenticate);
}

void serve_creation_generate(struct wire_call *call)
{
	serve_answer(call, answer_generate);
}
