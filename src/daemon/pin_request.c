/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PINs on their way from a call or a person to an operation. */
#include "daemon/pin_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/asking.h"
#include "daemon/batch.h"
#include "daemon/client.h"
#include "daemon/pin_fields.h"

enum {
	TEXT_MAX = 256,
};

struct pin_request {
	struct wire_call *call;
	struct daemon *daemon;
	struct client *client;
	struct token *token;
	struct pin_session *session; /* the client's, or the batch's */
	struct batch *batch;	     /* NULL: the call stands for itself */
	struct pin_request_options options;
	struct operation *operation;
	struct prompt *prompt;
	struct pin_fields pins;
	bool may_use_last_try;
	bool may_ask;	 /* a person */
	bool may_prompt; /* here */
};

static enum kc_status read_interaction(struct pin_request *request, struct json_object *parameters)
{
	struct json_object *interaction = field_get(parameters, "interaction");
	const char *ui = field_text(interaction, "authentication_ui");
	struct prompt_place place = asking_place(request->call);

	REQUIRE(!ui || strcmp(ui, "allow") == 0 || strcmp(ui, "fail") == 0 ||
			strcmp(ui, "skip") == 0,
		KC_ERR_PARAM, "authentication_ui must be \"allow\", \"fail\" or \"skip\"");
	request->may_ask = !ui || strcmp(ui, "allow") == 0;
	request->may_prompt = request->may_ask && prompt_is_possible(&place);
	return KC_OK;
}

/* Nothing of the request is left; the call is not touched. */
struct pin_request *pin_request_free(struct pin_request *request)
{
	if (!request)
		return NULL;
	prompt_cancel(request->prompt);
	pin_fields_done(&request->pins);
	request->batch = batch_leave(request->batch);
	free(request);
	return NULL;
}

static void on_gone(void *userdata)
{
	struct pin_request *request = userdata;

	if (request->operation)
		operation_cancel(request->operation);
	if (request->options.ended)
		request->options.ended(request->options.details, KC_ERR_USER_CANCELED);
	wire_call_on_gone(request->call, NULL, NULL);
	wire_call_drop(request->call);
	ignore(pin_request_free(request) != NULL);
}

/* A PIN that is wanted each time serves nobody else. */
static enum kc_status find_session(struct pin_request *request, const char *token_id)
{
	if (request->options.may_join_batch && !request->options.needs_new_pin)
		TRY(batch_join(request->call, &request->batch));
	if (request->batch)
		return batch_session(request->batch, token_id, &request->session);
	return client_session(request->client, token_id, &request->session);
}

static enum kc_status take_secrets(struct pin_request *request)
{
	struct secret *guard = request->options.guard;

	if (!request->options.has_taken_secrets)
		return pin_fields_take(request->call, &request->pins);
	request->options.guard = NULL;
	if (guard) {
		request->pins.guard = secret_take(guard);
		request->pins.has_guard = true;
	}
	return KC_OK;
}

static enum kc_status fill(struct pin_request *request, const char *token_id)
{
	struct json_object *parameters = wire_call_parameters(request->call);

	TRY(registry_find_token(request->daemon->registry, token_id, &request->token));
	TRY(find_session(request, token_id));
	TRY(read_interaction(request, parameters));
	TRY(take_secrets(request));
	request->may_use_last_try = field_flag(parameters, "last_try", false);
	return KC_OK;
}

enum kc_status pin_request_new(struct wire_call *call, const char *token_id,
			       const struct pin_request_options *options,
			       struct pin_request **ret_request)
{
	CLEANUP(pin_request_freep) struct pin_request *request = calloc(1, sizeof(*request));

	REQUIRE(request, KC_ERR_ALLOCATE, "out of memory");
	*request = (struct pin_request){.call = call,
					.daemon = wire_call_context(call),
					.client = wire_call_peer(call),
					.options = *options};
	TRY(fill(request, token_id));
	wire_call_on_gone(call, on_gone, request);
	*ret_request = take(request);
	return KC_OK;
}

static void on_done(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct pin_request *request = userdata;
	struct wire_call *call = request->call;
	struct json_object *parameters = NULL;

	if (status == KC_OK)
		status = request->options.answer(request->options.details, reply, &parameters);
	else if (request->options.recover)
		status = request->options.recover(request->options.details, status, &parameters);
	wire_call_on_gone(call, NULL, NULL);
	if (request->options.ended)
		request->options.ended(request->options.details, status);
	ignore(pin_request_free(request) != NULL);
	if (status == KC_OK)
		wire_call_reply(call, parameters);
	else
		wire_call_fail(call, status);
}

struct token *pin_request_token(struct pin_request *request)
{
	return request->token;
}

struct operation **pin_request_place(struct pin_request *request)
{
	return &request->operation;
}

struct operation_options pin_request_operation(struct pin_request *request)
{
	return (struct operation_options){
		.session = request->session,
		.request = wire_call_id(request->call),
		.pin = pin_fields_guard(&request->pins),
		.may_use_last_try = request->may_use_last_try,
		.may_prompt = request->may_prompt,
		.may_use_keypad = request->may_ask,
		.needs_new_pin = request->options.needs_new_pin,
		.needs_pin = request->options.needs_pin,
		.on_done = on_done,
		.userdata = request,
	};
}

struct secret *pin_request_new_pin(struct pin_request *request)
{
	return pin_fields_new(&request->pins);
}

static void on_answered(void *userdata, enum kc_status status, struct secret *pin)
{
	struct pin_request *request = userdata;

	request->prompt = NULL;
	if (status == KC_OK)
		operation_supply_pin(request->operation, pin);
	else
		operation_refuse_pin(request->operation, status);
}

/* What the PIN will be good for, when it is not just what was asked. */
static void describe_scope(const struct pin_request *request, struct prompt_text *text)
{
	struct json_object *interaction =
		field_get(wire_call_parameters(request->call), "interaction");

	if (request->batch) {
		text->scope = batch_scope(request->batch);
		text->folder = batch_folder(request->batch);
	} else if (request->options.may_join_batch && request->options.needs_new_pin &&
		   field_text(interaction, "batch")) {
		text->scope = "this signature alone: the key wants its PIN for each";
	}
}

void pin_request_ask(struct daemon *daemon, struct operation *operation,
		     const struct pin_question *question)
{
	struct pin_request *request = operation_userdata(operation);
	const struct token *token = operation_token(operation);
	struct prompt_place place = asking_place(request->call);
	char name[TEXT_MAX];
	struct prompt_text text = asking_text(request->call, wording_kind(question->kind));
	enum kc_status status = KC_OK;

	(void)snprintf(name, sizeof(name), "%s (%s)", token_label(token), token_id(token));
	text.token = name;
	text.key = request->options.purpose;
	describe_scope(request, &text);
	text.act = question->act;
	text.pin = question->pin;
	text.rules = question->rules;
	text.error = question->why;
	text.tries_left = question->tries_left;
	error_clear();
	status = prompt_start(daemon->desk, &place, &text, on_answered, request, &request->prompt);
	if (status != KC_OK)
		operation_refuse_pin(operation, status);
}

enum kc_status pin_request_claim_keypad(struct daemon *daemon, struct operation *operation)
{
	struct pin_request *request = operation_userdata(operation);
	const struct peer *peer = client_peer(request->client);

	return prompt_claim(daemon->desk, peer->executable, (int)peer->pid);
}

void pin_request_stop_asking(struct operation *operation)
{
	struct pin_request *request = operation_userdata(operation);

	prompt_cancel(request->prompt);
	request->prompt = NULL;
}
