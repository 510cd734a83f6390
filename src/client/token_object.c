/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing to tokens. Nothing is repeated when the daemon was lost: whether a card was written to is
 * not for us to guess.
 */
#include "base/bytes.h"
#include "base/try.h"
#include "client/interaction.h"
#include "client/line.h"
#include "client/sized.h"
#include "sys/socket.h"

#include <keycask/token.h>

enum {
	REFERENCE_MAX = 65536,
};

/* Takes *@parameters. */
static enum kc_status call(const char *method, struct json_object **parameters,
			   const struct kc_options *given, struct json_object **ret_answer)
{
	CLEANUP(socket_close) int fd = -1;
	struct line_call call = {.method = method, .is_change = true};
	struct kc_options options;

	TRY(interaction_read(given, &options));
	REQUIRE(!options.pin.data && !options.passphrase.data, KC_ERR_PARAM,
		"the options have a PIN or passphrase that is not used here");
	TRY(interaction_put_alone(&options, "administrator_fd", options.administrator, *parameters,
				  &fd));
	call.parameters = take(*parameters);
	call.descriptor = fd;
	call.timeout_ms = interaction_timeout_ms(&options);
	return line_call(&call, ret_answer);
}

static enum kc_status put_place(const struct kc_token_place *given, struct json_object *parameters)
{
	struct kc_token_place place = KC_TOKEN_PLACE_INIT;

	TRY(sized_read(given, &place, sizeof(place), "KC_TOKEN_PLACE_INIT"));
	TRY(field_put_text(parameters, "token_object", place.token_object));
	TRY(field_put_flag(parameters, "may_replace", place.may_replace));
	return field_put_flag(parameters, "may_mismatch", place.may_mismatch);
}

static enum kc_status take_reference(struct json_object *answer, struct kc_bytes *ret_reference)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(REFERENCE_MAX);

	TRY(field_data(answer, "certificate", &reference));
	if (ret_reference)
		*ret_reference = bytes_take(&reference);
	return KC_OK;
}

enum kc_status kc_token_put_certificate(const char *token_id, struct kc_view der,
					const struct kc_token_place *place,
					const struct kc_options *options,
					struct kc_bytes *ret_reference)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	REQUIRE(token_id && *token_id, KC_ERR_PARAM, "no token ID");
	REQUIRE(der.len > 0, KC_ERR_PARAM, "no bytes are no certificate");
	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "token_id", token_id));
	TRY(field_put_data(parameters, "data", der));
	TRY(put_place(place, parameters));
	TRY(call("org.keycask.Tokens.PutCertificate", &parameters, options, &answer));
	return take_reference(answer, ret_reference);
}

enum kc_status kc_token_delete_object(struct kc_view reference, const struct kc_options *options)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	REQUIRE(reference.len > 0, KC_ERR_PARAM, "no bytes are no reference");
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "reference", reference));
	return call("org.keycask.Tokens.DeleteObject", &parameters, options, &answer);
}
