/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of session.h. This file alone decides whether a driver is asked at all; it must never
 * take the card's word for who is authenticated.
 */
#include "driverkit/session.h"

#include "base/cleanup.h"
#include "base/try.h"

static void forget_authentication(struct kc_token *token)
{
	token->authenticated_session = 0;
	token->is_pin_fresh = false;
}

static enum kc_status select_application(struct kc_token *token)
{
	/* Some cards keep a verified PIN over SELECT, some do not: never assume either. */
	forget_authentication(token);
	if (token->driver->select)
		TRY(token->driver->select(token));
	token->is_selected = true;
	return KC_OK;
}

/* Every operation starts here; no APDU is sent yet. */
static void note_turn(struct kc_token *token, const struct session_turn *turn)
{
	if (token->has_transaction && token->transaction == turn->transaction)
		return;
	token->has_transaction = true;
	token->transaction = turn->transaction;
	token->is_selected = turn->is_selected;
	forget_authentication(token);
}

/* … and touches the card after this, unless it is selected already. */
static enum kc_status need_application(struct kc_token *token)
{
	return token->is_selected ? KC_OK : select_application(token);
}

/* For all operations that do not need a fresh PIN: they use one up. */
static enum kc_status begin(struct kc_token *token, const struct session_turn *turn)
{
	note_turn(token, turn);
	token->is_pin_fresh = false;
	return need_application(token);
}

enum kc_status session_open(struct kc_token *token, const struct session_turn *turn,
			    struct kc_token_identity *ret_identity)
{
	struct kc_token_identity identity = {NULL, NULL};

	TRY(begin(token, turn));
	TRY(token->driver->open(token, &identity));
	*ret_identity = identity;
	return token_set_id(token, identity.instance_id);
}

enum kc_status session_enumerate(struct kc_token *token, const struct session_turn *turn)
{
	CLEANUP(contents_done) struct kc_contents contents = {0};
	struct kc_contents before = token->contents;

	TRY(begin(token, turn));
	TRY(token->driver->enumerate(token, &contents));
	token->contents = contents;
	contents = before;
	return KC_OK;
}

static enum kc_status verify(struct kc_token *token, const struct session_turn *turn,
			     struct kc_view pin)
{
	REQUIRE(token->driver->authenticate, KC_ERR_NOT_IMPLEMENTED, "this token has no PIN");
	REQUIRE(turn->session > 0, KC_ERR_BAD_PARAMETER, "a PIN without a session to hold it");
	if (token->driver->check_pin_form)
		TRY(token->driver->check_pin_form(token, pin));
	TRY(need_application(token));
	return token->driver->authenticate(token, pin);
}

enum kc_status session_authenticate(struct kc_token *token, const struct session_turn *turn,
				    struct kc_view pin)
{
	enum kc_status status = KC_OK;

	note_turn(token, turn);
	status = verify(token, turn, pin);
	forget_authentication(token);
	if (status == KC_ERR_PIN_BLOCKED)
		error_set_hint("unblock the PIN with the PUK");
	TRY(status);
	token->authenticated_session = turn->session;
	token->is_pin_fresh = true;
	return KC_OK;
}

enum kc_status session_pin_status(struct kc_token *token, const struct session_turn *turn,
				  int *ret_tries_left)
{
	TRY(begin(token, turn));
	REQUIRE(token->driver->pin_status, KC_ERR_NOT_IMPLEMENTED, "this token has no PIN");
	return token->driver->pin_status(token, ret_tries_left);
}

/* May turn->session use @key now? No APDU is spent on the answer. */
static bool is_permitted(const struct kc_token *token, const struct session_turn *turn,
			 const struct contents_object *key)
{
	bool is_authenticated = turn->session > 0 && turn->session == token->authenticated_session;

	switch (key->constraint) {
	case KC_CONSTRAINT_NONE:
		return true;
	case KC_CONSTRAINT_PIN:
		return is_authenticated;
	case KC_CONSTRAINT_PIN_ALWAYS:
		return is_authenticated && token->is_pin_fresh;
	}
	return false;
}

static enum kc_status check_signing(const struct kc_token *token,
				    const struct session_signing *signing,
				    const struct contents_object **ret_key)
{
	const struct contents_object *key = contents_find_key(&token->contents, signing->object_id);

	REQUIRE(key, KC_ERR_OBJECT_NOT_FOUND, "the token has no such key");
	REQUIRE(token->driver->sign && key->can_sign, KC_ERR_NOT_IMPLEMENTED,
		"%s is not for signing", key->label);
	REQUIRE(contents_has_algorithm(key, signing->algorithm), KC_ERR_NOT_IMPLEMENTED,
		"%s does not do %s", key->label, signing->algorithm);
	*ret_key = key;
	return KC_OK;
}

/* The fresh PIN is used up whether or not it was needed. */
static enum kc_status claim_permission(struct kc_token *token, const struct session_turn *turn,
				       const struct contents_object *key)
{
	bool may = is_permitted(token, turn, key);

	token->is_pin_fresh = false;
	REQUIRE(may, KC_ERR_AUTHENTICATION_NEEDED, "%s needs the PIN%s", key->label,
		key->constraint == KC_CONSTRAINT_PIN_ALWAYS ? " for each use" : "");
	return KC_OK;
}

enum kc_status session_sign(struct kc_token *token, const struct session_turn *turn,
			    const struct session_signing *signing, struct kc_bytes *ret_signature)
{
	const struct contents_object *key = NULL;
	enum kc_status status = KC_OK;

	note_turn(token, turn);
	TRY(check_signing(token, signing, &key));
	TRY(claim_permission(token, turn, key));
	TRY(need_application(token));
	status = token->driver->sign(token, signing->object_id, signing->algorithm, signing->data,
				     ret_signature);
	if (status == KC_ERR_AUTHENTICATION_NEEDED)
		forget_authentication(token);
	return status;
}
