/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keys, what public keys do, and what is known of keys: no token is touched. */
#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "daemon/calls.h"
#include "keys/decryption.h"
#include "keys/encryption.h"
#include "keys/exchange.h"
#include "keys/public_key.h"
#include "keys/public_reference.h"
#include "keys/signature.h"
#include "wire/message.h"

enum {
	PUBLIC_KEY_MAX = 16 * 1024,
};

static enum kc_status verify(struct wire_call *call, bool *ret_is_valid)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes signature = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct json_object *parameters = wire_call_parameters(call);
	enum kc_status status = KC_OK;
	struct key_facts facts;

	TRY(calls_find_key(call, &key));
	TRY(field_data(parameters, "data", &data));
	TRY(field_data(parameters, "signature", &signature));
	facts = key_facts_of(&key);
	status = signature_verify(&facts, field_text(parameters, "algorithm"), bytes_view(&data),
				  bytes_view(&signature));
	if (status != KC_ERR_VERIFY_FAILED)
		TRY(status);
	*ret_is_valid = status == KC_OK;
	return KC_OK;
}

void public_calls_verify(struct wire_call *call)
{
	bool is_valid = false;
	enum kc_status status = KC_OK;

	error_clear();
	status = verify(call, &is_valid);
	calls_answer(call, status, "valid",
		     status == KC_OK ? json_object_new_boolean(is_valid) : NULL);
}

static enum kc_status encrypt(struct wire_call *call, struct json_object **ret_reply)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(kc_bytes_free) struct kc_bytes ciphertext = {0};
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct json_object *parameters = wire_call_parameters(call);
	struct key_facts facts;

	TRY(calls_find_key(call, &key));
	TRY(field_data(parameters, "data", &data));
	facts = key_facts_of(&key);
	TRY(encryption_run(&facts, field_text(parameters, "algorithm"), bytes_view(&data),
			   &ciphertext));
	TRY(field_new_object(&reply));
	TRY(field_put_data(reply, "ciphertext", view_of(ciphertext.data, ciphertext.len)));
	*ret_reply = take(reply);
	return KC_OK;
}

static enum kc_status put_reference(const struct key_facts *facts, struct json_object *reply)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(PUBLIC_REFERENCE_MAX);

	TRY(public_reference_put(facts->key_type, facts->public_key, &reference));
	return field_put_data(reply, "public_reference", bytes_view(&reference));
}

/* Of a type that is unknown here the bytes are all there is. */
static enum kc_status put_info(const struct key_facts *facts, struct json_object *reply)
{
	CLEANUP(bytes_done) struct bytes info = BYTES_INIT(PUBLIC_KEY_MAX);

	if (public_key_put_info(facts, &info) == KC_OK) {
		TRY(field_put_data(reply, "public_key_info", bytes_view(&info)));
		return put_reference(facts, reply);
	}
	error_clear();
	return KC_OK;
}

static enum kc_status copy_public(struct wire_call *call, struct json_object **ret_reply)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct key_facts facts;

	TRY(calls_find_key(call, &key));
	facts = key_facts_of(&key);
	TRY(field_new_object(&reply));
	TRY(field_put_data(reply, "public_key", facts.public_key));
	TRY(field_put_text(reply, "key_type", facts.key_type));
	TRY(field_put_number(reply, "key_size_in_bits", facts.size_in_bits));
	TRY(put_info(&facts, reply));
	*ret_reply = take(reply);
	return KC_OK;
}

typedef enum kc_status (*make_fn)(struct wire_call *call, struct json_object **ret_reply);

static void reply_with(struct wire_call *call, make_fn make)
{
	struct json_object *reply = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = make(call, &reply);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

void public_calls_encrypt(struct wire_call *call)
{
	reply_with(call, encrypt);
}

void public_calls_copy_public(struct wire_call *call)
{
	reply_with(call, copy_public);
}

/* By the name of the operation; false for *ret_is_known is no operation at all. */
static bool supports(const struct engine_key *key, const char *operation, const char *algorithm,
		     bool *ret_is_known)
{
	struct key_facts facts = key_facts_of(key);

	*ret_is_known = true;
	if (strcmp(operation, "sign") == 0)
		return key->can_sign && signature_is_supported(&facts, algorithm, true);
	if (strcmp(operation, "verify") == 0)
		return signature_is_supported(&facts, algorithm, false);
	if (strcmp(operation, "encrypt") == 0)
		return encryption_is_supported(&facts, algorithm);
	if (strcmp(operation, "decrypt") == 0)
		return calls_may_decrypt(key) && decryption_is_supported(&facts, algorithm);
	if (strcmp(operation, "exchange") == 0)
		return key->can_derive && exchange_is_supported(&facts, algorithm);
	*ret_is_known = false;
	return false;
}

static enum kc_status is_supported(struct wire_call *call, bool *ret_is_supported)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	struct json_object *parameters = wire_call_parameters(call);
	bool is_supported = false;
	bool is_known = false;

	TRY(calls_find_key(call, &key));
	is_supported = supports(&key, field_text(parameters, "operation"),
				field_text(parameters, "algorithm"), &is_known);
	REQUIRE(is_known, KC_ERR_PARAM,
		"operation must be \"sign\", \"verify\", \"encrypt\", \"decrypt\" or \"exchange\"");
	*ret_is_supported = is_supported;
	return KC_OK;
}

void public_calls_is_algorithm_supported(struct wire_call *call)
{
	bool supported = false;
	enum kc_status status = KC_OK;

	error_clear();
	status = is_supported(call, &supported);
	calls_answer(call, status, "is_supported",
		     status == KC_OK ? json_object_new_boolean(supported) : NULL);
}
