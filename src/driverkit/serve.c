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
#include "codec/atr.h"
#include "codec/hex.h"
#include "driverkit/publish.h"
#include "driverkit/serve_impl.h"
#include "driverkit/session.h"
#include "wire/protocol.h"
#include "wire/serve.h"

enum {
	DATA_MAX = 65536, /* the longest command; of a modulus it is 512 bytes */
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

static void fail_call(struct wire_call *call, struct kc_token *token, enum kc_status status)
{
	if (error_get()->status == KC_OK)
		ignore(fail(status, "the %s driver gives no reason", token->driver->name));
	error_set_token(token->token_id, token->driver->class_id);
	wire_call_fail(call, error_remap(status));
}

void serve_answer(struct wire_call *call, serve_answer_fn fill)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct kc_token *token = wire_call_context(call);
	struct json_object *parameters = wire_call_parameters(call);
	struct session_turn turn = turn_of(parameters);
	enum kc_status status = KC_OK;

	error_clear();
	card_begin_call(&token->card);
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

/* Without them the card is taken for a simple one. */
static void set_facts(struct kc_token *token, struct json_object *parameters)
{
	CLEANUP(bytes_done) struct bytes atr = BYTES_INIT(ATR_BYTES_MAX);
	const char *text = field_text(parameters, "atr");
	int64_t input_max = field_number(parameters, "max_input", 0);

	if (text)
		ignore(hex_decode(text, &atr) == KC_OK);
	error_clear();
	card_set_facts(&token->card, &(struct card_facts){
					     .atr = bytes_view(&atr),
					     .input_max = input_max > 0 && input_max < UINT32_MAX
								  ? (uint32_t)input_max
								  : 0,
				     });
}

static enum kc_status answer_open(struct kc_token *token, const struct session_turn *turn,
				  struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(identity_done) struct kc_token_identity identity = {NULL, NULL};

	set_facts(token, parameters);
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

static enum kc_status answer_detail(struct kc_token *token, const struct session_turn *turn,
				    struct json_object *parameters, struct json_object *reply)
{
	(void)parameters;
	TRY(session_detail(token, turn));
	return publish_contents(&token->contents, reply);
}

/* Writing as many zeros over it leaves no copy in it. What the parser's buffers held is wiped when
 * they are freed (sys/wipe_on_free.c). */
enum kc_status serve_take_pin(struct json_object *parameters, const char *name,
			      struct secret *ret_pin, struct kc_view *ret_view)
{
	static const char zeros[SECRET_MAX];
	struct json_object *field = field_get(parameters, name);
	const char *text = field_text(parameters, name);
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return KC_OK;
	TRY(secret_init(ret_pin, view_of(text, len)));
	if (len > 0)
		ignore(json_object_set_string_len(field, zeros, (int)len) == 0);
	*ret_view = len > 0 ? secret_view(ret_pin) : view_of_text("");
	return KC_OK;
}

static enum kc_status answer_authenticate(struct kc_token *token, const struct session_turn *turn,
					  struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(bytes_done) struct bytes object_id = BYTES_INIT(CONTENTS_ID_MAX);
	CLEANUP(secret_done) struct secret pin = {0};
	struct session_authentication authentication = {.pin = {NULL, 0}};

	(void)reply;
	TRY(field_data(parameters, "object_id", &object_id));
	TRY(serve_take_pin(parameters, "pin", &pin, &authentication.pin));
	authentication.object_id = bytes_view(&object_id);
	return session_authenticate(token, turn, &authentication);
}

static enum kc_status answer_pin_status(struct kc_token *token, const struct session_turn *turn,
					struct json_object *parameters, struct json_object *reply)
{
	int tries_left = -1;

	TRY(session_pin_status(token, turn, field_text(parameters, "pin_id"), &tries_left));
	return tries_left < 0 ? KC_OK : field_put_number(reply, "tries_left", tries_left);
}

static const char *text_or_empty(struct json_object *parameters, const char *name)
{
	const char *text = field_text(parameters, name);

	return text ? text : "";
}

static enum kc_status answer_change_pin(struct kc_token *token, const struct session_turn *turn,
					struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(secret_done) struct secret current = {0};
	CLEANUP(secret_done) struct secret new_pin = {0};
	struct session_change change = {.pin_id = text_or_empty(parameters, "pin_id")};

	(void)reply;
	TRY(serve_take_pin(parameters, "current", &current, &change.current));
	TRY(serve_take_pin(parameters, "new", &new_pin, &change.new_pin));
	return session_change_pin(token, turn, &change);
}

static enum kc_status answer_unblock_pin(struct kc_token *token, const struct session_turn *turn,
					 struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(secret_done) struct secret unblocking_pin = {0};
	CLEANUP(secret_done) struct secret new_pin = {0};
	struct kc_unblocking unblocking = {.pin_id = text_or_empty(parameters, "pin_id"),
					   .by = text_or_empty(parameters, "by")};

	(void)reply;
	TRY(serve_take_pin(parameters, "unblocking", &unblocking_pin, &unblocking.unblocking));
	TRY(serve_take_pin(parameters, "new", &new_pin, &unblocking.new_pin));
	return session_unblock_pin(token, turn, &unblocking);
}

/* The answer may be a plaintext. */
static void result_done(struct kc_bytes *result)
{
	if (result->data)
		explicit_bzero(result->data, result->len);
	kc_bytes_free(result);
}

/* What the operations call what goes in, and what comes out. */
struct operation_fields {
	enum session_operation operation;
	const char *input;
	const char *output;
};

static enum kc_status use_key(struct kc_token *token, const struct session_turn *turn,
			      struct json_object *parameters, struct json_object *reply,
			      const struct operation_fields *fields)
{
	CLEANUP(bytes_done) struct bytes object_id = BYTES_INIT(CONTENTS_ID_MAX);
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(DATA_MAX);
	CLEANUP(result_done) struct kc_bytes result = {NULL, 0};
	struct session_use use = {.operation = fields->operation,
				  .algorithm = text_or_empty(parameters, "algorithm")};

	TRY(field_data(parameters, "object_id", &object_id));
	TRY(field_data(parameters, fields->input, &data));
	use.object_id = bytes_view(&object_id);
	use.data = bytes_view(&data);
	TRY(session_use_key(token, turn, &use, &result));
	return field_put_data(reply, fields->output, view_of(result.data, result.len));
}

static enum kc_status answer_sign(struct kc_token *token, const struct session_turn *turn,
				  struct json_object *parameters, struct json_object *reply)
{
	static const struct operation_fields fields = {SESSION_SIGN, "data", "signature"};

	return use_key(token, turn, parameters, reply, &fields);
}

static enum kc_status answer_decrypt(struct kc_token *token, const struct session_turn *turn,
				     struct json_object *parameters, struct json_object *reply)
{
	static const struct operation_fields fields = {SESSION_DECRYPT, "data", "plaintext"};

	return use_key(token, turn, parameters, reply, &fields);
}

static enum kc_status answer_exchange(struct kc_token *token, const struct session_turn *turn,
				      struct json_object *parameters, struct json_object *reply)
{
	static const struct operation_fields fields = {SESSION_EXCHANGE, "public_key", "secret"};

	return use_key(token, turn, parameters, reply, &fields);
}

static void on_open(struct wire_call *call)
{
	serve_answer(call, answer_open);
}

static void on_enumerate(struct wire_call *call)
{
	serve_answer(call, answer_enumerate);
}

static void on_detail(struct wire_call *call)
{
	serve_answer(call, answer_detail);
}

static void on_authenticate(struct wire_call *call)
{
	serve_answer(call, answer_authenticate);
}

static void on_pin_status(struct wire_call *call)
{
	serve_answer(call, answer_pin_status);
}

static void on_sign(struct wire_call *call)
{
	serve_answer(call, answer_sign);
}

static void on_change_pin(struct wire_call *call)
{
	serve_answer(call, answer_change_pin);
}

static void on_unblock_pin(struct wire_call *call)
{
	serve_answer(call, answer_unblock_pin);
}

static void on_decrypt(struct wire_call *call)
{
	serve_answer(call, answer_decrypt);
}

static void on_exchange(struct wire_call *call)
{
	serve_answer(call, answer_exchange);
}

static const struct wire_method methods[] = {
	{.name = "Open", .handler = on_open},
	{.name = "Enumerate", .handler = on_enumerate},
	{.name = "Detail", .handler = on_detail},
	{.name = "Authenticate", .handler = on_authenticate},
	{.name = "PinStatus", .handler = on_pin_status},
	{.name = "ChangePin", .handler = on_change_pin},
	{.name = "UnblockPin", .handler = on_unblock_pin},
	{.name = "Sign", .handler = on_sign},
	{.name = "Decrypt", .handler = on_decrypt},
	{.name = "Exchange", .handler = on_exchange},
	{.name = "PlanKey", .handler = serve_creation_plan},
	{.name = "ChallengeAdmin", .handler = serve_creation_challenge},
	{.name = "AuthenticateAdmin", .handler = serve_creation_authenticate},
	{.name = "Generate", .handler = serve_creation_generate},
	{.name = "ImportKey", .handler = serve_write_import},
	{.name = "PlanCertificate", .handler = serve_write_plan_certificate},
	{.name = "PutCertificate", .handler = serve_write_put_certificate},
	{.name = "PlanDeletion", .handler = serve_write_plan_deletion},
	{.name = "DeleteObject", .handler = serve_write_delete},
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
