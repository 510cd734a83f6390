/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What public keys do, and what is known of keys: reading, which may be asked again. */
#include <keycask/key.h>

#include <string.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/key_impl.h"
#include "client/line.h"
#include "wire/message.h"

static enum kc_status ask(const char *method, const struct kc_key *key,
			  struct json_object **parameters, struct json_object **ret_answer)
{
	struct line_call call = {.method = method,
				 .parameters = take(*parameters),
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true,
				 .may_go_aside = !key->is_of_line};

	return line_call(&call, ret_answer);
}

static enum kc_status ask_for_data(const char *method, const struct kc_key *key,
				   struct json_object **parameters, const char *name,
				   struct kc_bytes *ret_data)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);

	TRY(ask(method, key, parameters, &answer));
	TRY(field_data(answer, name, &data));
	REQUIRE(data.len > 0, KC_ERR_UNIMPLEMENTED, "a key of this type has no such form");
	*ret_data = bytes_take(&data);
	return KC_OK;
}

enum kc_status kc_key_verify(const struct kc_key *key, const char *algorithm, struct kc_view data,
			     struct kc_view signature)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	TRY(key_new_operation(key, algorithm, &parameters));
	TRY(field_put_data(parameters, "data", data));
	TRY(field_put_data(parameters, "signature", signature));
	TRY(ask("org.keycask.Keys.Verify", key, &parameters, &answer));
	REQUIRE(field_flag(answer, "valid", false), KC_ERR_VERIFY_FAILED,
		"the signature does not match");
	return KC_OK;
}

enum kc_status kc_key_encrypt(const struct kc_key *key, const char *algorithm, struct kc_view data,
			      struct kc_bytes *ret_ciphertext)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	error_clear();
	TRY(key_new_operation(key, algorithm, &parameters));
	TRY(field_put_data(parameters, "data", data));
	return ask_for_data("org.keycask.Keys.Encrypt", key, &parameters, "ciphertext",
			    ret_ciphertext);
}

static bool is_private_operation(const char *operation)
{
	return strcmp(operation, "sign") == 0 || strcmp(operation, "decrypt") == 0 ||
	       strcmp(operation, "exchange") == 0;
}

enum kc_status kc_key_is_algorithm_supported(const struct kc_key *key, const char *operation,
					     const char *algorithm, bool *ret_is_supported)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	REQUIRE(operation && *operation, KC_ERR_PARAM, "no operation");
	TRY(key_new_operation(key, algorithm, &parameters));
	TRY(field_put_text(parameters, "operation", operation));
	TRY(ask("org.keycask.Keys.IsAlgorithmSupported", key, &parameters, &answer));
	*ret_is_supported = field_flag(answer, "is_supported", false) &&
			    !(key->is_public && is_private_operation(operation));
	return KC_OK;
}

enum kc_status kc_key_copy_external_representation(const struct kc_key *key,
						   struct kc_bytes *ret_data)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	error_clear();
	TRY(key_new_parameters(key, &parameters));
	if (key->is_public)
		return ask_for_data("org.keycask.Keys.CopyPublic", key, &parameters, "public_key",
				    ret_data);
	return ask_for_data("org.keycask.Keys.Export", key, &parameters, "data", ret_data);
}

enum kc_status kc_key_copy_public_info(const struct kc_key *key, struct kc_bytes *ret_info)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	error_clear();
	TRY(key_new_parameters(key, &parameters));
	return ask_for_data("org.keycask.Keys.CopyPublic", key, &parameters, "public_key_info",
			    ret_info);
}

static enum kc_status copy_public(const struct kc_key *key, struct json_object **ret_answer)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(key_new_parameters(key, &parameters));
	return ask("org.keycask.Keys.CopyPublic", key, &parameters, ret_answer);
}

/* Of a type that the daemon does not know there is no other name than the private key's. */
enum kc_status kc_key_copy_public(const struct kc_key *key, struct kc_key **ret_public_key)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct kc_key *public_key = NULL;

	error_clear();
	TRY(copy_public(key, &answer));
	TRY(field_data(answer, "public_reference", &reference));
	if (reference.len == 0)
		TRY(bytes_append(&reference, view_of(key->reference.data, key->reference.len)));
	TRY(key_new(bytes_view(&reference), &public_key));
	public_key->is_public = true;
	*ret_public_key = public_key;
	return KC_OK;
}

enum kc_status kc_key_block_size(const struct kc_key *key, size_t *ret_size_bytes)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	int64_t size_in_bits = 0;

	error_clear();
	TRY(copy_public(key, &answer));
	size_in_bits = field_number(answer, "key_size_in_bits", 0);
	REQUIRE(size_in_bits > 0 && size_in_bits <= INT32_MAX, KC_ERR_INTERNAL,
		"the daemon answered without the key's size");
	*ret_size_bytes = ((size_t)size_in_bits + 7) / 8;
	return KC_OK;
}

enum kc_status kc_key_copy_attributes(const struct kc_key *key,
				      struct kc_dictionary **ret_attributes)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *attributes = NULL;

	error_clear();
	TRY(key_new_parameters(key, &parameters));
	TRY(ask("org.keycask.Keys.CopyAttributes", key, &parameters, &answer));
	attributes = field_get(answer, "attributes");
	REQUIRE(json_object_is_type(attributes, json_type_object), KC_ERR_INTERNAL,
		"the daemon answered without the key's attributes");
	return convert_dictionary_from_json(attributes, ret_attributes);
}
