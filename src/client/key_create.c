/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making and bringing keys. Neither is repeated when the daemon was lost: whether a key was made is
 * not for us to guess.
 */
#include <keycask/context.h>
#include <keycask/key.h>
#include <keycask/names.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/interaction.h"
#include "client/item_impl.h"
#include "client/key_impl.h"
#include "client/line.h"
#include "sys/socket.h"

enum {
	REFERENCE_MAX = 65536,
};

/* --- what goes out ------------------------------------------------------------------------- */

static enum kc_status put_half(const struct kc_dictionary *attributes, const char *name,
			       struct json_object *json)
{
	const struct kc_dictionary *half = kc_dictionary_dictionary(attributes, name);
	struct json_object *half_json = NULL;

	if (!half)
		return KC_OK;
	TRY(item_dictionary_to_json(half, &half_json));
	return field_put(json, name, half_json);
}

static enum kc_status put_attributes(const struct kc_dictionary *attributes,
				     struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *json = NULL;

	TRY(item_dictionary_to_json(attributes, &json));
	TRY(put_half(attributes, KC_PRIVATE_KEY_ATTRIBUTES, json));
	TRY(put_half(attributes, KC_PUBLIC_KEY_ATTRIBUTES, json));
	return field_put(parameters, "attributes", take(json));
}

/* What a key's use takes does not belong to its making. */
static enum kc_status read_options(const struct kc_options *given, struct kc_options *options)
{
	TRY(interaction_read(given, options));
	REQUIRE(!options->pin.data, KC_ERR_PARAM, "the options have a PIN that is not used here");
	return KC_OK;
}

/* Ends with a key; takes *@parameters. */
static enum kc_status call(const char *method, const struct kc_options *options,
			   struct json_object **parameters, int descriptor, struct kc_key **ret_key)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(REFERENCE_MAX);
	struct line_call call = {.method = method,
				 .descriptor = descriptor,
				 .timeout_ms = interaction_timeout_ms(options),
				 .is_change = true};

	TRY(field_put_text(field_get(*parameters, "interaction"), "authentication_context",
			   kc_authentication_context_name(options->context)));
	call.parameters = take(*parameters);
	TRY(line_call(&call, &answer));
	TRY(field_data(answer, "key", &reference));
	return key_new(bytes_view(&reference), ret_key);
}

/* --- making -------------------------------------------------------------------------------- */

enum kc_status kc_key_create(const struct kc_dictionary *attributes, const struct kc_options *given,
			     struct kc_key **ret_private_key)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(socket_close) int fd = -1;
	struct kc_options options;

	error_clear();
	REQUIRE(attributes, KC_ERR_PARAM, "no attributes");
	TRY(read_options(given, &options));
	REQUIRE(!options.passphrase.data, KC_ERR_PARAM,
		"the options have a passphrase that is not used here");
	TRY(field_new_object(&parameters));
	TRY(put_attributes(attributes, parameters));
	TRY(interaction_put_alone(&options, "administrator_fd", options.administrator, parameters,
				  &fd));
	return call("org.keycask.Keys.Create", &options, &parameters, fd, ret_private_key);
}

/* --- bringing ------------------------------------------------------------------------------ */

static enum kc_status put_secrets(const struct kc_options *options, struct json_object *parameters,
				  int *ret_fd)
{
	const struct interaction_secret secrets[] = {{"passphrase", options->passphrase},
						     {"administrator", options->administrator}};

	if (!options->passphrase.data && !options->administrator.data)
		return interaction_put_alone(options, NULL, options->passphrase, parameters,
					     ret_fd);
	return interaction_put_secrets(options, secrets, ARRAY_LEN(secrets), parameters, ret_fd);
}

/* The keychain has no administrator, and nothing in it has tries. */
static enum kc_status check_options(const struct kc_dictionary *attributes,
				    struct kc_options *options)
{
	bool is_for_token = attributes && kc_dictionary_text(attributes, KC_ATTR_TOKEN_ID);

	if (is_for_token)
		return KC_OK;
	options->last_try = false;
	REQUIRE(!options->administrator.data, KC_ERR_PARAM,
		"the options have an administrator's secret that is not used here");
	return KC_OK;
}

enum kc_status kc_key_import(struct kc_view data, const struct kc_dictionary *attributes,
			     const struct kc_options *given, struct kc_key **ret_key)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(socket_close) int fd = -1;
	struct kc_options options;

	error_clear();
	REQUIRE(data.len > 0, KC_ERR_PARAM, "no bytes are no key");
	TRY(read_options(given, &options));
	TRY(check_options(attributes, &options));
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "data", data));
	if (attributes)
		TRY(put_attributes(attributes, parameters));
	TRY(put_secrets(&options, parameters, &fd));
	return call("org.keycask.Keys.Import", &options, &parameters, fd, ret_key);
}
