/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How an operation comes by a PIN and proves it. A PIN is proved to the card each time, never
 * compared here; it is tried once and never again by itself; the last try is used only when
 * somebody said so (design/decisions.md 9).
 */
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "tokens/operation_impl.h"
#include "tokens/pin_form.h"
#include "tokens/pin_question.h"
#include "tokens/status.h"

enum {
	QUESTIONS_MAX = 5, /* a pinentry may answer without a person */
};

void operation_pin_drop(struct operation *operation)
{
	secret_done(&operation->pin);
	operation->pin_source = PIN_SOURCE_NONE;
}

/* The PIN that is to be proved; NULL when nothing is known of it. */
static const struct token_pin *guard_of(const struct operation *operation)
{
	if (operation->writing)
		return writing_guard(operation->writing);
	return operation->change ? pin_change_guard(operation->change)
				 : token_pins_find(&operation->token->pins, NULL);
}

/* It is the token's own PIN that is wanted, to use it. */
static bool is_plain(const struct operation *operation)
{
	return !operation->change && !operation->writing;
}

/* No tries are left, or only the last: say so instead of spending it. */
static void refuse_blocked(struct operation *operation)
{
	const struct token_pin *guard = guard_of(operation);

	error_clear();
	error_set_tries_left(0);
	status_hint_blocked(operation->token, guard);
	operation_fail_by_driver(operation, fail(KC_ERR_PIN_BLOCKED, "the %s is blocked",
						 guard ? guard->label : "PIN"));
}

static void refuse_last_try(struct operation *operation)
{
	error_clear();
	error_set_tries_left(1);
	error_set_hint("if you are sure of the PIN, repeat with last_try (--last-try)");
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

static enum kc_status call_pin_status(struct operation *operation, wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	if (!is_plain(operation))
		TRY(field_put_text(parameters, "pin_id", guard_of(operation)->pin_id));
	return operation_call(operation, OPERATION_PIN_STATUS, take(parameters), on_reply);
}

/* --- a person ------------------------------------------------------------------------------ */

static void begin_keypad(struct operation *operation);

/* A reader's own keypad is asked first: what is typed there no program sees. */
static bool has_keypad(const struct operation *operation)
{
	const struct card *card = operation->token->card;
	bool fits = operation->change ? pin_change_fits_keypad(operation->change) &&
						card_has_keypad_for_change(card)
				      : card_has_keypad(card);

	return fits && !operation->writing && operation->options.may_use_keypad &&
	       !operation->is_keypad_useless &&
	       operation->token->registry->settings.keypad_deadline_s > 0;
}

static struct pin_question word_question(const struct operation *operation)
{
	struct pin_question question = {.kind = PIN_QUESTION_USE,
					.why = operation->why[0] ? operation->why : NULL,
					.tries_left = operation->tries_left};

	if (operation->change)
		pin_change_word(operation->change, &question);
	if (operation->writing)
		writing_word(operation->writing, &question);
	return question;
}

/* Leave the card to others; operation_supply_pin() comes back to the queue. */
static void ask(struct operation *operation, int tries_left)
{
	struct pin_question question;

	operation->wants_person = false;
	operation->n_questions++;
	if (tries_left >= 0) /* else nothing was tried: it was no PIN by its form */
		operation->tries_left = tries_left;
	operation->is_last_try_confirmed = operation->tries_left == 1; /* the prompt says so */
	if (has_keypad(operation)) {
		begin_keypad(operation);
		return;
	}
	question = word_question(operation);
	operation_ask(operation, &question);
}

/* The card's record is the thread's, and others have their turns before the person answers. */
void operation_pin_ask_again(struct operation *operation, const char *why, int tries_left)
{
	(void)snprintf(operation->why, sizeof(operation->why), "%s", why);
	if (has_keypad(operation)) /* which nobody may see: its last try is looked for first */
		operation_pin_ask(operation);
	else
		ask(operation, tries_left);
}

bool operation_pin_may_ask_again(const struct operation *operation)
{
	bool is_person = operation->pin_source == PIN_SOURCE_PERSON ||
			 operation->pin_source == PIN_SOURCE_KEYPAD;

	return is_person && operation->n_questions < QUESTIONS_MAX;
}

/* A verified card does not tell how many tries are left, unless it is reset; not for another PIN
 * than the token's, which some cards never tell of. */
static bool may_tell_after_reset(const struct operation *operation)
{
	return !operation->is_reset_tried &&
	       (is_plain(operation) || strcmp(guard_of(operation)->role, "user") == 0);
}

/* A dialog has the PIN typed below the words that it is the last try. At a keypad nobody need have
 * read anything. */
static bool can_tell_person(const struct operation *operation)
{
	return operation->options.may_use_last_try ||
	       (operation->options.may_prompt && !has_keypad(operation));
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
	else if (tries_left < 0 && may_tell_after_reset(operation))
		operation_repeat_after_reset(operation);
	else if (tries_left == 1 && !can_tell_person(operation))
		refuse_last_try(operation);
	else
		ask(operation, tries_left);
}

void operation_pin_ask(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	if (!operation->options.may_prompt && !has_keypad(operation)) {
		error_set_hint("give the %s with --%s-fd; asking for it takes a terminal or "
			       "display, and leave to prompt",
			       operation->writing ? guard_of(operation)->label : "PIN",
			       operation->writing ? "administrator" : "pin");
		operation_fail(operation, fail(KC_ERR_INTERACTION_NOT_ALLOWED,
					       "a PIN is needed and nobody may be asked for it"));
		return;
	}
	operation->wants_person = true;
	status = call_pin_status(operation, on_tries_before_asking);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

/* --- the reader's keypad ------------------------------------------------------------------- */

static enum kc_status call_authenticate(struct operation *operation);

/* The dialog says where to type, and can be cancelled; the reader has the card meanwhile. */
static void begin_keypad(struct operation *operation)
{
	const struct registry_hooks *hooks = &operation->token->registry->hooks;
	struct pin_question question = word_question(operation);
	enum kc_status status = KC_OK;

	error_clear();
	status = hooks->claim_keypad(hooks->context, operation);
	if (status != KC_OK) {
		operation_fail(operation, status);
		return;
	}
	operation->pin_source = PIN_SOURCE_KEYPAD;
	operation->pin_given_to = pin_session_id(operation->options.session);
	status = operation->change ? pin_change_call(operation) : call_authenticate(operation);
	if (status != KC_OK) {
		operation_fail_by_driver(operation, status);
		return;
	}
	question.kind = PIN_QUESTION_KEYPAD;
	if (operation->options.may_prompt)
		operation_ask(operation, &question);
}

/* The driver, or the reader, cannot: type it here. */
void operation_pin_leave_keypad(struct operation *operation)
{
	operation_pin_drop(operation);
	operation->is_keypad_useless = true;
	operation->n_questions--;
	operation_pin_ask(operation);
}

/* --- proving ------------------------------------------------------------------------------- */

static void on_right(struct operation *operation)
{
	struct pin_session *session = operation->options.session;
	/* Who was locked out meanwhile has this operation, and must authenticate for the next. */
	bool may_remember = operation->pin_source != PIN_SOURCE_SESSION &&
			    operation->pin_given_to == pin_session_id(session);

	operation->is_verified = true;
	if (is_plain(operation))
		operation->token->proved_in = card_turn_number(operation->token->card);
	if (may_remember && operation->pin_source == PIN_SOURCE_KEYPAD)
		pin_session_note_keypad(session);
	else if (may_remember)
		pin_session_remember(session, &operation->pin);
	operation_pin_drop(operation);
	operation_perform(operation);
}

static void on_wrong(struct operation *operation, enum kc_status status)
{
	bool may_ask_again = operation_pin_may_ask_again(operation);

	operation_pin_drop(operation);
	if (is_plain(operation)) /* a wrong PUK says nothing of the PIN */
		pin_session_forget(operation->options.session);
	if (status == KC_ERR_AUTHENTICATION_FAILED && may_ask_again)
		operation_pin_ask_again(operation, error_get()->message, error_get()->tries_left);
	else
		operation_fail_by_driver(operation, status);
}

static void on_authenticated(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	(void)reply;
	if (!operation_has_returned(operation))
		return;
	if (operation->pin_source == PIN_SOURCE_KEYPAD)
		operation_stop_asking(operation);
	if (status == KC_OK)
		on_right(operation);
	else if (status == KC_ERR_NOT_IMPLEMENTED && operation->pin_source == PIN_SOURCE_KEYPAD)
		operation_pin_leave_keypad(operation);
	else
		on_wrong(operation, status);
}

/* Cards may tell keys apart: the driver hears for which one the PIN is verified. */
static enum kc_status put_key(const struct operation *operation, struct json_object *parameters)
{
	struct json_object *object_id = field_get(operation->parameters, "object_id");

	return object_id ? field_put(parameters, "object_id", json_object_get(object_id)) : KC_OK;
}

enum kc_status operation_put_pin(struct json_object *parameters, const char *name,
				 const struct secret *pin)
{
	struct kc_view view = secret_view(pin);
	struct json_object *text = NULL;

	if (!view.data)
		return KC_OK;
	text = json_object_new_string_len((const char *)view.data, (int)view.len);
	if (text)
		field_wipe_on_free(text);
	return field_put(parameters, name, text);
}

static enum kc_status call_authenticate(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(put_key(operation, parameters));
	TRY(operation_put_pin(parameters, "pin", &operation->pin));
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

	operation_pin_drop(operation);
	if (is_typed)
		operation_pin_ask_again(operation, "meanwhile a wrong PIN was tried", 1);
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
	if (status == KC_OK && tries_left == 0) {
		refuse_blocked(operation);
		return;
	}
	if (status == KC_OK && tries_left == 1 && !may_use_last_try(operation)) {
		hold_last_try(operation);
		return;
	}
	error_clear();
	if (status == KC_OK && operation->writing)
		status = writing_call(operation);
	else if (status == KC_OK)
		status = operation->change ? pin_change_call(operation)
					   : call_authenticate(operation);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

/* By another session, and nobody has had the card since: it would say 9000, see above. Sessions
 * that take turns need not ask each time. */
static bool is_just_proved(const struct operation *operation)
{
	const struct token *token = operation->token;

	return is_plain(operation) && token->proved_in + 1 == card_turn_number(token->card);
}

void operation_pin_prove(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = pin_form_check(guard_of(operation), secret_view(&operation->pin));
	if (status != KC_OK) {
		on_wrong(operation, status);
		return;
	}
	status = is_just_proved(operation) ? call_authenticate(operation)
					   : call_pin_status(operation, on_tries_known);
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
