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
	token->authenticated_scopes = 0;
	token->fresh_scopes = 0;
	token->admin_session = 0;
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
enum kc_status session_begin(struct kc_token *token, const struct session_turn *turn)
{
	note_turn(token, turn);
	token->fresh_scopes = 0;
	return need_application(token);
}

enum kc_status session_open(struct kc_token *token, const struct session_turn *turn,
			    struct kc_token_identity *ret_identity)
{
	struct kc_token_identity identity = {NULL, NULL};

	TRY(session_begin(token, turn));
	TRY(token->driver->open(token, &identity));
	*ret_identity = identity;
	return token_set_id(token, identity.instance_id);
}

enum kc_status session_enumerate(struct kc_token *token, const struct session_turn *turn)
{
	CLEANUP(contents_done) struct kc_contents contents = {0};
	struct kc_contents before = token->contents;

	TRY(session_begin(token, turn));
	TRY(token->driver->enumerate(token, &contents));
	token->contents = contents;
	contents = before;
	return KC_OK;
}

enum kc_status session_detail(struct kc_token *token, const struct session_turn *turn)
{
	REQUIRE(token->driver->detail, KC_ERR_NOT_IMPLEMENTED, "there is no more to tell");
	TRY(session_begin(token, turn));
	return token->driver->detail(token, &token->contents);
}

enum kc_status session_check_form(struct kc_token *token, const char *pin_id, struct kc_view pin)
{
	if (!pin.data || !token->driver->check_pin_form)
		return KC_OK;
	return token->driver->check_pin_form(token, pin_id, pin);
}

static enum kc_status verify(struct kc_token *token, const struct session_turn *turn,
			     const struct kc_authentication *authentication)
{
	REQUIRE(token->driver->authenticate, KC_ERR_NOT_IMPLEMENTED, "this token has no PIN");
	REQUIRE(turn->session > 0, KC_ERR_BAD_PARAMETER, "a PIN without a session to hold it");
	TRY(session_check_form(token, NULL, authentication->pin));
	TRY(need_application(token));
	return token->driver->authenticate(token, authentication);
}

static enum kc_status scope_of(const struct kc_token *token, struct kc_view object_id,
			       unsigned *ret_scope)
{
	const struct contents_object *key = contents_find_key(&token->contents, object_id);

	REQUIRE(key || object_id.len == 0, KC_ERR_OBJECT_NOT_FOUND, "the token has no such key");
	*ret_scope = key ? key->pin_scope : 0;
	return KC_OK;
}

/* Verified states of other scopes stay, when they are this session's own. */
static void note_authenticated(struct kc_token *token, int64_t session, unsigned scopes_before,
			       unsigned scope)
{
	token->authenticated_session = session;
	token->authenticated_scopes = scopes_before | 1U << scope;
	token->fresh_scopes = 1U << scope;
}

enum kc_status session_authenticate(struct kc_token *token, const struct session_turn *turn,
				    const struct session_authentication *authentication)
{
	struct kc_authentication proof = {.pin = authentication->pin};
	enum kc_status status = KC_OK;
	unsigned scopes = 0;

	note_turn(token, turn);
	TRY(scope_of(token, authentication->object_id, &proof.scope));
	if (token->authenticated_session == turn->session)
		scopes = token->authenticated_scopes;
	status = verify(token, turn, &proof);
	forget_authentication(token);
	TRY(status);
	note_authenticated(token, turn->session, scopes, proof.scope);
	return KC_OK;
}

static enum kc_status find_pin(const struct kc_token *token, const char *pin_id,
			       const struct contents_pin **ret_pin)
{
	const struct contents_pin *pin = contents_find_pin(&token->contents, pin_id);

	REQUIRE(pin, KC_ERR_OBJECT_NOT_FOUND, "the token has no PIN called %s", pin_id);
	*ret_pin = pin;
	return KC_OK;
}

enum kc_status session_pin_status(struct kc_token *token, const struct session_turn *turn,
				  const char *pin_id, int *ret_tries_left)
{
	const struct contents_pin *pin = NULL;

	if (pin_id)
		TRY(find_pin(token, pin_id, &pin));
	TRY(session_begin(token, turn));
	REQUIRE(token->driver->pin_status, KC_ERR_NOT_IMPLEMENTED, "this token has no PIN");
	return token->driver->pin_status(token, pin_id, ret_tries_left);
}

/* --- setting PINs -------------------------------------------------------------------------- */

/* A new PIN of the wrong form is no failed authentication: nothing was tried. */
static enum kc_status check_new_form(struct kc_token *token, const char *pin_id,
				     struct kc_view new_pin)
{
	enum kc_status status = session_check_form(token, pin_id, new_pin);
	struct error_record why = *error_get();

	if (status != KC_ERR_AUTHENTICATION_FAILED)
		return status;
	error_clear();
	return fail(KC_ERR_BAD_PARAMETER, "this cannot be the new one: %s", why.message);
}

/* Whoever was authenticated is so no more: cards differ in what they remember after this. */
enum kc_status session_begin_anew(struct kc_token *token, const struct session_turn *turn)
{
	note_turn(token, turn);
	forget_authentication(token);
	return need_application(token);
}

enum kc_status session_change_pin(struct kc_token *token, const struct session_turn *turn,
				  const struct session_change *change)
{
	const struct contents_pin *pin = NULL;

	REQUIRE(token->driver->change_pin, KC_ERR_NOT_IMPLEMENTED,
		"PINs of this token cannot be changed");
	TRY(find_pin(token, change->pin_id, &pin));
	TRY(check_new_form(token, pin->pin_id, change->new_pin));
	TRY(session_check_form(token, pin->pin_id, change->current));
	TRY(session_begin_anew(token, turn));
	return token->driver->change_pin(token, pin->pin_id, change->current, change->new_pin);
}

enum kc_status session_unblock_pin(struct kc_token *token, const struct session_turn *turn,
				   const struct kc_unblocking *unblocking)
{
	const struct contents_pin *pin = NULL;

	REQUIRE(token->driver->unblock_pin, KC_ERR_NOT_IMPLEMENTED,
		"PINs of this token cannot be unblocked");
	TRY(find_pin(token, unblocking->pin_id, &pin));
	REQUIRE(contents_is_unblocked_by(pin, unblocking->by), KC_ERR_BAD_PARAMETER,
		"%s does not unblock %s", unblocking->by, pin->label);
	TRY(check_new_form(token, pin->pin_id, unblocking->new_pin));
	TRY(session_check_form(token, unblocking->by, unblocking->unblocking));
	TRY(session_begin_anew(token, turn));
	return token->driver->unblock_pin(token, unblocking);
}

/* --- using keys ---------------------------------------------------------------------------- */

/* May turn->session use @key now? No APDU is spent on the answer. */
static bool is_permitted(const struct kc_token *token, const struct session_turn *turn,
			 const struct contents_object *key)
{
	bool is_ours = turn->session > 0 && turn->session == token->authenticated_session;
	unsigned scope = 1U << key->pin_scope;

	switch (key->constraint) {
	case KC_CONSTRAINT_NONE:
		return true;
	case KC_CONSTRAINT_PIN:
		return is_ours && token->authenticated_scopes & scope;
	case KC_CONSTRAINT_PIN_ALWAYS:
		return is_ours && token->fresh_scopes & scope;
	}
	return false;
}

static bool can_do(const struct kc_token *token, const struct contents_object *key,
		   enum session_operation operation)
{
	switch (operation) {
	case SESSION_SIGN:
		return token->driver->sign && key->can_sign;
	case SESSION_DECRYPT:
		return token->driver->decrypt && key->can_decrypt;
	case SESSION_EXCHANGE:
		return token->driver->exchange && key->can_derive;
	}
	return false;
}

static enum kc_status check_use(const struct kc_token *token, const struct session_use *use,
				const struct contents_object **ret_key)
{
	static const char *const purposes[] = {"signing", "decrypting", "key exchange"};
	const struct contents_object *key = contents_find_key(&token->contents, use->object_id);

	REQUIRE(key, KC_ERR_OBJECT_NOT_FOUND, "the token has no such key");
	REQUIRE(can_do(token, key, use->operation), KC_ERR_NOT_IMPLEMENTED, "%s is not for %s",
		key->label, purposes[use->operation]);
	REQUIRE(contents_has_algorithm(key, use->algorithm), KC_ERR_NOT_IMPLEMENTED,
		"%s does not do %s", key->label, use->algorithm);
	*ret_key = key;
	return KC_OK;
}

/* The fresh PIN is used up whether or not it was needed. */
static enum kc_status claim_permission(struct kc_token *token, const struct session_turn *turn,
				       const struct contents_object *key)
{
	bool may = is_permitted(token, turn, key);

	token->fresh_scopes = 0;
	REQUIRE(may, KC_ERR_AUTHENTICATION_NEEDED, "%s needs the PIN%s", key->label,
		key->constraint == KC_CONSTRAINT_PIN_ALWAYS ? " for each use" : "");
	return KC_OK;
}

static enum kc_status perform(struct kc_token *token, const struct session_use *use,
			      struct kc_bytes *ret_result)
{
	const struct kc_driver *driver = token->driver;

	switch (use->operation) {
	case SESSION_SIGN:
		return driver->sign(token, use->object_id, use->algorithm, use->data, ret_result);
	case SESSION_DECRYPT:
		return driver->decrypt(token, use->object_id, use->algorithm, use->data,
				       ret_result);
	case SESSION_EXCHANGE:
		return driver->exchange(token, use->object_id, use->algorithm, use->data,
					ret_result);
	}
	return fail(KC_ERR_INTERNAL, "no such operation");
}

enum kc_status session_use_key(struct kc_token *token, const struct session_turn *turn,
			       const struct session_use *use, struct kc_bytes *ret_result)
{
	const struct contents_object *key = NULL;
	enum kc_status status = KC_OK;

	note_turn(token, turn);
	TRY(check_use(token, use, &key));
	TRY(claim_permission(token, turn, key));
	TRY(need_application(token));
	status = perform(token, use, ret_result);
	if (status == KC_ERR_AUTHENTICATION_NEEDED)
		forget_authentication(token);
	return status;
}
