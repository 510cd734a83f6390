/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How an operation comes by a PIN and proves it. A PIN is proved to the card each time, never
 * compared here; it is tried once and never again by itself; the last try is used only when
 * somebody said so (design/decisions.md 9).
 */
#include <stdio.h>

#include "base/try.h"
#include "tokens/operation_impl.h"
#include "tokens/pin_form.h"
#include "tokens/pin_question.h"

enum {
	QUESTIONS_MAX = 5, /* a pinentry may answer without a person */
};

static void drop_pin(struct operation *operation)
{
	secret_done(&operation->pin);
	operation->pin_source = PIN_SOURCE_NONE;
}

/* No tries are left, or only the last: say so instead of spending it. */
static void refuse_blocked(struct operation *operation)
{
	error_clear();
	error_set_tries_left(0);
	operation_fail_by_driver(operation, fail(KC_ERR_PIN_BLOCKED, "the PIN is blocked"));
}

static void refuse_last_try(struct operation *operation)
{
	error_clear();
	error_set_tries_left(1);
	error_set_hint("if you are sure of the PIN, repeat with --last-try");
	operation_fail(operation, fail(KC_ERR_INTERACTION_NOT_ALLOWED,
				       "one try is left: a wrong PIN would block the card"));
}

/* What a driver says of the tries; -1: unknown, and not because asking failed. */
static enum kc_status read_tries(enum kc_status status, struct json_object *reply, int *ret_tries)
{
	if (status != KC_ERR_NOT_IMPLEMENTED)
		TRY(status);
	*ret_tries = status == KC_OK ? (int)field_number(reply, "tries_left", -1) : -1;
	return KC_OK;
}

/* --- a person ------------------------------------------------------------------------------ */

/* Leave the card to others; operation_supply_pin() comes back to the queue. */
static void ask(struct operation *operation, int tries_left)
{
	const struct registry_hooks *hooks = &operation->token->registry->hooks;
	struct pin_question question = {.kind = PIN_QUESTION_USE,
					.why = operation->why[0] ? operation->why : NULL};

	operation->wants_person = false;
	operation->n_questions++;
	if (tries_left >= 0) /* else nothing was tried: it was no PIN by its form */
		operation->tries_left = tries_left;
	operation->is_last_try_confirmed = operation->tries_left == 1; /* the prompt says so */
	operation->is_asking = true;
	question.tries_left = operation->tries_left;
	card_cancel(operation->token->card, &operation->task);
	hooks->ask_pin(hooks->context, operation, &question);
}

/* The card's record is the thread's, and others have their turns before the person answers. */
static void ask_again(struct operation *operation, const char *why, int tries_left)
{
	(void)snprintf(operation->why, sizeof(operation->why), "%s", why);
	ask(operation, tries_left);
}

static void on_tries_before_asking(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;
	int tries_left = -1;

	if (!operation_has_returned(operation))
		return;
	status = read_tries(status, reply, &tries_left);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
	else if (tries_left == 0)
		refuse_blocked(operation);
	else if (tries_left < 0 && !operation->is_reset_tried)
		operation_repeat_after_reset(operation); /* a verified card does not tell */
	else
		ask(operation, tries_left);
}

void operation_pin_ask(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	if (!operation->options.may_prompt) {
		error_set_hint("give the PIN with --pin-fd; asking for it takes a terminal or "
			       "display, and leave to prompt");
		operation_fail(operation, fail(KC_ERR_INTERACTION_NOT_ALLOWED,
					       "a PIN is needed and nobody may be asked for it"));
		return;
	}
	operation->wants_person = true;
	status = operation_call(operation, OPERATION_PIN_STATUS, NULL, on_tries_before_asking);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

/* --- proving ------------------------------------------------------------------------------- */

static void on_right(struct operation *operation)
{
	struct pin_session *session = operation->options.session;
	/* Who was locked out meanwhile has this operation, and must authenticate for the next. */
	bool may_remember = operation->pin_source != PIN_SOURCE_SESSION &&
			    operation->pin_given_to == pin_session_id(session);

	operation->is_verified = true;
	if (may_remember)
		pin_session_remember(session, &operation->pin);
	drop_pin(operation);
	operation_perform(operation);
}

static void on_wrong(struct operation *operation, enum kc_status status)
{
	bool may_ask_again = operation->pin_source == PIN_SOURCE_PERSON &&
			     operation->n_questions < QUESTIONS_MAX;

	drop_pin(operation);
	pin_session_forget(operation->options.session);
	if (status == KC_ERR_AUTHENTICATION_FAILED && may_ask_again)
		ask_again(operation, error_get()->message, error_get()->tries_left);
	else
		operation_fail_by_driver(operation, status);
}

static void on_authenticated(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	(void)reply;
	if (!operation_has_returned(operation))
		return;
	if (status == KC_OK)
		on_right(operation);
	else
		on_wrong(operation, status);
}

/* Cards may tell keys apart: the driver hears for which one the PIN is verified. */
static enum kc_status put_key(const struct operation *operation, struct json_object *parameters)
{
	struct json_object *object_id = field_get(operation->parameters, "object_id");

	return object_id ? field_put(parameters, "object_id", json_object_get(object_id)) : KC_OK;
}

static enum kc_status call_authenticate(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct kc_view pin = secret_view(&operation->pin);
	struct json_object *text = json_object_new_string_len((const char *)pin.data, (int)pin.len);

	if (text)
		field_wipe_on_free(text);
	TRY(field_new_object(&parameters));
	TRY(field_put(parameters, "pin", text));
	TRY(put_key(operation, parameters));
	card_mark_sensitive(operation->token->card);
	return operation_call(operation, "org.keycask.Driver.Authenticate", take(parameters),
			      on_authenticated);
}

static bool may_use_last_try(const struct operation *operation)
{
	return operation->options.may_use_last_try || operation->is_last_try_confirmed;
}

/* The last try, and nobody was told: a person may decide, a program must say so beforehand. */
static void hold_last_try(struct operation *operation)
{
	bool is_typed = operation->pin_source == PIN_SOURCE_PERSON;
	bool is_given = operation->pin_source == PIN_SOURCE_REQUEST;

	drop_pin(operation);
	if (is_typed)
		ask_again(operation, "meanwhile a wrong PIN was tried", 1);
	else if (is_given || !operation->options.may_prompt)
		refuse_last_try(operation);
	else
		ask(operation, 1);
}

/*
 * A card that says 9000 instead of a number is verified, and then all its tries are left: SP
 * 800-73-5 part 2, 3.2.1, "the retry counter shall be set to the reset retry value".
 */
static void on_tries_known(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;
	int tries_left = -1;

	if (!operation_has_returned(operation))
		return;
	status = read_tries(status, reply, &tries_left);
	if (status == KC_OK && tries_left == 1 && !may_use_last_try(operation)) {
		hold_last_try(operation);
		return;
	}
	error_clear();
	if (status == KC_OK)
		status = call_authenticate(operation);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

void operation_pin_prove(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = pin_form_check(token_pins_find(&operation->token->pins, NULL),
				secret_view(&operation->pin));
	if (status != KC_OK) {
		on_wrong(operation, status);
		return;
	}
	status = operation_call(operation, OPERATION_PIN_STATUS, NULL, on_tries_known);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

void operation_pin_need(struct operation *operation)
{
	struct kc_view pin = {NULL, 0};

	if (!operation->options.needs_new_pin && !operation->is_session_pin_tried)
		pin = pin_session_use(operation->options.session);
	operation->is_session_pin_tried = true;
	if (!pin.data) {
		operation_pin_ask(operation);
		return;
	}
	if (secret_init(&operation->pin, pin) != KC_OK) {
		operation_fail(operation, KC_ERR_ALLOCATE);
		return;
	}
	operation->pin_source = PIN_SOURCE_SESSION;
	operation_pin_prove(operation);
}
