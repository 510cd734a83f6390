/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The straight path of an operation:
 *   queue → [check tries → Authenticate] → the call → answer
 * and the two ways in which it may turn out to need a PIN: it is known before (a PIN was given, or
 * the key wants one each time), or the driver answers authentication_needed. A session's own PIN
 * serves silently; a wrong PIN is never tried again by itself; while a person is asked, the card
 * serves others.
 */
#include "tokens/operation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/card.h"
#include "tokens/contents.h"
#include "tokens/status.h"
#include "tokens/token_impl.h"

#define METHOD_PIN_STATUS "org.keycask.Driver.PinStatus"

struct operation {
	struct list link; /* token::operations */
	struct card_task task;
	struct token *token;
	struct operation_options options;
	char *purpose;
	const char *method;
	struct json_object *parameters; /* of the call, without turn */
	struct secret pin;		/* to be proved in this turn */
	bool has_pin;
	bool is_asked; /* the PIN came from a person */
	bool is_last_try_confirmed;
	bool is_session_pin_tried;
	bool is_verified; /* authenticated in this turn */
	bool is_asking;
	bool is_reset_tried;
	bool is_calling;   /* the driver has been called and has not answered */
	bool is_cancelled; /* the client left meanwhile: end when the driver answers */
};

static void operation_unlink(struct operation *operation)
{
	list_remove(&operation->link);
	card_cancel(operation->token->card, &operation->task);
	if (operation->is_asking)
		operation->token->registry->hooks.stop_asking(
			operation->token->registry->hooks.context, operation);
	operation->is_asking = false;
}

static struct operation *operation_free(struct operation *operation)
{
	if (!operation)
		return NULL;
	operation_unlink(operation);
	secret_done(&operation->pin);
	field_free(&operation->parameters);
	free(operation->purpose);
	free(operation);
	return NULL;
}
DEFINE_FREEP(operation)

void operation_cancel(struct operation *operation)
{
	operation->is_cancelled = true;
	operation->options.on_done = NULL;
	operation->options.session = NULL;
	if (!operation->is_calling)
		ignore(operation_free(operation) != NULL);
}

/* The driver has answered. False: nobody waits for it any more, and the operation is over. */
static bool has_returned(struct operation *operation)
{
	operation->is_calling = false;
	if (!operation->is_cancelled)
		return true;
	ignore(operation_free(operation) != NULL);
	return false;
}

/* The answer leaves before the card is given to the next, so that events keep their order. */
static void finish(struct operation *operation, enum kc_status status, struct json_object *reply)
{
	operation_done_fn on_done = operation->options.on_done;
	void *userdata = operation->options.userdata;

	status = status_of_driver(status, operation->token);
	log_debug("req=%" PRIu64 " stage=operation method=%s status=%s", operation->options.request,
		  operation->method ? operation->method : "Authenticate", kc_status_name(status));
	list_remove(&operation->link);
	if (on_done)
		on_done(userdata, status, reply);
	ignore(operation_free(operation) != NULL);
}

static void fail_operation(struct operation *operation, enum kc_status status)
{
	finish(operation, status, NULL);
}

static enum kc_status call(struct operation *operation, const char *method,
			   struct json_object *parameters, wire_reply_fn on_reply)
{
	TRY(token_call(operation->token, method, parameters,
		       pin_session_id(operation->options.session), operation->options.request,
		       on_reply, operation));
	operation->is_calling = true;
	return KC_OK;
}

/* The token is over; any other failure to tell the tries left does not matter. */
static bool is_lost(enum kc_status status)
{
	return status == KC_ERR_NOT_AVAILABLE || status == KC_ERR_TOKEN_NOT_FOUND;
}

static int tries_in(struct json_object *reply)
{
	return (int)field_number(reply, "tries_left", -1);
}

/* Leave the card to others and ask a person; operation_supply_pin() comes back to the queue. */
static void ask_person(struct operation *operation, const char *why, int tries_left)
{
	const struct registry_hooks *hooks = &operation->token->registry->hooks;

	if (!operation->options.may_prompt) {
		error_clear();
		error_set_hint("give the PIN with --pin-fd, or allow prompting");
		fail_operation(operation, fail(KC_ERR_INTERACTION_NOT_ALLOWED,
					       "a PIN is needed and nobody may be asked for it"));
		return;
	}
	operation->is_asking = true;
	card_cancel(operation->token->card, &operation->task);
	hooks->ask_pin(hooks->context, operation, why, tries_left);
}

static void on_tries_for_prompt(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	if (!has_returned(operation))
		return;
	if (is_lost(status))
		fail_operation(operation, status);
	else
		ask_person(operation, NULL, status == KC_OK ? tries_in(reply) : -1);
}

/* The first question; the person is told how many tries there are. */
static void ask_first(struct operation *operation)
{
	enum kc_status status = KC_OK;

	if (!operation->options.may_prompt) {
		ask_person(operation, NULL, -1);
		return;
	}
	error_clear();
	status = call(operation, METHOD_PIN_STATUS, NULL, on_tries_for_prompt);
	if (status != KC_OK)
		fail_operation(operation, status);
}

static void perform(struct operation *operation);
static void authenticate(struct operation *operation);

/* The driver wants a PIN: the session's own if it has one that was not refused, or a person's. */
static void need_pin(struct operation *operation)
{
	struct pin_session *session = operation->options.session;
	struct kc_view pin = {NULL, 0};

	if (!operation->options.needs_new_pin && !operation->is_session_pin_tried)
		pin = pin_session_use(session);
	operation->is_session_pin_tried = true;
	if (!pin.data) {
		ask_first(operation);
		return;
	}
	if (secret_init(&operation->pin, pin) != KC_OK) {
		fail_operation(operation, KC_ERR_ALLOCATE);
		return;
	}
	operation->has_pin = true;
	authenticate(operation);
}

/* A card that has accepted a PIN says so instead of the tries left. */
static bool hides_tries(const struct operation *operation, struct json_object *reply)
{
	return strcmp(operation->method, METHOD_PIN_STATUS) == 0 && !operation->is_reset_tried &&
	       !field_get(reply, "tries_left");
}

/* Those who authenticated are authenticated again, from their own session, when they come back. */
static void repeat_after_reset(struct operation *operation)
{
	operation->is_reset_tried = true;
	card_request_reset(operation->token->card);
	card_cancel(operation->token->card, &operation->task);
	card_submit(operation->token->card, &operation->task);
}

static void on_performed(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	if (!has_returned(operation))
		return;
	if (status == KC_ERR_AUTHENTICATION_NEEDED && !operation->is_verified)
		need_pin(operation);
	else if (status == KC_OK && hides_tries(operation, reply))
		repeat_after_reset(operation);
	else
		finish(operation, status, reply);
}

static void perform(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	if (!operation->method) { /* authenticating was all */
		finish(operation, KC_OK, NULL);
		return;
	}
	status = call(operation, operation->method, json_object_get(operation->parameters),
		      on_performed);
	if (status != KC_OK)
		fail_operation(operation, status);
}

static void on_authenticated(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;
	int tries_left = error_get()->tries_left;

	(void)reply;
	if (!has_returned(operation))
		return;
	if (status == KC_OK) {
		operation->is_verified = true;
		pin_session_remember(operation->options.session, &operation->pin);
		operation->has_pin = false;
		perform(operation);
		return;
	}
	secret_done(&operation->pin);
	operation->has_pin = false;
	pin_session_forget(operation->options.session);
	if (status == KC_ERR_AUTHENTICATION_FAILED && operation->is_asked)
		ask_person(operation, error_get()->message, tries_left);
	else
		fail_operation(operation, status);
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
	card_mark_sensitive(operation->token->card);
	return call(operation, "org.keycask.Driver.Authenticate", take(parameters),
		    on_authenticated);
}

static void prove_pin(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = call_authenticate(operation);
	if (status != KC_OK)
		fail_operation(operation, status);
}

/* The last try needs an explicit yes (design/decisions.md 9). */
static void on_tries_known(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;
	int tries_left = status == KC_OK ? tries_in(reply) : -1;
	bool may_go_on = tries_left != 1 || operation->options.may_use_last_try ||
			 operation->is_last_try_confirmed;

	if (!has_returned(operation))
		return;
	if (is_lost(status)) {
		fail_operation(operation, status);
		return;
	}
	if (may_go_on) {
		prove_pin(operation);
		return;
	}
	if (operation->is_asked) {
		operation->is_last_try_confirmed = true;
		secret_done(&operation->pin);
		operation->has_pin = false;
		ask_person(operation, "this is the last try, a wrong PIN blocks the card", 1);
		return;
	}
	error_clear();
	error_set_tries_left(1);
	error_set_hint("if you are sure of the PIN, repeat with --last-try");
	fail_operation(operation, fail(KC_ERR_INTERACTION_NOT_ALLOWED,
				       "one try is left: a wrong PIN would block the card"));
}

/* A PIN that the card has accepted from this session before needs no second thought. */
static void authenticate(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	if (operation->is_session_pin_tried && !operation->is_asked) {
		prove_pin(operation);
		return;
	}
	status = call(operation, METHOD_PIN_STATUS, NULL, on_tries_known);
	if (status != KC_OK)
		fail_operation(operation, status);
}

static void run(struct card_task *task)
{
	struct operation *operation = list_entry(task, struct operation, task);

	operation->is_verified = false;
	if (operation->has_pin)
		authenticate(operation);
	else if (operation->options.needs_new_pin)
		ask_first(operation);
	else
		perform(operation);
}

/* The card is lost. The token, which goes with it, would end this too: whoever comes first. */
static void abort_task(struct card_task *task, enum kc_status status)
{
	fail_operation(list_entry(task, struct operation, task), status);
}

void operation_abort_all(struct token *token, enum kc_status status)
{
	struct error_record cause = *error_get();

	while (!list_is_empty(&token->operations)) {
		error_adopt(&cause);
		fail_operation(list_entry(token->operations.next, struct operation, link), status);
	}
}

void operation_supply_pin(struct operation *operation, struct secret *pin)
{
	operation->is_asking = false;
	operation->is_asked = true;
	operation->pin = secret_take(pin);
	operation->has_pin = true;
	card_submit(operation->token->card, &operation->task);
}

void operation_refuse_pin(struct operation *operation, enum kc_status status)
{
	operation->is_asking = false;
	fail_operation(operation, status);
}

const struct token *operation_token(const struct operation *operation)
{
	return operation->token;
}

const char *operation_purpose(const struct operation *operation)
{
	return operation->purpose;
}

void *operation_userdata(const struct operation *operation)
{
	return operation->options.userdata;
}

/* Takes @parameters. The operation is in *ret_operation before it may run, and even end. */
static enum kc_status start(struct token *token, const struct operation_options *options,
			    const char *method, struct json_object *parameters,
			    struct operation **ret_operation)
{
	struct operation *operation = calloc(1, sizeof(*operation));

	if (!operation)
		field_free(&parameters);
	REQUIRE(operation, KC_ERR_ALLOCATE, "out of memory");
	*operation =
		(struct operation){.token = token,
				   .options = *options,
				   .purpose = options->purpose ? strdup(options->purpose) : NULL,
				   .method = method,
				   .parameters = parameters,
				   .task = {.token = token, .run = run, .abort = abort_task}};
	list_init(&operation->task.link);
	list_append(&token->operations, &operation->link);
	if (options->pin && options->needs_pin) {
		operation->pin = secret_take(options->pin);
		operation->has_pin = true;
	}
	*ret_operation = operation;
	card_submit(token->card, &operation->task);
	return KC_OK;
}

enum kc_status operation_sign(struct token *token, const struct operation_options *options,
			      struct kc_view object_id, const char *algorithm, struct kc_view data,
			      struct operation **ret_operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct kc_view driver_id;

	TRY(contents_driver_object_id(object_id, &driver_id));
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "object_id", driver_id));
	TRY(field_put_text(parameters, "algorithm", algorithm));
	TRY(field_put_data(parameters, "data", data));
	return start(token, options, "org.keycask.Driver.Sign", take(parameters), ret_operation);
}

enum kc_status operation_verify_pin(struct token *token, const struct operation_options *options,
				    struct operation **ret_operation)
{
	struct operation_options anew = *options;

	anew.needs_pin = true;
	anew.needs_new_pin = true;
	return start(token, &anew, NULL, NULL, ret_operation);
}

enum kc_status operation_pin_status(struct token *token, const struct operation_options *options,
				    struct operation **ret_operation)
{
	return start(token, options, METHOD_PIN_STATUS, NULL, ret_operation);
}
