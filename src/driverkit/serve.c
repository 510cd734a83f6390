/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The methods of protocol/org.keycask.Driver.varlink. Each handler decodes, calls session.c,
 * encodes; whether something is allowed is not decided here.
 */
#include "driverkit/serve.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/try.h"
#include "driverkit/publish.h"
#include "driverkit/session.h"
#include "wire/protocol.h"
#include "wire/serve.h"

enum {
	SIGN_DATA_MAX = 4096, /* the longest modulus is 512 bytes */
};

static struct session_turn turn_of(struct json_object *parameters)
{
	struct json_object *turn = field_get(parameters, "turn");

	return (struct session_turn){
		.transaction = field_number(turn, "transaction", 0),
		.session = field_number(turn, "session", 0),
		.is_selected = field_flag(turn, "is_selected", false),
		.request = field_number(turn, "request", 0),
	};
}

/* A handler proper: fill @reply. */
typedef enum kc_status (*answer_fn)(struct kc_token *token, const struct session_turn *turn,
				    struct json_object *parameters, struct json_object *reply);

static void fail_call(struct wire_call *call, struct kc_token *token, enum kc_status status)
{
	if (error_get()->status == KC_OK)
		ignore(fail(status, "the %s driver gives no reason", token->driver->name));
	error_set_token(token->token_id, token->driver->class_id);
	wire_call_fail(call, error_remap(status));
}

/* What all handlers have in common: turn, log line, answer or failure. */
static void answer(struct wire_call *call, answer_fn fill)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct kc_token *token = wire_call_context(call);
	struct json_object *parameters = wire_call_parameters(call);
	struct session_turn turn = turn_of(parameters);
	enum kc_status status = KC_OK;

	error_clear();
	status = field_new_object(&reply);
	if (status == KC_OK)
		status = fill(token, &turn, parameters, reply);
	log_debug("req=%" PRId64 " stage=driver method=%s status=%s sw=%04X apdus=%u", turn.request,
		  wire_call_method(call), kc_status_name(status), (unsigned)error_get()->sw,
		  token->card.n_exchanges);
	if (status == KC_OK)
		wire_call_reply(call, take(reply));
	else
		fail_call(call, token, status);
}

static void identity_done(struct kc_token_identity *identity)
{
	free(identity->instance_id);
	free(identity->label);
}

static enum kc_status answer_open(struct kc_token *token, const struct session_turn *turn,
				  struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(identity_done) struct kc_token_identity identity = {NULL, NULL};

	(void)parameters;
	TRY(session_open(token, turn, &identity));
	TRY(field_put_text(reply, "instance_id", identity.instance_id));
	return field_put_text(reply, "label", identity.label);
}

static enum kc_status answer_enumerate(struct kc_token *token, const struct session_turn *turn,
				       struct json_object *parameters, struct json_object *reply)
{
	(void)parameters;
	TRY(session_enumerate(token, turn));
	return publish_contents(&token->contents, reply);
}

/*
 * Move the PIN out of the JSON object: writing as many zeros over it leaves no copy in it. What
 * the parser's buffers held is wiped when they are freed (sys/wipe_on_free.c).
 */
static enum kc_status take_pin(struct json_object *parameters, struct secret *ret_pin)
{
	static const char zeros[SECRET_MAX];
	struct json_object *field = field_get(parameters, "pin");
	const char *text = field_text(parameters, "pin");
	size_t len = text ? strlen(text) : 0;

	TRY(secret_init(ret_pin, view_of(text, len)));
	if (len > 0)
		ignore(json_object_set_string_len(field, zeros, (int)len) == 0);
	return KC_OK;
}

static enum kc_status answer_authenticate(struct kc_token *token, const struct session_turn *turn,
					  struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(secret_done) struct secret pin = {0};

	(void)reply;
	TRY(take_pin(parameters, &pin));
	return session_authenticate(token, turn, secret_view(&pin));
}

static enum kc_status answer_pin_status(struct kc_token *token, const struct session_turn *turn,
					struct json_object *parameters, struct json_object *reply)
{
	int tries_left = -1;

	(void)parameters;
	TRY(session_pin_status(token, turn, &tries_left));
	return tries_left < 0 ? KC_OK : field_put_number(reply, "tries_left", tries_left);
}

static void signature_done(struct kc_bytes *signature)
{
	kc_bytes_free(signature);
}

static enum kc_status answer_sign(struct kc_token *token, const struct session_turn *turn,
				  struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(bytes_done) struct bytes object_id = BYTES_INIT(CONTENTS_ID_MAX);
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(SIGN_DATA_MAX);
	CLEANUP(signature_done) struct kc_bytes signature = {NULL, 0};
	const char *algorithm = field_text(parameters, "algorithm");
	struct session_signing signing;

	TRY(field_data(parameters, "object_id", &object_id));
	TRY(field_data(parameters, "data", &data));
	signing = (struct session_signing){
		.object_id = bytes_view(&object_id),
		.algorithm = algorithm ? algorithm : "",
		.data = bytes_view(&data),
	};
	TRY(session_sign(token, turn, &signing, &signature));
	return field_put_data(reply, "signature", view_of(signature.data, signature.len));
}

static void on_open(struct wire_call *call)
{
	answer(call, answer_open);
}

static void on_enumerate(struct wire_call *call)
{
	answer(call, answer_enumerate);
}

static void on_authenticate(struct wire_call *call)
{
	answer(call, answer_authenticate);
}

static void on_pin_status(struct wire_call *call)
{
	answer(call, answer_pin_status);
}

static void on_sign(struct wire_call *call)
{
	answer(call, answer_sign);
}

static const struct wire_method methods[] = {
	{.name = "Open", .handler = on_open},
	{.name = "Enumerate", .handler = on_enumerate},
	{.name = "Authenticate", .handler = on_authenticate},
	{.name = "PinStatus", .handler = on_pin_status},
	{.name = "Sign", .handler = on_sign},
};

static void service_freep(struct wire_service **service)
{
	wire_service_free(*service);
}

static void serve_freep(struct wire_serve **serve)
{
	wire_serve_free(*serve);
}

static enum kc_status new_service(struct kc_token *token, struct wire_service **ret_service)
{
	CLEANUP(service_freep) struct wire_service *service = NULL;
	const struct wire_service_options options = {
		.product = token->driver->name,
		.version = KEYCASK_VERSION,
		.context = token,
	};
	const struct wire_interface interface = {
		.description = protocol_org_keycask_Driver,
		.methods = methods,
		.n_methods = ARRAY_LEN(methods),
	};

	TRY(wire_service_new(&options, &service));
	TRY(wire_service_add(service, &interface));
	*ret_service = take(service);
	return KC_OK;
}

enum kc_status serve_token(struct kc_token *token, int control_fd)
{
	CLEANUP(service_freep) struct wire_service *service = NULL;
	CLEANUP(serve_freep) struct wire_serve *serve = NULL;
	enum kc_status status = KC_OK;

	TRY(new_service(token, &service));
	TRY(wire_serve_new(control_fd, service, &serve));
	while (status == KC_OK)
		status = wire_serve_step(serve);
	return status == KC_ERR_NOT_AVAILABLE ? KC_OK : status;
}
