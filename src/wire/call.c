/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One call from dispatch to its end. Whatever its handler answers is held to the definition too: a
 * wrong answer is our bug and must not look like one of the client's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/try.h"
#include "wire/envelope_impl.h"
#include "wire/failure.h"
#include "wire/service_impl.h"

static uint64_t next_id(void)
{
	static _Atomic uint64_t last_id;

	return ++last_id;
}

static void call_free(struct wire_call *call)
{
	field_free(&call->parameters);
	field_free(&call->message);
	free(call);
}

static void call_done(struct wire_call **call)
{
	if (*call)
		call_free(*call);
}

enum kc_status call_new(struct wire_service *service, struct json_object *message,
			struct wire_call **ret_call)
{
	CLEANUP(call_done) struct wire_call *call = calloc(1, sizeof(*call));
	struct envelope_call envelope;

	REQUIRE(call, KC_ERR_ALLOCATE, "out of memory");
	TRY(envelope_read_call(message, &envelope));
	if (!envelope.parameters)
		TRY(field_new_object(&call->parameters));
	else
		call->parameters = json_object_get(envelope.parameters);
	call->message = json_object_get(message);
	call->service = service;
	call->context = service->options.context;
	call->name = envelope.method;
	call->id = next_id();
	call->wants_more = envelope.wants_more;
	call->is_oneway = envelope.is_oneway;
	*ret_call = take(call);
	return KC_OK;
}

struct json_object *wire_call_parameters(struct wire_call *call)
{
	return call->parameters;
}

void *wire_call_context(struct wire_call *call)
{
	return call->context;
}

void *wire_call_peer(struct wire_call *call)
{
	return call->peer;
}

const char *wire_call_method(struct wire_call *call)
{
	return call->name;
}

uint64_t wire_call_id(struct wire_call *call)
{
	return call->id;
}

bool wire_call_wants_more(struct wire_call *call)
{
	return call->wants_more;
}

int wire_call_take_descriptor(struct wire_call *call)
{
	return call->is_orphan ? -1 : call->transport->take_descriptor(call->connection);
}

bool wire_call_is_forwarded(struct wire_call *call)
{
	return !call->is_orphan && call->transport->is_forwarded &&
	       call->transport->is_forwarded(call->connection);
}

void wire_call_on_gone(struct wire_call *call, wire_gone_fn on_gone, void *userdata)
{
	call->on_gone = on_gone;
	call->gone_userdata = userdata;
}

void wire_call_will_end(struct wire_call *call)
{
	call->will_end = true;
}

bool wire_call_is_endless(const struct wire_call *call)
{
	return call->wants_more && !call->will_end;
}

void wire_call_on_drained(struct wire_call *call, wire_drained_fn on_drained, void *userdata)
{
	call->on_drained = on_drained;
	call->drained_userdata = userdata;
	if (!call->is_orphan && call->transport->await_drained)
		call->transport->await_drained(call->connection);
}

void wire_call_drained(struct wire_call *call)
{
	wire_drained_fn on_drained = call->on_drained;

	call->on_drained = NULL;
	if (on_drained)
		on_drained(call->drained_userdata);
}

static void end(struct wire_call *call)
{
	if (call->ret_ended)
		*call->ret_ended = true;
	if (!call->is_orphan)
		call->transport->ended(call->connection);
	call_free(call);
}

static bool is_listened_to(const struct wire_call *call)
{
	return !call->is_orphan && !call->is_oneway;
}

/* Takes @parameters. */
static enum kc_status send_reply(struct wire_call *call, const char *error,
				 struct json_object *parameters, bool continues)
{
	struct json_object *reply = NULL;

	TRY(envelope_new_reply(error, parameters, continues, &reply));
	return call->transport->send(call->connection, reply);
}

static enum kc_status send_failure(struct wire_call *call, enum kc_status status)
{
	struct json_object *parameters = NULL;
	char error[ERROR_NAME_MAX * 2];

	TRY(failure_put(status, call->id, &parameters));
	(void)snprintf(error, sizeof(error), "%s.Failed", idl_name(call->interface->idl));
	return send_reply(call, error, parameters, false);
}

/* The caller waits for an answer, so it gets this one when the real one cannot be sent. */
static void send_internal_failure(struct wire_call *call, const char *why)
{
	log_error("req=%" PRIu64 " method=%s: %s", call->id, call->name, why);
	error_clear();
	ignore(send_failure(call, fail(KC_ERR_INTERNAL, "%s", why)));
	error_clear();
}

static bool fits_definition(struct wire_call *call, struct json_object *parameters)
{
	const char *parameter = NULL;

	if (idl_check(call->interface->idl, call->method->name, IDL_OUTPUT, parameters,
		      &parameter) == KC_OK)
		return true;
	log_error("req=%" PRIu64 " method=%s: its reply's %s does not fit its definition", call->id,
		  call->name, parameter);
	return false;
}

void wire_call_reply(struct wire_call *call, struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *owned = parameters;

	if (is_listened_to(call)) {
		if (!fits_definition(call, owned))
			send_internal_failure(call, "the answer does not fit its definition");
		else if (send_reply(call, NULL, take(owned), false) != KC_OK)
			send_internal_failure(call, "the answer does not fit into a message");
	}
	end(call);
}

void wire_call_continue(struct wire_call *call, struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *owned = parameters;

	if (!is_listened_to(call) || !fits_definition(call, owned))
		return;
	if (!call->wants_more || send_reply(call, NULL, take(owned), true) != KC_OK)
		log_error("req=%" PRIu64 " method=%s: one of its replies cannot be sent", call->id,
			  call->name);
}

void wire_call_fail(struct wire_call *call, enum kc_status status)
{
	if (is_listened_to(call) && send_failure(call, status) != KC_OK)
		log_error("req=%" PRIu64 " method=%s: its failure cannot be sent", call->id,
			  call->name);
	error_clear();
	end(call);
}

void call_refuse(struct wire_call *call, const char *error, const char *name, const char *value)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	char full[ERROR_NAME_MAX];

	(void)snprintf(full, sizeof(full), "org.varlink.service.%s", error);
	if (is_listened_to(call) && field_new_object(&parameters) == KC_OK &&
	    field_put_text(parameters, name, value) == KC_OK)
		ignore(send_reply(call, full, take(parameters), false));
	error_clear();
	end(call);
}

void wire_call_expect_more(struct wire_call *call)
{
	call_refuse(call, "ExpectedMore", "", NULL);
}

void wire_call_drop(struct wire_call *call)
{
	end(call);
}

void wire_call_orphan(struct wire_call *call)
{
	wire_gone_fn on_gone = call->on_gone;
	bool ended = false;

	call->is_orphan = true;
	call->on_gone = NULL;
	if (!on_gone)
		return;
	call->ret_ended = &ended;
	on_gone(call->gone_userdata);
	if (ended)
		return;
	call->ret_ended = NULL;
	call->peer = NULL;
}
