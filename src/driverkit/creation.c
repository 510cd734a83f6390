/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of creation.h. A driver is asked to make a key only after they have been kept. */
#include "driverkit/creation.h"

#include "base/cleanup.h"
#include "base/try.h"

static enum kc_status check_can_generate(const struct kc_token *token)
{
	const struct kc_driver *driver = token->driver;

	REQUIRE(driver->plan_key && driver->authenticate_admin && driver->generate,
		KC_ERR_NOT_IMPLEMENTED, "the %s driver makes no keys", driver->name);
	return KC_OK;
}

static enum kc_status plan(struct kc_token *token, const struct kc_key_wish *wish,
			   struct kc_bytes *ret_object_id)
{
	struct kc_bytes object_id = {NULL, 0};

	TRY(token->driver->plan_key(token, wish, &object_id));
	if (object_id.len > 0 && object_id.len <= CONTENTS_ID_MAX) {
		*ret_object_id = object_id;
		return KC_OK;
	}
	kc_bytes_free(&object_id);
	return fail(KC_ERR_CORRUPTED_DATA, "the driver plans a key without a name");
}

enum kc_status creation_plan(struct kc_token *token, const struct session_turn *turn,
			     const struct kc_key_wish *wish, struct kc_bytes *ret_object_id)
{
	TRY(check_can_generate(token));
	TRY(session_begin(token, turn));
	return plan(token, wish, ret_object_id);
}

enum kc_status creation_challenge(struct kc_token *token, const struct session_turn *turn,
				  struct kc_admin_challenge *ret_challenge)
{
	struct kc_admin_challenge challenge = {.cipher = KC_ADMIN_CIPHER_NONE};

	TRY(check_can_generate(token));
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
	TRY(check_can_generate(token));
	REQUIRE(turn->session > 0, KC_ERR_BAD_PARAMETER, "an administrator without a session");
	TRY(check_proof(token, proof));
	TRY(session_begin_anew(token, turn));
	TRY(token->driver->authenticate_admin(token, proof, ret_response));
	token->admin_session = turn->session;
	return KC_OK;
}

/* One proof, one key; and of a key that cannot be known by its public half nobody has any use. */
static enum kc_status check_made(const struct kc_contents *made, struct kc_view object_id)
{
	const struct contents_object *key = contents_find_key(made, object_id);

	REQUIRE(made->n_objects == 1 && key && key->public_key.len > 0, KC_ERR_CORRUPTED_DATA,
		"the driver does not tell which key it has made");
	return KC_OK;
}

static enum kc_status claim_admin(struct kc_token *token, const struct session_turn *turn)
{
	bool is_admin = false;

	TRY(session_begin(token, turn)); /* another transaction ends it */
	is_admin = turn->session > 0 && token->admin_session == turn->session;
	token->admin_session = 0;
	REQUIRE(is_admin, KC_ERR_AUTHENTICATION_NEEDED,
		"making a key takes the token's administrator");
	return KC_OK;
}

enum kc_status creation_generate(struct kc_token *token, const struct session_turn *turn,
				 const struct kc_key_wish *wish, struct kc_contents *made)
{
	CLEANUP(kc_bytes_free) struct kc_bytes object_id = {NULL, 0};
	struct kc_view name = {NULL, 0};

	TRY(check_can_generate(token));
	TRY(claim_admin(token, turn));
	TRY(plan(token, wish, &object_id));
	name = view_of(object_id.data, object_id.len);
	TRY(token->driver->generate(token, wish, name, made));
	return check_made(made, name);
}
