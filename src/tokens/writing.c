/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing takes one turn with the card: to plan → ChallengeAdmin → AuthenticateAdmin → to perform.
 * What is wrong with the wish is said before anybody is asked for anything. An administrator's PIN
 * goes the way of all PINs (operation_pin.c): its tries are looked at, the last takes a yes. A
 * management key has no tries; the proof is admin_proof.c's.
 *
 * From AuthenticateAdmin on the card is reset when the turn is over, however that happens, so that
 * nobody inherits what was proved; then it is read anew (refresh.c), by nobody in particular.
 */
#include "tokens/writing.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "tokens/admin_proof.h"
#include "tokens/operation_impl.h"
#include "tokens/refresh.h"

#define METHOD(name) "org.keycask.Driver." name

/* How each is asked of a driver, and spoken of. */
static const struct writing_manner {
	const char *plan;
	const char *perform;
	const char *what;
	const char *act;   /* for whoever is asked */
	const char *kind;  /* of the Object that is answered; NULL: none is */
	const char *taken; /* what to do about a place that is taken */
} manners[] = {
	[WRITING_GENERATE] = {METHOD("PlanKey"), METHOD("Generate"), "making a key",
			      "have a key made by a token", "key",
			      "choose another place; or, when a key that is there may be lost: "
			      "may_replace, or keycask key create --replace"},
	[WRITING_IMPORT] = {METHOD("PlanKey"), METHOD("ImportKey"), "importing a key",
			    "put a private key onto a token", "key",
			    "choose another place; or, when a key that is there may be lost: "
			    "may_replace, or keycask key import --replace"},
	[WRITING_CERTIFICATE] = {METHOD("PlanCertificate"), METHOD("PutCertificate"),
				 "writing a certificate", "put a certificate onto a token",
				 "certificate",
				 "when the certificate that is there may be lost: may_replace, or "
				 "keycask cert import --replace"},
	[WRITING_DELETION] = {METHOD("PlanDeletion"), METHOD("DeleteObject"), "deleting", NULL,
			      NULL, NULL},
};

struct writing {
	const struct writing_manner *manner;
	enum writing_kind kind;
	struct json_object *wish;
	struct json_object *key;  /* of an import; a secret, whose text is wiped when it is freed */
	struct token_pin guard;	  /* the administrator's PIN, when there is no cipher */
	struct admin_proof proof; /* of a management key */
};

struct writing *writing_free(struct writing *writing)
{
	if (!writing)
		return NULL;
	field_free(&writing->wish);
	field_free(&writing->key);
	admin_proof_done(&writing->proof);
	free(writing);
	return NULL;
}

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

static enum kc_status call(struct operation *operation, const char *method,
			   struct json_object *parameters, wire_reply_fn on_reply)
{
	error_clear();
	return operation_call(operation, method, parameters, on_reply);
}

static enum kc_status call_with_wish(struct operation *operation, const char *method,
				     struct json_object *key, wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put(parameters, "wish", json_object_get(operation->writing->wish)));
	if (key)
		TRY(field_put(parameters, "key", json_object_get(key)));
	return call(operation, method, take(parameters), on_reply);
}

/* --- what is written ----------------------------------------------------------------------- */

static void on_refreshed(void *userdata, enum kc_status status, struct json_object *made)
{
	struct operation *operation = userdata;

	if (status == KC_OK)
		operation_succeed(operation, made);
	else
		operation_fail_by_driver(operation, status);
}

/* What was there may be lost without anything in its place. */
static bool may_have_changed(enum kc_status status)
{
	return status != KC_ERR_AUTHENTICATION_NEEDED && status != KC_ERR_DUPLICATE_ITEM &&
	       status != KC_ERR_TOKEN_NOT_FOUND && status != KC_ERR_NOT_AVAILABLE;
}

static bool is_text(struct json_object *object, const char *name, const char *text)
{
	const char *told = field_text(object, name);

	return told && text && strcmp(told, text) == 0;
}

/* What a driver says that it has written must be what it was given. */
static enum kc_status check_answer(const struct writing *writing, struct json_object *object)
{
	bool is_it = !writing->manner->kind || is_text(object, "kind", writing->manner->kind);

	if (writing->kind == WRITING_CERTIFICATE)
		is_it = is_it && is_text(object, "data", field_text(writing->wish, "data"));
	if (writing->kind == WRITING_IMPORT)
		is_it = is_it &&
			is_text(object, "public_key", field_text(writing->key, "public_key"));
	REQUIRE(is_it, KC_ERR_INTERNAL, "the driver has written something else than it was told");
	return KC_OK;
}

static struct refresh_change change_of(const struct writing *writing, struct json_object *reply)
{
	struct refresh_change change = {.added = field_get(reply, "object")};

	if (writing->kind == WRITING_DELETION)
		change.deleted = writing->wish;
	return change;
}

/* The next turn is the refreshing one's, whoever waits: it is in the queue before ours is over. */
static void on_written(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;
	struct token *token = operation->token;
	struct refresh_change change = {.added = NULL};
	bool is_wanted = false;
	enum kc_status refreshed = KC_OK;

	operation->is_generating = false;
	if (status == KC_OK)
		status = check_answer(operation->writing, field_get(reply, "object"));
	if (status == KC_OK)
		change = change_of(operation->writing, reply);
	is_wanted = !operation->is_cancelled && status == KC_OK;
	if (may_have_changed(status))
		refreshed =
			refresh_start(token, &change, is_wanted ? on_refreshed : NULL, operation);
	if (!operation_has_returned(operation))
		return;
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
	else if (refreshed != KC_OK)
		operation_fail(operation, refreshed);
	else
		card_finish(token->card, &operation->task);
}

static void perform(struct operation *operation)
{
	const struct writing *writing = operation->writing;
	enum kc_status status = KC_OK;

	operation->is_generating = writing->kind == WRITING_GENERATE;
	status = call_with_wish(operation, writing->manner->perform, writing->key, on_written);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

/* --- the administrator --------------------------------------------------------------------- */

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
	perform(operation);
}

/* Whatever happens from here on, the card forgets it before anybody else has it. */
static enum kc_status call_authenticate(struct operation *operation, struct json_object *parameters)
{
	card_request_reset(operation->token->card);
	return call(operation, METHOD("AuthenticateAdmin"), parameters, on_authenticated);
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

/* --- what it takes ------------------------------------------------------------------------- */

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

static void on_planned(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	(void)reply;
	if (!operation_has_returned(operation))
		return;
	if (status == KC_OK)
		status = call(operation, METHOD("ChallengeAdmin"), NULL, on_challenged);
	if (status == KC_ERR_DUPLICATE_ITEM)
		error_set_hint("%s", operation->writing->manner->taken);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

void writing_run(struct operation *operation)
{
	enum kc_status status =
		call_with_wish(operation, operation->writing->manner->plan, NULL, on_planned);

	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

/* --- beginning ----------------------------------------------------------------------------- */

static enum kc_status writing_new(const struct writing_wish *wish, struct writing **ret_writing)
{
	struct writing *writing = calloc(1, sizeof(*writing));

	REQUIRE(writing, KC_ERR_ALLOCATE, "out of memory");
	*writing = (struct writing){.kind = wish->kind,
				    .manner = &manners[wish->kind],
				    .wish = json_object_get(wish->wish),
				    .key = json_object_get(wish->key),
				    .proof = ADMIN_PROOF_INIT};
	*ret_writing = writing;
	return KC_OK;
}

enum kc_status writing_start(struct token *token, const struct operation_options *options,
			     const struct writing_wish *wish, struct operation **ret_operation)
{
	struct writing *writing = NULL;
	struct operation_options with_pin = *options;
	enum kc_status status = KC_OK;

	TRY(writing_new(wish, &writing));
	with_pin.needs_pin = true;
	status = operation_new(token, &with_pin, NULL, NULL, ret_operation);
	if (status != KC_OK) {
		ignore(writing_free(writing) != NULL);
		return status;
	}
	(*ret_operation)->writing = writing;
	operation_submit(*ret_operation);
	return KC_OK;
}
