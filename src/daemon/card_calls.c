/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Slots: cards without a driver, and who has them. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/try.h"
#include "codec/apdu.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "tokens/card_session.h"

enum {
	PROTOCOL_T0 = 1 << 0,
	PROTOCOL_T1 = 1 << 1,
	PROTOCOL_ANY = 0xffff,
	TIMEOUT_MAX_MS = 3600 * 1000,
};

static struct client *client_of(struct wire_call *call)
{
	return wire_call_peer(call);
}

/* The caller has left while it waited. */
static void on_gone(void *userdata)
{
	struct wire_call *call = userdata;

	/* Its sessions go with the client, right after this. */
	client_forget_card_waiters(client_of(call));
	wire_call_drop(call);
}

/* --- one session of a client ----------------------------------------------------------------- */

static enum kc_status read_protocols(struct json_object *parameters, unsigned *ret_mask)
{
	struct json_object *names = field_get(parameters, "allowed_protocols");

	*ret_mask = names ? 0 : PROTOCOL_ANY;
	for (size_t i = 0; names && i < json_object_array_length(names); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));

		if (strcmp(name, "t0") == 0)
			*ret_mask |= PROTOCOL_T0;
		else if (strcmp(name, "t1") == 0)
			*ret_mask |= PROTOCOL_T1;
		else
			return fail(KC_ERR_PARAM, "allowed_protocols are \"t0\" and \"t1\"");
	}
	return KC_OK;
}

static enum kc_status read_terms(struct json_object *parameters,
				 struct card_session_terms *ret_terms)
{
	int64_t timeout_ms = field_number(parameters, "timeout_ms", 0);

	REQUIRE(timeout_ms >= 0 && timeout_ms <= TIMEOUT_MAX_MS, KC_ERR_PARAM,
		"timeout_ms is from 0 (as long as it takes) to %d", TIMEOUT_MAX_MS);
	ret_terms->is_sensitive = field_flag(parameters, "is_sensitive", false);
	ret_terms->deadline_ms = (unsigned)timeout_ms;
	return read_protocols(parameters, &ret_terms->allowed_protocols);
}

static void audit(struct wire_call *call, enum kc_status result)
{
	struct daemon *daemon = wire_call_context(call);
	struct audit_entry entry = {.request = wire_call_id(call),
				    .peer = client_peer(client_of(call)),
				    .operation = "card_session",
				    .slot = field_text(wire_call_parameters(call), "slot"),
				    .result = result};

	audit_write(daemon->audit, &entry);
}

static void on_begun(void *userdata, enum kc_status status, struct kc_view response)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct wire_call *call = userdata;
	struct card_session *session = client_find_slot_session(
		client_of(call), field_text(wire_call_parameters(call), "slot"));

	(void)response;
	audit(call, status);
	if (status == KC_OK)
		status = field_new_object(&reply);
	if (status == KC_OK)
		status = card_session_put(session, reply);
	if (status == KC_OK)
		wire_call_reply(call, take(reply));
	else
		wire_call_fail(call, status);
}

void card_calls_begin(struct wire_call *call)
{
	struct json_object *parameters = wire_call_parameters(call);
	struct card_session_terms terms = {0};
	struct card_session *session = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = read_terms(parameters, &terms);
	if (status == KC_OK)
		status = client_card_session(client_of(call), field_text(parameters, "slot"),
					     field_number(parameters, "insertion", 0), &session);
	if (status != KC_OK) {
		wire_call_fail(call, status);
		return;
	}
	wire_call_on_gone(call, on_gone, call);
	card_session_begin(session, &terms, on_begun, call);
}

static enum kc_status find_session(struct wire_call *call, struct card_session **ret_session)
{
	int64_t number = field_number(wire_call_parameters(call), "session", 0);

	*ret_session = client_find_card_session(client_of(call), number);
	REQUIRE(*ret_session, KC_ERR_PARAM, "this connection has no card session %lld",
		(long long)number);
	return KC_OK;
}

static enum kc_status make_response(struct kc_view response, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	TRY(field_put_data(reply, "response", response));
	*ret_reply = take(reply);
	return KC_OK;
}

static void on_response(void *userdata, enum kc_status status, struct kc_view response)
{
	struct json_object *reply = NULL;
	struct wire_call *call = userdata;

	if (status == KC_OK)
		status = make_response(response, &reply);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

/* It may have a PIN in it. */
static enum kc_status transmit(struct wire_call *call)
{
	CLEANUP(bytes_done) struct bytes apdu = BYTES_INIT(APDU_COMMAND_MAX);
	struct card_session *session = NULL;
	enum kc_status status = KC_OK;

	TRY(find_session(call, &session));
	TRY(bytes_reserve(&apdu, APDU_COMMAND_MAX)); /* never moved, so that it can be wiped */
	TRY(field_data(wire_call_parameters(call), "apdu", &apdu));
	wire_call_on_gone(call, on_gone, call);
	status = card_session_transmit(session, bytes_view(&apdu), on_response, call);
	explicit_bzero(apdu.data, apdu.len);
	if (status != KC_OK)
		wire_call_on_gone(call, NULL, NULL);
	return status;
}

void card_calls_transmit(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = transmit(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}

void card_calls_end(struct wire_call *call)
{
	struct card_session *session = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = find_session(call, &session);
	if (status != KC_OK) {
		wire_call_fail(call, status);
		return;
	}
	card_session_end(session, field_flag(wire_call_parameters(call), "reset", false));
	wire_call_reply(call, NULL);
}

/* --- errands: a turn with the card and no session that is left over --------------------------- */

struct errand {
	struct wire_call *call;
	struct card_session *session;
	bool is_reprobe;
};

static void errand_free(struct errand *errand)
{
	errand->session = card_session_free(errand->session);
	free(errand);
}

static void on_errand_gone(void *userdata)
{
	struct errand *errand = userdata;

	wire_call_drop(errand->call);
	errand_free(errand);
}

static enum kc_status reprobe(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);

	return registry_reprobe(daemon->registry, field_text(wire_call_parameters(call), "slot"));
}

static void on_errand_turn(void *userdata, enum kc_status status, struct kc_view response)
{
	struct errand *errand = userdata;
	struct wire_call *call = errand->call;

	(void)response;
	if (status == KC_OK && errand->is_reprobe)
		status = reprobe(call);
	wire_call_on_gone(call, NULL, NULL);
	if (status == KC_OK)
		wire_call_reply(call, NULL);
	else
		wire_call_fail(call, status);
	card_session_end(errand->session, false);
	errand_free(errand);
}

static enum kc_status errand_new(struct wire_call *call, struct errand **ret_errand)
{
	struct daemon *daemon = wire_call_context(call);
	const struct peer *peer = client_peer(client_of(call));
	struct card_session_options options = {
		.slot = field_text(wire_call_parameters(call), "slot"),
		.who = peer->name,
		.pid = (long)peer->pid};
	CLEANUP(freep) struct errand *errand = calloc(1, sizeof(*errand));

	REQUIRE(errand, KC_ERR_ALLOCATE, "out of memory");
	errand->call = call;
	TRY(card_session_new(daemon->registry, &options, &errand->session));
	*ret_errand = take(errand);
	return KC_OK;
}

static void take_turn(struct errand *errand, const struct card_session_terms *terms)
{
	wire_call_on_gone(errand->call, on_errand_gone, errand);
	card_session_begin(errand->session, terms, on_errand_turn, errand);
}

/* Whoever has it loses it and is told by whom. */
static void break_session(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);

	card_session_break(daemon->registry, field_text(wire_call_parameters(call), "slot"),
			   "the card was reset by somebody else");
	error_clear();
}

void card_calls_reset(struct wire_call *call)
{
	struct card_session_terms terms = {.reset = true};
	struct errand *errand = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = read_terms(wire_call_parameters(call), &terms);
	if (status == KC_OK)
		status = errand_new(call, &errand);
	if (status != KC_OK) {
		wire_call_fail(call, status);
		return;
	}
	if (field_flag(wire_call_parameters(call), "force", false))
		break_session(call);
	take_turn(errand, &terms);
}

/* A mute card has no queue to wait in. */
void card_calls_reprobe(struct wire_call *call)
{
	struct card_session_terms terms = {.allowed_protocols = PROTOCOL_ANY};
	struct errand *errand = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = errand_new(call, &errand);
	if (status == KC_OK) {
		errand->is_reprobe = true;
		take_turn(errand, &terms);
		return;
	}
	if (status == KC_ERR_COMMUNICATION || status == KC_ERR_TOKEN_NOT_FOUND) {
		error_clear();
		status = reprobe(call);
	}
	if (status == KC_OK)
		wire_call_reply(call, NULL);
	else
		wire_call_fail(call, status);
}

void card_calls_who_holds(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);
	struct json_object *holders = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = registry_list_holders(daemon->registry,
				       field_text(wire_call_parameters(call), "slot"), &holders);
	calls_answer(call, status, "holders", holders);
}
