/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key handles and what can be done with them. A handle is a persistent reference and nothing
 * else: no connection, no state, so fork, restart and re-insertion cannot hurt it.
 */
#include <keycask/key.h>

#include <stdlib.h>

#include <keycask/dictionary.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/interaction.h"
#include "client/line.h"
#include "sys/socket.h"
#include "wire/message.h"

struct kc_key {
	struct kc_bytes reference;
};

/* --- life cycle ---------------------------------------------------------------------------- */

struct kc_key *kc_key_free(struct kc_key *key)
{
	if (!key)
		return NULL;
	kc_bytes_free(&key->reference);
	free(key);
	return NULL;
}

static void key_freep(struct kc_key **key)
{
	*key = kc_key_free(*key);
}

static enum kc_status new_key(struct kc_view reference, struct kc_key **ret_key)
{
	CLEANUP(key_freep) struct kc_key *key = calloc(1, sizeof(*key));

	REQUIRE(reference.len > 0, KC_ERR_PARAM, "an empty persistent reference");
	REQUIRE(key, KC_ERR_ALLOCATE, "out of memory");
	key->reference.data = malloc(reference.len);
	REQUIRE(key->reference.data, KC_ERR_ALLOCATE, "out of memory");
	memcpy(key->reference.data, reference.data, reference.len);
	key->reference.len = reference.len;
	*ret_key = take(key);
	return KC_OK;
}

enum kc_status kc_key_from_persistent_ref(struct kc_view reference, struct kc_key **ret_key)
{
	error_clear();
	return new_key(reference, ret_key);
}

enum kc_status kc_key_from_item(const struct kc_value *item, struct kc_key **ret_key)
{
	const struct kc_dictionary *attributes = kc_value_dictionary(item);
	struct kc_view reference = kc_value_data(item);

	error_clear();
	if (attributes)
		reference = kc_dictionary_data(attributes, KC_VALUE_PERSISTENT_REF);
	if (attributes && reference.len == 0)
		reference = kc_dictionary_data(attributes, KC_VALUE_REF);
	REQUIRE(reference.len > 0, KC_ERR_PARAM, "this item holds no reference to a key");
	return new_key(reference, ret_key);
}

struct kc_view kc_key_persistent_ref(const struct kc_key *key)
{
	if (!key)
		return (struct kc_view){NULL, 0};
	return view_of(key->reference.data, key->reference.len);
}

/* --- operations ---------------------------------------------------------------------------- */

static enum kc_status new_parameters(const struct kc_key *key, const char *algorithm,
				     struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	REQUIRE(key, KC_ERR_PARAM, "no key");
	REQUIRE(algorithm && *algorithm, KC_ERR_PARAM, "no algorithm");
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "key", kc_key_persistent_ref(key)));
	TRY(field_put_text(parameters, "algorithm", algorithm));
	*ret_parameters = take(parameters);
	return KC_OK;
}

/* Not repeatable: a second signature, a second try of the PIN, is the caller's to decide. */
static enum kc_status ask_to_sign(struct json_object **parameters, const struct kc_options *options,
				  struct json_object **ret_answer)
{
	CLEANUP(socket_close) int pin_fd = -1;
	struct line_call call = {.method = "org.keycask.Keys.Sign",
				 .timeout_ms = interaction_timeout_ms(options)};

	TRY(interaction_put(options, *parameters, &pin_fd));
	call.parameters = take(*parameters);
	call.descriptor = pin_fd;
	return line_call(&call, ret_answer);
}

enum kc_status kc_key_sign(const struct kc_key *key, const char *algorithm, struct kc_view data,
			   const struct kc_options *given, struct kc_bytes *ret_signature)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(bytes_done) struct bytes signature = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct kc_options options;

	error_clear();
	TRY(interaction_read(given, &options));
	TRY(new_parameters(key, algorithm, &parameters));
	TRY(field_put_data(parameters, "data", data));
	TRY(ask_to_sign(&parameters, &options, &answer));
	TRY(field_data(answer, "signature", &signature));
	REQUIRE(signature.len > 0, KC_ERR_INTERNAL, "the daemon answered without a signature");
	*ret_signature = bytes_take(&signature);
	return KC_OK;
}

static enum kc_status ask(const char *method, struct json_object **parameters,
			  struct json_object **ret_answer)
{
	struct line_call call = {.method = method,
				 .parameters = take(*parameters),
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true};

	return line_call(&call, ret_answer);
}

enum kc_status kc_key_verify(const struct kc_key *key, const char *algorithm, struct kc_view data,
			     struct kc_view signature)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	TRY(new_parameters(key, algorithm, &parameters));
	TRY(field_put_data(parameters, "data", data));
	TRY(field_put_data(parameters, "signature", signature));
	TRY(ask("org.keycask.Keys.Verify", &parameters, &answer));
	REQUIRE(field_flag(answer, "valid", false), KC_ERR_VERIFY_FAILED,
		"the signature does not match");
	return KC_OK;
}

enum kc_status kc_key_is_algorithm_supported(const struct kc_key *key, const char *operation,
					     const char *algorithm, bool *ret_is_supported)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	REQUIRE(operation && *operation, KC_ERR_PARAM, "no operation");
	TRY(new_parameters(key, algorithm, &parameters));
	TRY(field_put_text(parameters, "operation", operation));
	TRY(ask("org.keycask.Keys.IsAlgorithmSupported", &parameters, &answer));
	*ret_is_supported = field_flag(answer, "is_supported", false);
	return KC_OK;
}
