/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Setting a PIN anew: changing it with its present value, or unblocking it with another PIN. The
 * PIN that must be right for that, here the guard, goes the way of all PINs (operation_pin.c): its
 * tries are looked at first, it is tried once, the last try takes a yes. The new one is typed
 * twice, and its form judged before the card is asked.
 */
#include "tokens/pin_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/operation_impl.h"
#include "tokens/pin_form.h"
#include "tokens/status.h"

enum {
	NEW_QUESTIONS_MAX = 5,
	NAMES_BYTES = 160,
};

struct pin_change {
	struct token_pin pin; /* which gets a new value */
	struct token_pin guard;
	bool is_unblocking;
	struct secret new_pin;
	struct secret typed; /* once, to be repeated */
	enum pin_question_kind asked;
	unsigned n_questions; /* for a new PIN */
	bool is_new_typed;    /* by a person, who may choose another */
	char rules[PIN_FORM_RULES_BYTES];
};

struct pin_change *pin_change_free(struct pin_change *change)
{
	if (!change)
		return NULL;
	secret_done(&change->new_pin);
	secret_done(&change->typed);
	free(change);
	return NULL;
}
DEFINE_FREEP(pin_change)

const struct token_pin *pin_change_guard(const struct pin_change *change)
{
	return &change->guard;
}

/* A reader asks for all of it, or for nothing. */
bool pin_change_fits_keypad(const struct pin_change *change)
{
	return !change->new_pin.data;
}

void pin_change_word(const struct pin_change *change, struct pin_question *question)
{
	question->kind = change->is_unblocking ? PIN_QUESTION_UNBLOCK : PIN_QUESTION_CURRENT;
	question->pin = change->guard.label;
}

/* --- the new PIN --------------------------------------------------------------------------- */

/* @why NULL: for the first time. Leaves the card to others. */
static void ask_new(struct operation *operation, enum pin_question_kind kind, const char *why)
{
	struct pin_change *change = operation->change;
	struct pin_question question = {.kind = kind,
					.pin = change->pin.label,
					.rules = change->rules,
					.why = why,
					.tries_left = -1};

	if (!operation->options.may_prompt) {
		error_clear();
		error_set_hint(
			"give the new PIN with --new-pin-fd; asking for it takes a terminal or "
			"display, and leave to prompt");
		operation_fail(operation,
			       fail(KC_ERR_INTERACTION_NOT_ALLOWED,
				    "a new PIN is needed and nobody may be asked for it"));
		return;
	}
	change->asked = kind;
	operation_ask(operation, &question);
}

/* The record says why the one that was typed cannot be it. */
static void ask_another(struct operation *operation)
{
	struct error_record cause = *error_get();

	operation->change->n_questions++;
	if (operation->change->n_questions >= NEW_QUESTIONS_MAX)
		operation_fail(operation, KC_ERR_PARAM);
	else
		ask_new(operation, PIN_QUESTION_NEW, cause.message);
}

static void take_new(struct operation *operation, struct secret *pin)
{
	struct pin_change *change = operation->change;

	error_clear();
	if (pin_form_check_new(&change->pin, secret_view(pin)) != KC_OK) {
		ask_another(operation);
		return;
	}
	secret_done(&change->typed);
	change->typed = secret_take(pin);
	ask_new(operation, PIN_QUESTION_REPEAT, NULL);
}

static void take_repeated(struct operation *operation, struct secret *pin)
{
	struct pin_change *change = operation->change;
	bool is_same = view_equal(secret_view(&change->typed), secret_view(pin));

	if (!is_same) {
		secret_done(&change->typed);
		error_clear();
		ignore(fail(KC_ERR_PARAM, "the new PIN was not typed alike twice") != KC_OK);
		ask_another(operation);
		return;
	}
	change->new_pin = secret_take(&change->typed);
	change->is_new_typed = true;
	operation_submit(operation);
}

static void take_guard(struct operation *operation, struct secret *pin)
{
	struct pin_change *change = operation->change;

	operation->pin = secret_take(pin);
	operation->pin_source = PIN_SOURCE_PERSON;
	error_clear();
	if (pin_form_check(&change->guard, secret_view(&operation->pin)) == KC_OK &&
	    !change->new_pin.data)
		ask_new(operation, PIN_QUESTION_NEW, NULL);
	else
		operation_submit(operation); /* which asks again for what has no form */
}

void pin_change_supply(struct operation *operation, struct secret *pin)
{
	switch (operation->change->asked) {
	case PIN_QUESTION_NEW:
		take_new(operation, pin);
		break;
	case PIN_QUESTION_REPEAT:
		take_repeated(operation, pin);
		break;
	case PIN_QUESTION_USE:
	case PIN_QUESTION_CURRENT:
	case PIN_QUESTION_UNBLOCK:
	case PIN_QUESTION_KEYPAD:
	case PIN_QUESTION_ADMIN:
	case PIN_QUESTION_MANAGEMENT_KEY:
	default:
		take_guard(operation, pin);
		break;
	}
}

void pin_change_run(struct operation *operation)
{
	struct pin_change *change = operation->change;
	bool is_formless = operation->pin_source != PIN_SOURCE_NONE &&
			   pin_form_check(&change->guard, secret_view(&operation->pin)) != KC_OK;

	change->asked = PIN_QUESTION_CURRENT; /* or another, once that is right */
	if (operation->pin_source == PIN_SOURCE_NONE)
		operation_pin_ask(operation);
	else if (change->new_pin.data || is_formless)
		operation_pin_prove(operation);
	else
		ask_new(operation, PIN_QUESTION_NEW, NULL);
}

/* --- the card ------------------------------------------------------------------------------ */

/* Nobody's PIN is right any more but the one that was just set. */
static void note_changed(struct operation *operation)
{
	struct token *token = operation->token;
	struct pin_change *change = operation->change;
	struct pin_session *session = operation->options.session; /* NULL: the client has left */
	bool is_ours = session && operation->pin_given_to == pin_session_id(session);

	log_info("token %s: the %s was %s", token->token_id, change->pin.label,
		 change->is_unblocking ? "unblocked" : "changed");
	if (token_pins_find(&token->pins, NULL) !=
	    token_pins_find(&token->pins, change->pin.pin_id))
		return;
	pin_session_forget_token(token->registry, token->token_id);
	if (is_ours && change->new_pin.data)
		pin_session_remember(session, &change->new_pin);
}

/* A wrong guard is asked for again, and what was chosen as the new PIN stays so. */
static void on_refused(struct operation *operation, enum kc_status status)
{
	struct pin_change *change = operation->change;
	bool may_ask_again = operation_pin_may_ask_again(operation);
	int tries_left = error_get()->tries_left;

	if (status == KC_ERR_BAD_PARAMETER && change->is_new_typed) {
		secret_done(&change->new_pin);
		ask_another(operation);
		return;
	}
	operation_pin_drop(operation);
	if (status == KC_ERR_AUTHENTICATION_FAILED && may_ask_again) {
		change->asked = PIN_QUESTION_CURRENT;
		operation_pin_ask_again(operation, error_get()->message, tries_left);
		return;
	}
	if (status == KC_ERR_PIN_BLOCKED)
		status_hint_blocked(operation->token, &change->guard);
	else if (status == KC_ERR_AUTHENTICATION_FAILED && tries_left >= 0)
		error_set_hint("check the %s; %d %s left", change->guard.label, tries_left,
			       tries_left == 1 ? "try is" : "tries are");
	operation_fail_by_driver(operation, status);
}

static void on_changed(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	(void)reply;
	if (status == KC_OK) /* also when nobody waits for it any more: the old PIN is wrong now */
		note_changed(operation);
	if (!operation_has_returned(operation))
		return;
	if (operation->pin_source == PIN_SOURCE_KEYPAD)
		operation_stop_asking(operation);
	if (status == KC_OK)
		operation_succeed(operation, NULL);
	else if (status == KC_ERR_NOT_IMPLEMENTED && operation->pin_source == PIN_SOURCE_KEYPAD)
		operation_pin_leave_keypad(operation);
	else
		on_refused(operation, status);
}

static enum kc_status put_parameters(const struct operation *operation,
				     struct json_object *parameters)
{
	const struct pin_change *change = operation->change;
	const char *guard = change->is_unblocking ? "unblocking" : "current";

	TRY(field_put_text(parameters, "pin_id", change->pin.pin_id));
	if (change->is_unblocking)
		TRY(field_put_text(parameters, "by", change->guard.pin_id));
	TRY(operation_put_pin(parameters, guard, &operation->pin));
	return operation_put_pin(parameters, "new", &change->new_pin);
}

enum kc_status pin_change_call(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	const char *method = operation->change->is_unblocking ? "org.keycask.Driver.UnblockPin"
							      : "org.keycask.Driver.ChangePin";

	TRY(field_new_object(&parameters));
	TRY(put_parameters(operation, parameters));
	card_mark_sensitive(operation->token->card);
	return operation_call(operation, method, take(parameters), on_changed);
}

/* --- beginning ----------------------------------------------------------------------------- */

enum kc_status pin_change_fail_unknown(const struct token *token, const char *name)
{
	char names[NAMES_BYTES] = "";
	size_t used = 0;

	REQUIRE(token->pins.n_pins > 0, KC_ERR_UNIMPLEMENTED,
		"this token's driver knows of no PIN that can be set");
	for (size_t i = 0; i < token->pins.n_pins && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 i > 0 ? ", " : "", token->pins.pins[i].pin_id);
	error_set_hint("this token has: %s", names);
	return fail(KC_ERR_PARAM, "the token has no PIN \"%.40s\"", name ? name : "user");
}

static enum kc_status choose_guard(const struct token *token, const struct pin_change_wish *wish,
				   struct pin_change *change)
{
	const struct token_pin *guard = &change->pin;

	if (wish->is_unblocking)
		guard = token_pins_find_unblocker(&token->pins, &change->pin, wish->by);
	REQUIRE(guard || !wish->by, KC_ERR_PARAM, "\"%.40s\" does not unblock the %s", wish->by,
		change->pin.label);
	REQUIRE(guard, KC_ERR_UNIMPLEMENTED, "nothing unblocks the %s", change->pin.label);
	change->guard = *guard;
	return KC_OK;
}

static enum kc_status choose(const struct token *token, const struct pin_change_wish *wish,
			     struct pin_change *change)
{
	const struct token_pin *pin = token_pins_find(&token->pins, wish->pin_id);

	if (!pin)
		return pin_change_fail_unknown(token, wish->pin_id);
	change->pin = *pin;
	change->is_unblocking = wish->is_unblocking;
	pin_form_describe(pin, change->rules);
	TRY(choose_guard(token, wish, change));
	if (!wish->new_pin)
		return KC_OK;
	change->new_pin = secret_take(wish->new_pin);
	return pin_form_check_new(pin, secret_view(&change->new_pin));
}

enum kc_status pin_change_start(struct token *token, const struct operation_options *options,
				const struct pin_change_wish *wish,
				struct operation **ret_operation)
{
	CLEANUP(pin_change_freep) struct pin_change *change = calloc(1, sizeof(*change));
	struct operation_options with_pin = *options;

	REQUIRE(change, KC_ERR_ALLOCATE, "out of memory");
	error_set_token(token->token_id, token->manifest->class_id);
	TRY(choose(token, wish, change));
	error_clear();
	with_pin.needs_pin = true;
	TRY(operation_new(token, &with_pin, NULL, NULL, ret_operation));
	(*ret_operation)->change = take(change);
	operation_submit(*ret_operation);
	return KC_OK;
}
