/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Keys, what private keys do: the key is found, the operation planned, the token asked
 * or, of a key that is in the keychain, done here; the answer is proved. Signing, decryption and
 * key exchange differ in a row of a table.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "daemon/behalf.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "daemon/consent.h"
#include "daemon/pin_request.h"
#include "daemon/proof.h"
#include "daemon/software_use.h"
#include "keys/decryption.h"
#include "keys/exchange.h"
#include "keys/signature.h"
#include "tokens/naming.h"
#include "wire/message.h"

struct verb {
	const char *name;   /* in the audit log */
	const char *doing;  /* in messages */
	const char *result; /* the field of our reply */
	enum engine_use engine_use;
	bool may_join_batch;
	bool (*is_allowed)(const struct engine_key *key);
	enum kc_status (*plan)(const struct key_facts *key, const char *algorithm,
			       struct json_object *parameters, struct plan **ret_plan);
};

struct key_use {
	const struct verb *verb;
	struct engine_key key;
	struct plan *plan;
	struct audit_entry audit_entry;
	uint8_t hash[KEY_FACTS_HASH_BYTES]; /* of a software key */
	struct wire_call *call;		    /* until a pin_request has it */
	struct daemon *daemon;
	char *algorithm;
};

static struct key_use *key_use_free(struct key_use *key_use)
{
	if (!key_use)
		return NULL;
	engine_key_done(&key_use->key);
	key_use->plan = plan_free(key_use->plan);
	free(key_use->algorithm);
	free(key_use);
	return NULL;
}

/* --- planning ------------------------------------------------------------------------------ */

static enum kc_status plan_signature(const struct key_facts *key, const char *algorithm,
				     struct json_object *parameters, struct plan **ret_plan)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);

	TRY(field_data(parameters, "data", &data));
	return signature_plan_new(key, algorithm, bytes_view(&data), ret_plan);
}

static enum kc_status plan_decryption(const struct key_facts *key, const char *algorithm,
				      struct json_object *parameters, struct plan **ret_plan)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);

	TRY(field_data(parameters, "data", &data));
	return decryption_plan_new(key, algorithm, bytes_view(&data), ret_plan);
}

static enum kc_status plan_exchange(const struct key_facts *key, const char *algorithm,
				    struct json_object *parameters, struct plan **ret_plan)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes shared_info = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct exchange_parameters exchange;

	TRY(field_data(parameters, "public_key", &public_key));
	TRY(field_data(parameters, "shared_info", &shared_info));
	exchange = (struct exchange_parameters){
		.public_key = bytes_view(&public_key),
		.requested_size = field_number(parameters, "requested_size", -1),
		.shared_info = bytes_view(&shared_info),
	};
	return exchange_plan_new(key, algorithm, &exchange, ret_plan);
}

static bool may_sign(const struct engine_key *key)
{
	return key->can_sign;
}

static bool may_exchange(const struct engine_key *key)
{
	return key->can_derive;
}

static const struct verb verb_sign = {"sign", "signing", "signature",	ENGINE_USE_SIGN,
				      true,   may_sign,	 plan_signature};
static const struct verb verb_decrypt = {"decrypt",	     "decryption", "plaintext",
					 ENGINE_USE_DECRYPT, false,	   calls_may_decrypt,
					 plan_decryption};
static const struct verb verb_exchange = {"exchange",	       "key exchange", "secret",
					  ENGINE_USE_EXCHANGE, false,	       may_exchange,
					  plan_exchange};

static const char *label_of(const struct engine_key *key)
{
	return key->label ? key->label : "(no label)";
}

static enum kc_status plan(struct wire_call *call, struct key_use *key_use)
{
	struct json_object *parameters = wire_call_parameters(call);
	struct key_facts key;

	error_set_token(key_use->key.token_id, NULL);
	REQUIRE(key_use->verb->is_allowed(&key_use->key), KC_ERR_PARAM,
		"the key \"%s\" is not for %s", label_of(&key_use->key), key_use->verb->doing);
	key = key_facts_of(&key_use->key);
	key_use->algorithm = strdup(field_text(parameters, "algorithm"));
	REQUIRE(key_use->algorithm, KC_ERR_ALLOCATE, "out of memory");
	return key_use->verb->plan(&key, key_use->algorithm, parameters, &key_use->plan);
}

/* --- the answer ---------------------------------------------------------------------------- */

static void end_use(void *details, enum kc_status status)
{
	struct key_use *key_use = details;

	key_use->audit_entry.result = status;
	audit_write(key_use->daemon->audit, &key_use->audit_entry);
	ignore(key_use_free(key_use) != NULL);
}

static enum kc_status put_result(const struct key_use *key_use, const struct kc_bytes *result,
				 struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, key_use->verb->result, view_of(result->data, result->len)));
	*ret_parameters = take(parameters);
	return KC_OK;
}

static enum kc_status finish_plan(const struct key_use *key_use, struct kc_view answer,
				  struct json_object **ret_parameters)
{
	CLEANUP(kc_bytes_free) struct kc_bytes result = {0};
	struct key_facts key = key_facts_of(&key_use->key);
	enum kc_status status = plan_finish(key_use->plan, &key, answer, &result);

	if (status != KC_OK)
		error_set_token(key_use->key.token_id, NULL);
	TRY(status);
	return put_result(key_use, &result, ret_parameters);
}

/* What the driver is asked for, which is not always what we were. */
static const struct token_request {
	enum operation_use use;
	const char *answer; /* the field of its reply */
} token_requests[] = {
	[PLAN_SIGN] = {OPERATION_SIGN, "signature"},
	[PLAN_DECRYPT] = {OPERATION_DECRYPT, "plaintext"},
	[PLAN_EXCHANGE] = {OPERATION_EXCHANGE, "secret"},
};

static const struct token_request *request_of(const struct key_use *key_use)
{
	return &token_requests[plan_kind(key_use->plan)];
}

static enum kc_status answer(void *details, struct json_object *reply,
			     struct json_object **ret_parameters)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(WIRE_MESSAGE_MAX);
	const struct key_use *key_use = details;

	TRY(field_data(reply, request_of(key_use)->answer, &answer));
	return finish_plan(key_use, bytes_view(&answer), ret_parameters);
}

static enum kc_status recover(void *details, enum kc_status status,
			      struct json_object **ret_parameters)
{
	CLEANUP(kc_bytes_free) struct kc_bytes result = {0};
	struct key_use *key_use = details;
	struct key_facts key = key_facts_of(&key_use->key);

	TRY(plan_recover(key_use->plan, &key, status, &result));
	return put_result(key_use, &result, ret_parameters);
}

/* --- the call ------------------------------------------------------------------------------ */

/* A token's object IDs contain the hash. */
static struct kc_view hash_of(struct key_use *key_use)
{
	struct kc_view object_id = view_of(key_use->key.object_id.data, key_use->key.object_id.len);
	size_t hash_at = object_id.len > NAMING_HASH_BYTES ? object_id.len - NAMING_HASH_BYTES : 0;
	struct key_facts facts = key_facts_of(&key_use->key);

	if (key_use->key.token_id)
		return view_slice(object_id, hash_at, NAMING_HASH_BYTES);
	return key_facts_hash(&facts, key_use->hash) == KC_OK ? VIEW_OF(key_use->hash)
							      : view_of(NULL, 0);
}

static struct audit_entry describe_use(struct wire_call *call, struct key_use *key_use)
{
	return (struct audit_entry){
		.request = wire_call_id(call),
		.peer = client_peer(wire_call_peer(call)),
		.operation = key_use->verb->name,
		.algorithm = key_use->algorithm,
		.token_id = key_use->key.token_id,
		.key_label = key_use->key.label,
		.key_hash = hash_of(key_use),
	};
}

/* --- on a token ---------------------------------------------------------------------------- */

static enum kc_status start(struct key_use *key_use, struct pin_request *request)
{
	struct operation_options options = pin_request_operation(request);
	struct operation_key_use operation = {
		.use = request_of(key_use)->use,
		.object_id = view_of(key_use->key.object_id.data, key_use->key.object_id.len),
		.algorithm = plan_operation(key_use->plan),
		.input = plan_input(key_use->plan),
	};

	return operation_use_key(pin_request_token(request), &options, &operation,
				 pin_request_place(request));
}

/* On success @key_use is the request's. */
static enum kc_status use_token(struct key_use *key_use)
{
	CLEANUP(pin_request_freep) struct pin_request *request = NULL;
	struct pin_request_options options = {
		.purpose = key_use->key.label,
		.needs_pin = strcmp(key_use->key.constraint, "none") != 0,
		.needs_new_pin = strcmp(key_use->key.constraint, "pin_always") == 0,
		.may_join_batch = key_use->verb->may_join_batch,
		.answer = answer,
		.recover = recover,
		.ended = end_use,
		.details = key_use,
	};

	TRY(pin_request_new(key_use->call, key_use->key.token_id, &options, &request));
	TRY(start(key_use, request));
	take(request); /* it ends itself */
	return KC_OK;
}

/* --- here ---------------------------------------------------------------------------------- */

static void on_used(void *details, enum kc_status status, struct kc_view software_answer)
{
	struct key_use *key_use = details;
	struct wire_call *call = key_use->call;
	struct json_object *parameters = NULL;

	if (status == KC_OK)
		status = finish_plan(key_use, software_answer, &parameters);
	end_use(key_use, status);
	if (status == KC_OK)
		wire_call_reply(call, parameters);
	else
		wire_call_fail(call, status);
}

static void on_gone(void *details)
{
	end_use(details, KC_ERR_USER_CANCELED);
}

/* On success @key_use ends itself, or has done so. */
static enum kc_status use_software(struct key_use *key_use)
{
	struct software_use_options options = {
		.done = on_used, .gone = on_gone, .details = key_use};

	return software_use_start(key_use->call, &key_use->key, key_use->plan, &options);
}

/* --- the call ------------------------------------------------------------------------------ */

static enum kc_status use(struct key_use *key_use)
{
	TRY(plan(key_use->call, key_use));
	key_use->audit_entry = describe_use(key_use->call, key_use);
	return key_use->key.token_id ? use_token(key_use) : use_software(key_use);
}

static void on_confirmed(void *details, enum kc_status status)
{
	struct key_use *key_use = details;
	struct wire_call *call = key_use->call;

	if (status == KC_OK)
		status = use(key_use);
	if (status == KC_OK)
		return;
	ignore(key_use_free(key_use) != NULL);
	wire_call_fail(call, status);
}

static void on_gone_before(void *details)
{
	ignore(key_use_free(details) != NULL);
}

static void on_found(void *details, enum kc_status status)
{
	struct key_use *key_use = details;
	struct consent_options options = {.key = key_use->key.label,
					  .token = key_use->key.token_id,
					  .done = on_confirmed,
					  .gone = on_gone_before,
					  .details = key_use};

	if (status == KC_OK)
		consent_ask(key_use->call, &options);
	else
		on_confirmed(key_use, status);
}

static enum kc_status find(void *details, struct engine_request *request)
{
	struct key_use *key_use = details;

	engine_key_done(&key_use->key);
	return calls_find_key_for(key_use->call, key_use->verb->engine_use, request, &key_use->key);
}

static void begin(struct wire_call *call, const struct verb *verb)
{
	struct key_use *key_use = calloc(1, sizeof(*key_use));
	struct proof_options options = {.run = find,
					.done = on_found,
					.gone = on_gone_before,
					.details = key_use,
					.may_skip = true,
					.may_join_batch = verb->may_join_batch};

	error_clear();
	if (!key_use) {
		wire_call_fail(call, fail(KC_ERR_ALLOCATE, "out of memory"));
		return;
	}
	behalf_apply(call);
	*key_use = (struct key_use){.verb = verb, .call = call, .daemon = wire_call_context(call)};
	proof_run(call, &options);
}

void key_calls_sign(struct wire_call *call)
{
	begin(call, &verb_sign);
}

void key_calls_decrypt(struct wire_call *call)
{
	begin(call, &verb_decrypt);
}

void key_calls_exchange(struct wire_call *call)
{
	begin(call, &verb_exchange);
}
