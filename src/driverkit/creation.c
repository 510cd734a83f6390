/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of creation.h. A driver is asked to make a key only after they have been kept. */
#include "driverkit/creation.h"

#include "base/cleanup.h"
#include "base/try.h"

enum kc_status creation_check_wish(const struct kc_token *token, const struct kc_key_wish *wish)
{
	const struct kc_driver *driver = token->driver;
	bool can = driver->plan_key && driver->authenticate_admin &&
		   (wish->is_import ? driver->import_key != NULL : driver->generate != NULL);

	REQUIRE(can, KC_ERR_NOT_IMPLEMENTED, "the %s driver %s no keys", driver->name,
		wish->is_import ? "takes" : "makes");
	return KC_OK;
}

static enum kc_status check_can_write(const struct kc_token *token)
{
	REQUIRE(token->driver->authenticate_admin, KC_ERR_NOT_IMPLEMENTED,
		"the %s driver writes nothing to its tokens", token->driver->name);
	return KC_OK;
}

enum kc_status creation_check_name(struct kc_bytes *object_id, struct kc_bytes *ret_object_id)
{
	if (object_id->len > 0 && object_id->len <= CONTENTS_ID_MAX) {
		*ret_object_id = *object_id;
		return KC_OK;
	}
	kc_bytes_free(object_id);
	return fail(KC_ERR_CORRUPTED_DATA, "the driver plans an object without a name");
}

enum kc_status creation_replan(struct kc_token *token, const struct kc_key_wish *wish,
			       struct kc_bytes *ret_object_id)
{
	struct kc_bytes object_id = {NULL, 0};

	TRY(token->driver->plan_key(token, wish, &object_id));
	return creation_check_name(&object_id, ret_object_id);
}

enum kc_status creation_plan(struct kc_token *token, const struct session_turn *turn,
			     const struct kc_key_wish *wish, struct kc_bytes *ret_object_id)
{
	TRY(creation_check_wish(token, wish));
	TRY(session_begin(token, turn));
	return creation_replan(token, wish, ret_object_id);
}

enum kc_status creation_challenge(struct kc_token *token, const struct session_turn *turn,
				  struct kc_admin_challenge *ret_challenge)
{
	struct kc_admin_challenge challenge = {.cipher = KC_ADMIN_CIPHER_NONE};

	TRY(check_can_write(token));
	TRY(session_begin(token, turn));
	if (token->driver->challenge_admin)
		TRY(token->driver->challenge_admin(token, &challenge));
	REQUIRE(challenge.block_len <= KC_ADMIN_BLOCK_MAX, KC_ERR_CORRUPTED_DATA,
		"a challenge of %zu bytes", challenge.block_len);
	*ret_challenge = challenge;
	return KC_OK;
}

/* The first with that role; NULL when there is none. */
static const char *admin_pin_id(const struct kc_token *token)
{
	for (size_t i = 0; i < token->contents.n_pins; i++) {
		if (token->contents.pins[i].role == KC_PIN_ROLE_ADMIN)
			return token->contents.pins[i].pin_id;
	}
	return NULL;
}

static enum kc_status check_proof(struct kc_token *token, const struct kc_admin_proof *proof)
{
	const char *pin_id = admin_pin_id(token);

	REQUIRE(!proof->pin.data != !proof->response.data, KC_ERR_BAD_PARAMETER,
		"either a PIN proves who is the administrator, or a response");
	if (!proof->pin.data)
		return KC_OK;
	REQUIRE(pin_id, KC_ERR_BAD_PARAMETER, "the token has no administrator's PIN");
	return session_check_form(token, pin_id, proof->pin);
}

enum kc_status creation_authenticate(struct kc_token *token, const struct session_turn *turn,
				     const struct kc_admin_proof *proof,
				     struct kc_bytes *ret_response)
{
	TRY(check_can_write(token));
	REQUIRE(turn->session > 0, KC_ERR_BAD_PARAMETER, "an administrator without a session");
	TRY(check_proof(token, proof));
	TRY(session_begin_anew(token, turn));
	TRY(token->driver->authenticate_admin(token, proof, ret_response));
	token->admin_session = turn->session;
	return KC_OK;
}

/* Of a key that cannot be known by its public half nobody has any use. */
enum kc_status creation_check_made(const struct kc_contents *made, struct kc_view object_id)
{
	const struct contents_object *key = contents_find_key(made, object_id);

	REQUIRE(made->n_objects == 1 && key && key->public_key.len > 0, KC_ERR_CORRUPTED_DATA,
		"the driver does not tell which key it has made");
	return KC_OK;
}

enum kc_status creation_claim_admin(struct kc_token *token, const struct session_turn *turn)
{
	bool is_admin = false;

	TRY(session_begin(token, turn)); /* another transaction ends it */
	is_admin = turn->session > 0 && token->admin_session == turn->session;
	token->admin_session = 0;
	REQUIRE(is_admin, KC_ERR_AUTHENTICATION_NEEDED,
		"writing to a token takes its administrator");
	return KC_OK;
}

enum kc_status creation_generate(struct kc_token *token, const struct session_turn *turn,
				 const struct kc_key_wish *wish, struct kc_contents *made)
{
	CLEANUP(kc_bytes_free) struct kc_bytes object_id = {NULL, 0};
	struct kc_view name = {NULL, 0};

	TRY(creation_check_wish(token, wish));
	REQUIRE(!wish->is_import, KC_ERR_BAD_PARAMETER, "a key that is brought is not made");
	TRY(creation_claim_admin(token, turn));
	TRY(creation_replan(token, wish, &object_id));
	name = view_of(object_id.data, object_id.len);
	TRY(token->driver->generate(token, wish, name, made));
	return creation_check_made(made, name);
}
