/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Tokens: the PIN verbs. */
#include "base/error.h"
#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "daemon/pin_request.h"
#include "tokens/pin_change.h"
#include "tokens/pin_listing.h"

/* There is nothing to say but that it is done. */
static enum kc_status answer_nothing(void *details, struct json_object *reply,
				     struct json_object **ret_parameters)
{
	(void)details;
	(void)reply;
	return field_new_object(ret_parameters);
}

static enum kc_status verify(struct wire_call *call)
{
	CLEANUP(pin_request_freep) struct pin_request *request = NULL;
	struct pin_request_options options = {
		.needs_new_pin = true, .needs_pin = true, .answer = answer_nothing};
	struct operation_options operation;

	TRY(pin_request_new(call, field_text(wire_call_parameters(call), "token_id"), &options,
			    &request));
	operation = pin_request_operation(request);
	TRY(operation_verify_pin(pin_request_token(request), &operation,
				 pin_request_place(request)));
	take(request); /* it ends itself */
	return KC_OK;
}

void pin_calls_verify(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = verify(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}

void pin_calls_logout(struct wire_call *call)
{
	error_clear();
	client_forget_pin(wire_call_peer(call), field_text(wire_call_parameters(call), "token_id"));
	wire_call_reply(call, NULL);
}

static enum kc_status answer_status(void *details, struct json_object *reply,
				    struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct pin_session *session = details;
	struct json_object *tries_left = field_get(reply, "tries_left");

	TRY(field_new_object(&parameters));
	if (tries_left)
		TRY(field_put(parameters, "tries_left", json_object_get(tries_left)));
	TRY(field_put_flag(parameters, "is_authenticated", pin_session_is_authenticated(session)));
	*ret_parameters = take(parameters);
	return KC_OK;
}

static enum kc_status status(struct wire_call *call)
{
	CLEANUP(pin_request_freep) struct pin_request *request = NULL;
	const char *token_id = field_text(wire_call_parameters(call), "token_id");
	struct daemon *daemon = wire_call_context(call);
	struct pin_session *session = NULL;
	struct token *token = NULL;
	struct pin_request_options options = {.answer = answer_status};
	struct operation_options operation;

	/* Before a session is made: names that nobody has must not use up the client's. */
	TRY(registry_find_token(daemon->registry, token_id, &token));
	TRY(client_session(wire_call_peer(call), token_id, &session));
	options.details = session;
	TRY(pin_request_new(call, token_id, &options, &request));
	operation = pin_request_operation(request);
	TRY(operation_pin_status(pin_request_token(request), &operation,
				 field_text(wire_call_parameters(call), "pin_id"),
				 pin_request_place(request)));
	take(request);
	return KC_OK;
}

void pin_calls_status(struct wire_call *call)
{
	enum kc_status result = KC_OK;

	error_clear();
	result = status(call);
	if (result != KC_OK)
		wire_call_fail(call, result);
}

/* --- setting PINs -------------------------------------------------------------------------- */

static enum kc_status set_pin(struct wire_call *call, const struct pin_change_wish *wish)
{
	CLEANUP(pin_request_freep) struct pin_request *request = NULL;
	struct pin_request_options options = {.needs_pin = true, .answer = answer_nothing};
	struct pin_change_wish complete = *wish;
	struct operation_options operation;

	TRY(pin_request_new(call, field_text(wire_call_parameters(call), "token_id"), &options,
			    &request));
	operation = pin_request_operation(request);
	complete.new_pin = pin_request_new_pin(request);
	TRY(pin_change_start(pin_request_token(request), &operation, &complete,
			     pin_request_place(request)));
	take(request);
	return KC_OK;
}

static void begin_setting(struct wire_call *call, bool is_unblocking)
{
	struct json_object *parameters = wire_call_parameters(call);
	struct pin_change_wish wish = {.pin_id = field_text(parameters, "pin_id"),
				       .is_unblocking = is_unblocking,
				       .by = field_text(parameters, "by")};
	enum kc_status result = KC_OK;

	error_clear();
	result = set_pin(call, &wish);
	if (result != KC_OK)
		wire_call_fail(call, result);
}

void pin_calls_change(struct wire_call *call)
{
	begin_setting(call, false);
}

void pin_calls_unblock(struct wire_call *call)
{
	begin_setting(call, true);
}

/* --- all of them --------------------------------------------------------------------------- */

static enum kc_status answer_pins(void *details, struct json_object *reply,
				  struct json_object **ret_parameters)
{
	(void)details;
	*ret_parameters = json_object_get(reply);
	return KC_OK;
}

static enum kc_status list_pins(struct wire_call *call)
{
	CLEANUP(pin_request_freep) struct pin_request *request = NULL;
	struct pin_request_options options = {.answer = answer_pins};
	struct operation_options operation;

	TRY(pin_request_new(call, field_text(wire_call_parameters(call), "token_id"), &options,
			    &request));
	operation = pin_request_operation(request);
	TRY(pin_listing_start(pin_request_token(request), &operation, pin_request_place(request)));
	take(request);
	return KC_OK;
}

void pin_calls_list(struct wire_call *call)
{
	enum kc_status result = KC_OK;

	error_clear();
	result = list_pins(call);
	if (result != KC_OK)
		wire_call_fail(call, result);
}
