/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What private keys do. None of it is repeatable: a second signature, a second try of the PIN, is
 * the caller's to decide.
 */
#include <keycask/context.h>
#include <keycask/key.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/interaction.h"
#include "client/key_impl.h"
#include "client/line.h"
#include "client/sized.h"
#include "sys/socket.h"
#include "wire/message.h"

struct work {
	const char *method;
	const char *name; /* in a message */
	const char *result;
};

static const struct work signing = {"org.keycask.Keys.Sign", "sign", "signature"};
static const struct work decryption = {"org.keycask.Keys.Decrypt", "decrypt", "plaintext"};
static const struct work exchange = {"org.keycask.Keys.Exchange", "exchange keys", "secret"};

static enum kc_status begin(const struct work *work, const struct kc_key *key,
			    const char *algorithm, struct json_object **ret_parameters)
{
	error_clear();
	REQUIRE(!key || !key->is_public, KC_ERR_PARAM, "a public key cannot %s", work->name);
	return key_new_operation(key, algorithm, ret_parameters);
}

/* Whom this process serves, and that somebody has to agree. */
static enum kc_status put_service(const struct kc_options *options, struct json_object *interaction)
{
	if (options->on_behalf_of > 0)
		TRY(field_put_number(interaction, "on_behalf_of", options->on_behalf_of));
	return options->confirm ? field_put_flag(interaction, "confirm", true) : KC_OK;
}

static enum kc_status call(const struct work *work, struct json_object **parameters,
			   const struct kc_options *options, struct json_object **ret_answer)
{
	CLEANUP(socket_close) int pin_fd = -1;
	struct line_call call = {.method = work->method,
				 .timeout_ms = interaction_timeout_ms(options)};

	TRY(interaction_put(options, *parameters, &pin_fd));
	TRY(field_put_text(field_get(*parameters, "interaction"), "authentication_context",
			   kc_authentication_context_name(options->context)));
	TRY(field_put_text(field_get(*parameters, "interaction"), "batch", options->batch));
	TRY(put_service(options, field_get(*parameters, "interaction")));
	call.parameters = take(*parameters);
	call.descriptor = pin_fd;
	return line_call(&call, ret_answer);
}

static enum kc_status perform(const struct work *work, struct json_object **parameters,
			      const struct kc_options *given, struct kc_bytes *ret_result)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(bytes_done) struct bytes result = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct kc_options options;

	TRY(interaction_read(given, &options));
	TRY(call(work, parameters, &options, &answer));
	TRY(field_data(answer, work->result, &result));
	REQUIRE(field_text(answer, work->result), KC_ERR_INTERNAL,
		"the daemon answered without a %s", work->result);
	*ret_result = bytes_take(&result);
	return KC_OK;
}

enum kc_status kc_key_sign(const struct kc_key *key, const char *algorithm, struct kc_view data,
			   const struct kc_options *options, struct kc_bytes *ret_signature)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(begin(&signing, key, algorithm, &parameters));
	TRY(field_put_data(parameters, "data", data));
	return perform(&signing, &parameters, options, ret_signature);
}

enum kc_status kc_key_decrypt(const struct kc_key *key, const char *algorithm, struct kc_view data,
			      const struct kc_options *options, struct kc_bytes *ret_plaintext)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(begin(&decryption, key, algorithm, &parameters));
	TRY(field_put_data(parameters, "data", data));
	return perform(&decryption, &parameters, options, ret_plaintext);
}

static enum kc_status put_exchange(const struct kc_exchange *given, struct json_object *parameters)
{
	struct kc_exchange all = KC_EXCHANGE_INIT;

	TRY(sized_read(given, &all, sizeof(all), "KC_EXCHANGE_INIT"));
	if (all.requested_size > 0)
		TRY(field_put_number(parameters, "requested_size", all.requested_size));
	if (all.shared_info.len > 0)
		TRY(field_put_data(parameters, "shared_info", all.shared_info));
	return KC_OK;
}

enum kc_status kc_key_exchange(const struct kc_key *key, const char *algorithm,
			       struct kc_view public_key, const struct kc_exchange *given,
			       const struct kc_options *options, struct kc_bytes *ret_secret)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(begin(&exchange, key, algorithm, &parameters));
	TRY(field_put_data(parameters, "public_key", public_key));
	TRY(put_exchange(given, parameters));
	return perform(&exchange, &parameters, options, ret_secret);
}

enum kc_status kc_key_forget(const struct kc_key *key)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct line_call call = {.method = "org.keycask.Keys.Forget",
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_change = true,
				 .never_starts = true};

	error_clear();
	TRY(key_new_parameters(key, &parameters));
	call.parameters = take(parameters);
	return line_call(&call, &answer);
}
