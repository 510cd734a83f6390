/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keys: the key is found, the signature planned, the token asked, the answer proved. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "daemon/pin_request.h"
#include "keys/signature.h"
#include "wire/message.h"

enum {
	REFERENCE_MAX = 1024,
	HASH_BYTES = 20, /* the end of a token key's object ID, tokens/contents.h */
};

static struct signature_key signature_key_of(const struct engine_key *key)
{
	return (struct signature_key){
		.key_type = key->key_type,
		.size_in_bits = key->size_in_bits,
		.public_key = view_of(key->public_key.data, key->public_key.len),
		.algorithms = key->algorithms,
	};
}

static enum kc_status find_key(struct wire_call *call, struct engine_key *ret_key)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(REFERENCE_MAX);
	struct daemon *daemon = wire_call_context(call);

	TRY(field_data(wire_call_parameters(call), "key", &reference));
	return engine_find_key(daemon->engine, bytes_view(&reference), ret_key);
}

struct signing {
	struct engine_key key;
	struct signature_plan *plan;
	struct audit_entry audit_entry;
	struct daemon *daemon;
	char *algorithm;
};

static struct signing *signing_free(struct signing *signing)
{
	if (!signing)
		return NULL;
	engine_key_done(&signing->key);
	signing->plan = signature_plan_free(signing->plan);
	free(signing->algorithm);
	free(signing);
	return NULL;
}
DEFINE_FREEP(signing)

static void end_signing(void *details, enum kc_status status)
{
	struct signing *signing = details;

	signing->audit_entry.result = status;
	audit_write(signing->daemon->audit, &signing->audit_entry);
	ignore(signing_free(signing) != NULL);
}

static enum kc_status answer_signature(void *details, struct json_object *reply,
				       struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {0};
	struct signing *signing = details;
	struct signature_key key = signature_key_of(&signing->key);
	enum kc_status status = KC_OK;

	TRY(field_data(reply, "signature", &answer));
	status = signature_plan_finish(signing->plan, &key, bytes_view(&answer), &signature);
	if (status != KC_OK)
		error_set_token(signing->key.token_id, NULL);
	TRY(status);
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "signature", view_of(signature.data, signature.len)));
	*ret_parameters = take(parameters);
	return KC_OK;
}

static enum kc_status plan(struct wire_call *call, struct signing *signing)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct json_object *parameters = wire_call_parameters(call);
	struct signature_key key;

	TRY(find_key(call, &signing->key));
	error_set_token(signing->key.token_id, NULL);
	REQUIRE(signing->key.can_sign, KC_ERR_PARAM, "the key \"%s\" is not for signing",
		signing->key.label);
	key = signature_key_of(&signing->key);
	signing->algorithm = strdup(field_text(parameters, "algorithm"));
	REQUIRE(signing->algorithm, KC_ERR_ALLOCATE, "out of memory");
	TRY(field_data(parameters, "data", &data));
	return signature_plan_new(&key, signing->algorithm, bytes_view(&data), &signing->plan);
}

static struct audit_entry describe_use(struct wire_call *call, const struct signing *signing)
{
	struct kc_view object_id = view_of(signing->key.object_id.data, signing->key.object_id.len);

	return (struct audit_entry){
		.request = wire_call_id(call),
		.peer = client_peer(wire_call_peer(call)),
		.operation = "sign",
		.algorithm = signing->algorithm,
		.token_id = signing->key.token_id,
		.key_label = signing->key.label,
		.key_hash = object_id.len > HASH_BYTES
				    ? view_slice(object_id, object_id.len - HASH_BYTES, HASH_BYTES)
				    : object_id,
	};
}

static enum kc_status start(struct signing *signing, struct pin_request *request)
{
	struct operation_options options = pin_request_operation(request);
	struct operation_key_use key_use = {
		.use = OPERATION_SIGN,
		.object_id = view_of(signing->key.object_id.data, signing->key.object_id.len),
		.algorithm = signature_plan_operation(signing->plan),
		.input = signature_plan_input(signing->plan),
	};

	return operation_use_key(pin_request_token(request), &options, &key_use,
				 pin_request_place(request));
}

static enum kc_status sign(struct wire_call *call)
{
	CLEANUP(signing_freep) struct signing *signing = calloc(1, sizeof(*signing));
	CLEANUP(pin_request_freep) struct pin_request *request = NULL;
	struct pin_request_options options = {.answer = answer_signature, .ended = end_signing};

	REQUIRE(signing, KC_ERR_ALLOCATE, "out of memory");
	signing->daemon = wire_call_context(call);
	TRY(plan(call, signing));
	signing->audit_entry = describe_use(call, signing);
	options.purpose = signing->key.label;
	options.needs_pin = strcmp(signing->key.constraint, "none") != 0;
	options.needs_new_pin = strcmp(signing->key.constraint, "pin_always") == 0;
	options.details = signing;
	TRY(pin_request_new(call, signing->key.token_id, &options, &request));
	TRY(start(signing, request));
	take(signing); /* both end themselves */
	take(request);
	return KC_OK;
}

void key_calls_sign(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = sign(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}

static enum kc_status verify(struct wire_call *call, bool *ret_is_valid)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes signature = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct json_object *parameters = wire_call_parameters(call);
	struct signature_key public_key;
	enum kc_status status = KC_OK;

	TRY(find_key(call, &key));
	TRY(field_data(parameters, "data", &data));
	TRY(field_data(parameters, "signature", &signature));
	public_key = signature_key_of(&key);
	status = signature_verify(&public_key, field_text(parameters, "algorithm"),
				  bytes_view(&data), bytes_view(&signature));
	if (status != KC_ERR_VERIFY_FAILED)
		TRY(status);
	*ret_is_valid = status == KC_OK;
	return KC_OK;
}

void key_calls_verify(struct wire_call *call)
{
	bool is_valid = false;
	enum kc_status status = KC_OK;

	error_clear();
	status = verify(call, &is_valid);
	calls_answer(call, status, "valid",
		     status == KC_OK ? json_object_new_boolean(is_valid) : NULL);
}

static enum kc_status is_supported(struct wire_call *call, bool *ret_is_supported)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	struct json_object *parameters = wire_call_parameters(call);
	const char *operation = field_text(parameters, "operation");
	bool for_signing = strcmp(operation, "sign") == 0;
	struct signature_key signature_key;

	REQUIRE(for_signing || strcmp(operation, "verify") == 0, KC_ERR_PARAM,
		"operation must be \"sign\" or \"verify\"");
	TRY(find_key(call, &key));
	signature_key = signature_key_of(&key);
	*ret_is_supported =
		(key.can_sign || !for_signing) &&
		signature_is_supported(&signature_key, field_text(parameters, "algorithm"),
				       for_signing);
	return KC_OK;
}

void key_calls_is_algorithm_supported(struct wire_call *call)
{
	bool supported = false;
	enum kc_status status = KC_OK;

	error_clear();
	status = is_supported(call, &supported);
	calls_answer(call, status, "is_supported",
		     status == KC_OK ? json_object_new_boolean(supported) : NULL);
}
