/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ChallengeAdmin says what a token wants of whoever writes to it. An administrator's PIN goes the
 * way of all PINs (operation_pin.c): its tries are looked at, the last takes a yes. A management
 * key has no tries; the proof is admin_proof.c's.
 *
 * From AuthenticateAdmin on the card is reset when the turn is over, however that happens, so that
 * nobody inherits what was proved.
 */
#include <string.h>

#include "base/try.h"
#include "tokens/writing_impl.h"

/* --- for operation_pin.c -----------------------------------------------------------------------
 */

const struct token_pin *writing_guard(const struct writing *writing)
{
	return writing->proof.cipher ? NULL : &writing->guard;
}

/* Somebody must know what goes: a key is lost for ever. */
static const char *act_of(const struct writing *writing)
{
	const char *kind = field_text(writing->wish, "kind");

	if (writing->kind != WRITING_DELETION)
		return writing->manner->act;
	return kind && strcmp(kind, "key") == 0 ? "delete a private key of a token"
						: "delete a certificate of a token";
}

void writing_word(const struct writing *writing, struct pin_question *question)
{
	question->kind = writing->proof.cipher ? PIN_QUESTION_MANAGEMENT_KEY : PIN_QUESTION_ADMIN;
	question->pin = writing->proof.cipher ? NULL : writing->guard.label;
	question->act = act_of(writing);
}

/* --- it is proved ------------------------------------------------------------------------------
 */

static void hint_management_key(const struct writing *writing)
{
	if (writing->proof.is_default)
		error_set_hint(
			"the card says that its management key is still the one that it came "
			"with, which its maker's manual has: give it with --administrator-fd, and "
			"change it");
	else
		error_set_hint(
			"give the card's management key in hexadecimal with --administrator-fd; "
			"asking for it takes a terminal or display, and leave to prompt");
}

static void on_refused(struct operation *operation, enum kc_status status)
{
	const struct writing *writing = operation->writing;
	bool may_ask_again = operation_pin_may_ask_again(operation);
	int tries_left = error_get()->tries_left;

	operation_pin_drop(operation);
	if ((status == KC_ERR_AUTHENTICATION_FAILED || status == KC_ERR_AUTH_FAILED) &&
	    may_ask_again) {
		operation_pin_ask_again(operation, error_get()->message, tries_left);
		return;
	}
	if (status == KC_ERR_PIN_BLOCKED)
		error_set_hint("nothing unblocks the %s", writing->guard.label);
	else if (writing->proof.cipher && writing->proof.is_default)
		hint_management_key(writing);
	else if (writing->proof.cipher)
		error_set_hint("check the management key; nothing was changed");
	else if (status == KC_ERR_AUTHENTICATION_FAILED && tries_left >= 0)
		error_set_hint("check the %s; %d %s left", writing->guard.label, tries_left,
			       tries_left == 1 ? "try is" : "tries are");
	operation_fail_by_driver(operation, status);
}

static void on_authenticated(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	if (!operation_has_returned(operation))
		return;
	if (status == KC_OK)
		status = admin_proof_check(&operation->writing->proof, reply);
	if (status != KC_OK) {
		on_refused(operation, status);
		return;
	}
	operation_pin_drop(operation);
	writing_perform(operation);
}

/* Whatever happens from here on, the card forgets it before anybody else has it. */
static enum kc_status call_authenticate(struct operation *operation, struct json_object *parameters)
{
	card_request_reset(operation->token->card);
	return writing_ask_driver(operation, WRITING_METHOD("AuthenticateAdmin"), parameters,
				  on_authenticated);
}

enum kc_status writing_call(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(operation_put_pin(parameters, "pin", &operation->pin));
	return call_authenticate(operation, take(parameters));
}

static enum kc_status prove_key(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(admin_proof_answer(&operation->writing->proof, secret_view(&operation->pin),
			       &parameters));
	return call_authenticate(operation, take(parameters));
}

static void ask_key(struct operation *operation)
{
	if (operation->options.may_prompt) {
		operation_pin_ask_again(operation, "", -1);
		return;
	}
	error_clear();
	hint_management_key(operation->writing);
	operation_fail(operation, fail(KC_ERR_INTERACTION_NOT_ALLOWED,
				       "%s takes the card's management key, and nobody may be "
				       "asked for it",
				       operation->writing->manner->what));
}

/* --- what it takes ------------------------------------------------------------------------------
 */

static enum kc_status find_guard(const struct token *token, struct writing *writing)
{
	const struct token_pin *guard = token_pins_find(&token->pins, "admin");

	REQUIRE(guard, KC_ERR_NOT_IMPLEMENTED,
		"the token's driver does not say what its administrator has to prove");
	writing->guard = *guard;
	writing->proof.cipher = NULL;
	return KC_OK;
}

static void prove(struct operation *operation)
{
	bool has_secret = operation->pin_source != PIN_SOURCE_NONE;
	enum kc_status status = KC_OK;

	if (!operation->writing->proof.cipher && has_secret)
		operation_pin_prove(operation);
	else if (!operation->writing->proof.cipher)
		operation_pin_ask(operation);
	else if (!has_secret)
		ask_key(operation);
	else
		status = prove_key(operation);
	if (status != KC_OK)
		on_refused(operation, status);
}

static void on_challenged(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	if (!operation_has_returned(operation))
		return;
	if (status == KC_OK && field_get(reply, "cipher"))
		status = admin_proof_challenge(&operation->writing->proof, reply);
	else if (status == KC_OK)
		status = find_guard(operation->token, operation->writing);
	if (status == KC_OK)
		prove(operation);
	else
		operation_fail_by_driver(operation, status);
}

void writing_admin_begin(struct operation *operation)
{
	enum kc_status status = writing_ask_driver(operation, WRITING_METHOD("ChallengeAdmin"),
						   NULL, on_challenged);

	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}
