/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making a key takes one turn with the card: PlanKey → ChallengeAdmin → AuthenticateAdmin →
 * Generate. What is wrong with the wish is said before anybody is asked for anything. An
 * administrator's PIN goes the way of all PINs (operation_pin.c): its tries are looked at, the last
 * takes a yes. A management key has no tries; the proof is admin_proof.c's.
 *
 * From AuthenticateAdmin on the card is reset when the turn is over, however that happens, so that
 * nobody inherits what was proved; then it is read anew (refresh.c), by nobody in particular.
 */
#include "tokens/key_creation.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "tokens/admin_proof.h"
#include "tokens/operation_impl.h"
#include "tokens/refresh.h"

#define METHOD(name) "org.keycask.Driver." name

struct key_creation {
	struct json_object *wish;
	struct token_pin guard;	  /* the administrator's PIN, when there is no cipher */
	struct admin_proof proof; /* of a management key */
};

struct key_creation *key_creation_free(struct key_creation *creation)
{
	if (!creation)
		return NULL;
	field_free(&creation->wish);
	admin_proof_done(&creation->proof);
	free(creation);
	return NULL;
}

const struct token_pin *key_creation_guard(const struct key_creation *creation)
{
	return creation->proof.cipher ? NULL : &creation->guard;
}

void key_creation_word(const struct key_creation *creation, struct pin_question *question)
{
	question->kind = creation->proof.cipher ? PIN_QUESTION_MANAGEMENT_KEY : PIN_QUESTION_ADMIN;
	question->pin = creation->proof.cipher ? NULL : creation->guard.label;
}

static enum kc_status call(struct operation *operation, const char *method,
			   struct json_object *parameters, wire_reply_fn on_reply)
{
	error_clear();
	return operation_call(operation, method, parameters, on_reply);
}

static enum kc_status call_with_wish(struct operation *operation, const char *method,
				     wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put(parameters, "wish", json_object_get(operation->creation->wish)));
	return call(operation, method, take(parameters), on_reply);
}

/* --- the key ------------------------------------------------------------------------------- */

static void on_refreshed(void *userdata, enum kc_status status, struct json_object *made)
{
	struct operation *operation = userdata;

	if (status == KC_OK)
		operation_succeed(operation, made);
	else
		operation_fail_by_driver(operation, status);
}

/* The key that was there may be lost without another in its place. */
static bool may_have_changed(enum kc_status status)
{
	return status != KC_ERR_AUTHENTICATION_NEEDED && status != KC_ERR_DUPLICATE_ITEM &&
	       status != KC_ERR_TOKEN_NOT_FOUND && status != KC_ERR_NOT_AVAILABLE;
}

/* The next turn is the refreshing one's, whoever waits: it is in the queue before ours is over. */
static void on_generated(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;
	struct token *token = operation->token;
	bool is_wanted = !operation->is_cancelled && status == KC_OK;
	enum kc_status refreshed = KC_OK;

	operation->is_generating = false;
	if (may_have_changed(status))
		refreshed = refresh_start(token, field_get(reply, "object"),
					  is_wanted ? on_refreshed : NULL, operation);
	if (!operation_has_returned(operation))
		return;
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
	else if (refreshed != KC_OK)
		operation_fail(operation, refreshed);
	else
		card_finish(token->card, &operation->task);
}

static void generate(struct operation *operation)
{
	enum kc_status status = KC_OK;

	operation->is_generating = true;
	status = call_with_wish(operation, METHOD("Generate"), on_generated);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

/* --- the administrator --------------------------------------------------------------------- */

static void hint_management_key(const struct key_creation *creation)
{
	if (creation->proof.is_default)
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
	const struct key_creation *creation = operation->creation;
	bool may_ask_again = operation_pin_may_ask_again(operation);
	int tries_left = error_get()->tries_left;

	operation_pin_drop(operation);
	if ((status == KC_ERR_AUTHENTICATION_FAILED || status == KC_ERR_AUTH_FAILED) &&
	    may_ask_again) {
		operation_pin_ask_again(operation, error_get()->message, tries_left);
		return;
	}
	if (status == KC_ERR_PIN_BLOCKED)
		error_set_hint("nothing unblocks the %s", creation->guard.label);
	else if (creation->proof.cipher && creation->proof.is_default)
		hint_management_key(creation);
	else if (creation->proof.cipher)
		error_set_hint("check the management key; nothing was made");
	else if (status == KC_ERR_AUTHENTICATION_FAILED && tries_left >= 0)
		error_set_hint("check the %s; %d %s left", creation->guard.label, tries_left,
			       tries_left == 1 ? "try is" : "tries are");
	operation_fail_by_driver(operation, status);
}

static void on_authenticated(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	if (!operation_has_returned(operation))
		return;
	if (status == KC_OK)
		status = admin_proof_check(&operation->creation->proof, reply);
	if (status != KC_OK) {
		on_refused(operation, status);
		return;
	}
	operation_pin_drop(operation);
	generate(operation);
}

/* Whatever happens from here on, the card forgets it before anybody else has it. */
static enum kc_status call_authenticate(struct operation *operation, struct json_object *parameters)
{
	card_request_reset(operation->token->card);
	return call(operation, METHOD("AuthenticateAdmin"), parameters, on_authenticated);
}

enum kc_status key_creation_call(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(operation_put_pin(parameters, "pin", &operation->pin));
	return call_authenticate(operation, take(parameters));
}

static enum kc_status prove_key(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(admin_proof_answer(&operation->creation->proof, secret_view(&operation->pin),
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
	hint_management_key(operation->creation);
	operation_fail(operation, fail(KC_ERR_INTERACTION_NOT_ALLOWED,
				       "making a key takes the card's management key, and nobody "
				       "may be asked for it"));
}

/* --- what it takes ------------------------------------------------------------------------- */

static enum kc_status find_guard(const struct token *token, struct key_creation *creation)
{
	const struct token_pin *guard = token_pins_find(&token->pins, "admin");

	REQUIRE(guard, KC_ERR_NOT_IMPLEMENTED,
		"the token's driver does not say what its administrator has to prove");
	creation->guard = *guard;
	creation->proof.cipher = NULL;
	return KC_OK;
}

static void prove(struct operation *operation)
{
	bool has_secret = operation->pin_source != PIN_SOURCE_NONE;
	enum kc_status status = KC_OK;

	if (!operation->creation->proof.cipher && has_secret)
		operation_pin_prove(operation);
	else if (!operation->creation->proof.cipher)
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
		status = admin_proof_challenge(&operation->creation->proof, reply);
	else if (status == KC_OK)
		status = find_guard(operation->token, operation->creation);
	if (status == KC_OK)
		prove(operation);
	else
		operation_fail_by_driver(operation, status);
}

static void on_planned(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	(void)reply;
	if (!operation_has_returned(operation))
		return;
	if (status == KC_OK)
		status = call(operation, METHOD("ChallengeAdmin"), NULL, on_challenged);
	if (status == KC_ERR_DUPLICATE_ITEM)
		error_set_hint("choose another place; or, when a key that is there may be lost: "
			       "may_replace, or keycask key create --replace");
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

void key_creation_run(struct operation *operation)
{
	enum kc_status status = call_with_wish(operation, METHOD("PlanKey"), on_planned);

	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

/* --- beginning ----------------------------------------------------------------------------- */

enum kc_status key_creation_start(struct token *token, const struct operation_options *options,
				  struct json_object *wish, struct operation **ret_operation)
{
	struct key_creation *creation = calloc(1, sizeof(*creation));
	struct operation_options with_pin = *options;
	enum kc_status status = KC_OK;

	REQUIRE(creation, KC_ERR_ALLOCATE, "out of memory");
	creation->proof = ADMIN_PROOF_INIT;
	creation->wish = json_object_get(wish);
	with_pin.needs_pin = true;
	status = operation_new(token, &with_pin, NULL, NULL, ret_operation);
	if (status != KC_OK) {
		ignore(key_creation_free(creation) != NULL);
		return status;
	}
	(*ret_operation)->creation = creation;
	operation_submit(*ret_operation);
	return KC_OK;
}
