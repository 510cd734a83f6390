/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The straight path of an operation: queue → [operation_pin.c] → the call → answer. It may turn
 * out in two ways that a PIN is needed: it is known before (a PIN was given, or the key wants one
 * each time), or the driver answers authentication_needed. While a person is asked, the card
 * serves others.
 */
#include "tokens/operation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/naming.h"
#include "tokens/operation_impl.h"
#include "tokens/refresh.h"
#include "tokens/status.h"

void operation_stop_asking(struct operation *operation)
{
	const struct registry_hooks *hooks = &operation->token->registry->hooks;

	if (operation->is_asking)
		hooks->stop_asking(hooks->context, operation);
	operation->is_asking = false;
}

/* Nobody is asked any more, nothing waits in a queue. The client may still be there. */
static void operation_unlink(struct operation *operation)
{
	list_remove(&operation->link);
	operation_stop_asking(operation);
}

struct operation *operation_free(struct operation *operation)
{
	if (!operation)
		return NULL;
	operation_unlink(operation);
	card_cancel(operation->token->card, &operation->task);
	secret_done(&operation->pin);
	operation->change = pin_change_free(operation->change);
	operation->listing = pin_listing_free(operation->listing);
	if (operation->writing)
		refresh_forget(operation->token->refresh, operation);
	operation->writing = writing_free(operation->writing);
	field_free(&operation->parameters);
	free(operation);
	return NULL;
}

void operation_cancel(struct operation *operation)
{
	operation_stop_asking(operation);
	operation->is_cancelled = true;
	operation->options.on_done = NULL;
	operation->options.session = NULL;
	if (!operation->is_calling)
		ignore(operation_free(operation) != NULL);
}

bool operation_has_returned(struct operation *operation)
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

	log_debug("req=%" PRIu64 " stage=operation method=%s status=%s", operation->options.request,
		  operation->method ? operation->method : "none", kc_status_name(status));
	if (operation->options.session)
		pin_session_end_use(operation->options.session);
	operation_unlink(operation); /* the prompt is the client's, who may go with on_done */
	if (on_done)
		on_done(userdata, status, reply);
	ignore(operation_free(operation) != NULL);
}

void operation_succeed(struct operation *operation, struct json_object *reply)
{
	finish(operation, KC_OK, reply);
}

void operation_fail(struct operation *operation, enum kc_status status)
{
	error_set_token(operation->token->token_id, operation->token->manifest->class_id);
	finish(operation, status, NULL);
}

void operation_fail_by_driver(struct operation *operation, enum kc_status status)
{
	finish(operation, status_of_driver(status, operation->token), NULL);
}

enum kc_status operation_call(struct operation *operation, const char *method,
			      struct json_object *parameters, wire_reply_fn on_reply)
{
	struct token_turn turn = {.session = operation->session_id,
				  .request = operation->options.request,
				  .waits_for_person = operation->pin_source == PIN_SOURCE_KEYPAD,
				  .makes_key = operation->is_generating};

	TRY(token_call(operation->token, method, parameters, &turn, on_reply, operation));
	operation->is_calling = true;
	return KC_OK;
}

/* A card that has accepted a PIN says so instead of the tries left. */
static bool hides_tries(const struct operation *operation, struct json_object *reply)
{
	return strcmp(operation->method, OPERATION_PIN_STATUS) == 0 && !operation->is_reset_tried &&
	       !field_get(operation->parameters, "pin_id") && !field_get(reply, "tries_left");
}

/* Those who authenticated are authenticated again, from their own session, when they come back;
 * that is after us, or the card would be verified again. */
void operation_repeat_after_reset(struct operation *operation)
{
	operation->is_reset_tried = true;
	card_request_reset(operation->token->card);
	card_submit_again(operation->token->card, &operation->task);
}

static void on_performed(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	if (!operation_has_returned(operation))
		return;
	if (status == KC_ERR_AUTHENTICATION_NEEDED && !operation->is_verified)
		operation_pin_need(operation);
	else if (status != KC_OK)
		operation_fail_by_driver(operation, status);
	else if (hides_tries(operation, reply))
		operation_repeat_after_reset(operation);
	else
		finish(operation, KC_OK, reply);
}

void operation_perform(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	if (!operation->method) {
		finish(operation, KC_OK, NULL);
		return;
	}
	if (operation->options.needs_pin)
		pin_session_note_use(operation->options.session);
	status = operation_call(operation, operation->method,
				json_object_get(operation->parameters), on_performed);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

static void run(struct card_task *task)
{
	struct operation *operation = list_entry(task, struct operation, task);

	operation->is_verified = false;
	operation->session_id = pin_session_id(operation->options.session);
	if (operation->change)
		pin_change_run(operation);
	else if (operation->listing)
		pin_listing_run(operation);
	else if (operation->writing)
		writing_run(operation);
	else if (operation->pin_source != PIN_SOURCE_NONE)
		operation_pin_prove(operation);
	else if (operation->options.needs_new_pin || operation->wants_person)
		operation_pin_ask(operation);
	else
		operation_perform(operation);
}

/* The card is lost. The token, which goes with it, would end this too: whoever comes first. */
static void abort_task(struct card_task *task, enum kc_status status)
{
	struct operation *operation = list_entry(task, struct operation, task);

	if (status == KC_ERR_NOT_AVAILABLE) /* another program has the card: the token stays */
		operation_fail(operation, status);
	else
		operation_fail_by_driver(operation, status);
}

void operation_abort_all(struct token *token, enum kc_status status)
{
	struct error_record cause = *error_get();

	while (!list_is_empty(&token->operations)) {
		error_adopt(&cause);
		operation_fail_by_driver(list_entry(token->operations.next, struct operation, link),
					 status);
	}
}

void operation_ask(struct operation *operation, const struct pin_question *question)
{
	const struct registry_hooks *hooks = &operation->token->registry->hooks;

	operation->is_asking = true;
	if (question->kind != PIN_QUESTION_KEYPAD) /* for that one the card is what waits */
		card_cancel(operation->token->card, &operation->task);
	hooks->ask_pin(hooks->context, operation, question);
}

void operation_supply_pin(struct operation *operation, struct secret *pin)
{
	operation->is_asking = false;
	if (operation->pin_source == PIN_SOURCE_KEYPAD)
		return; /* the message has been read */
	operation->pin_given_to = pin_session_id(operation->options.session);
	if (operation->change) {
		pin_change_supply(operation, pin);
		return;
	}
	operation->pin = secret_take(pin);
	operation->pin_source = PIN_SOURCE_PERSON;
	operation_submit(operation);
}

/* The client has its answer now; the reader's keypad has it when it is done. */
static void abandon(struct operation *operation, enum kc_status status)
{
	operation_done_fn on_done = operation->options.on_done;
	void *userdata = operation->options.userdata;

	error_set_token(operation->token->token_id, operation->token->manifest->class_id);
	if (operation->options.session)
		pin_session_forget(operation->options.session);
	operation_cancel(operation);
	if (on_done)
		on_done(userdata, status, NULL);
}

void operation_refuse_pin(struct operation *operation, enum kc_status status)
{
	operation->is_asking = false;
	if (!operation->is_calling)
		operation_fail(operation, status);
	else if (status == KC_ERR_USER_CANCELED)
		abandon(operation, status);
	/* else a message cannot be shown; the reader has a display, or a light */
}

const struct token *operation_token(const struct operation *operation)
{
	return operation->token;
}

void *operation_userdata(const struct operation *operation)
{
	return operation->options.userdata;
}

enum kc_status operation_new(struct token *token, const struct operation_options *options,
			     const char *method, struct json_object *parameters,
			     struct operation **ret_operation)
{
	struct operation *operation = calloc(1, sizeof(*operation));

	if (!operation)
		field_free(&parameters);
	REQUIRE(operation, KC_ERR_ALLOCATE, "out of memory");
	*operation = (struct operation){.token = token,
					.options = *options,
					.method = method,
					.parameters = parameters,
					.tries_left = -1,
					.task = {.token = token,
						 .channel = token->channel,
						 .run = run,
						 .abort = abort_task}};
	list_init(&operation->task.link);
	list_append(&token->operations, &operation->link);
	if (options->pin && options->needs_pin) {
		operation->pin = secret_take(options->pin);
		operation->pin_source = PIN_SOURCE_REQUEST;
		operation->pin_given_to = pin_session_id(options->session);
	}
	*ret_operation = operation;
	return KC_OK;
}

void operation_submit(struct operation *operation)
{
	card_submit(operation->token->card, &operation->task);
}

/* Takes @parameters. The operation is in *ret_operation before it may run, and even end. */
static enum kc_status start(struct token *token, const struct operation_options *options,
			    const char *method, struct json_object *parameters,
			    struct operation **ret_operation)
{
	TRY(operation_new(token, options, method, parameters, ret_operation));
	operation_submit(*ret_operation);
	return KC_OK;
}

/* As protocol/org.keycask.Driver.varlink has them. */
static const struct {
	const char *method;
	const char *input;
} uses[] = {
	[OPERATION_SIGN] = {"org.keycask.Driver.Sign", "data"},
	[OPERATION_DECRYPT] = {"org.keycask.Driver.Decrypt", "data"},
	[OPERATION_EXCHANGE] = {"org.keycask.Driver.Exchange", "public_key"},
};

enum kc_status operation_use_key(struct token *token, const struct operation_options *options,
				 const struct operation_key_use *key_use,
				 struct operation **ret_operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct kc_view driver_id;

	TRY(naming_driver_object_id(key_use->object_id, &driver_id));
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "object_id", driver_id));
	TRY(field_put_text(parameters, "algorithm", key_use->algorithm));
	TRY(field_put_data(parameters, uses[key_use->use].input, key_use->input));
	return start(token, options, uses[key_use->use].method, take(parameters), ret_operation);
}

enum kc_status operation_verify_pin(struct token *token, const struct operation_options *options,
				    struct operation **ret_operation)
{
	struct operation_options anew = *options;

	anew.needs_pin = true;
	anew.needs_new_pin = true;
	return start(token, &anew, NULL, NULL, ret_operation);
}

/* Drivers know PINs by their IDs, and the token's own without one. */
enum kc_status operation_pin_status(struct token *token, const struct operation_options *options,
				    const char *pin_id, struct operation **ret_operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	const struct token_pin *pin = token_pins_find(&token->pins, pin_id);

	if (pin_id && !pin)
		return pin_change_fail_unknown(token, pin_id);
	TRY(field_new_object(&parameters));
	if (pin && pin != token_pins_find(&token->pins, NULL))
		TRY(field_put_text(parameters, "pin_id", pin->pin_id));
	return start(token, options, OPERATION_PIN_STATUS, take(parameters), ret_operation);
}
