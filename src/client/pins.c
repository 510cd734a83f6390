/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PINs of a token: which there are, and setting them anew. */
#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/interaction.h"
#include "client/line.h"
#include "client/sized.h"
#include "sys/socket.h"

#include <keycask/token.h>

enum {
	SETTING_MS = 420 * 1000, /* a person is asked three times */
};

static enum kc_status new_parameters(const char *token_id, struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	REQUIRE(token_id && *token_id, KC_ERR_PARAM, "no token ID");
	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "token_id", token_id));
	*ret_parameters = take(parameters);
	return KC_OK;
}

enum kc_status kc_token_copy_pins(const char *token_id, struct kc_value **ret_pins)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct line_call call = {.method = "org.keycask.Tokens.Pins",
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true};

	error_clear();
	TRY(new_parameters(token_id, &call.parameters));
	TRY(line_call(&call, &answer));
	REQUIRE(json_object_is_type(field_get(answer, "pins"), json_type_array), KC_ERR_INTERNAL,
		"the daemon's answer has no list of PINs");
	return convert_from_json(NULL, field_get(answer, "pins"), ret_pins);
}

/* Takes *parameters. Never repeated by itself: it may cost a try. */
static enum kc_status set_pin(const char *method, struct json_object **parameters,
			      const struct kc_options *given,
			      const struct interaction_secret *secrets, size_t n)
{
	CLEANUP(socket_close) int fd = -1;
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct line_call call = {.method = method};
	struct kc_options options;

	TRY(interaction_read(given, &options));
	TRY(interaction_put_secrets(&options, secrets, n, *parameters, &fd));
	call.parameters = take(*parameters);
	call.descriptor = fd;
	call.timeout_ms = options.timeout_ms == KC_TIMEOUT_DEFAULT
				  ? SETTING_MS
				  : interaction_timeout_ms(&options);
	return line_call(&call, &answer);
}

enum kc_status kc_token_change_pin(const char *token_id, const struct kc_pin_change *change,
				   const struct kc_options *options)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct kc_pin_change wish = KC_PIN_CHANGE_INIT;
	struct interaction_secret secrets[] = {{"current", {NULL, 0}}, {"new", {NULL, 0}}};

	error_clear();
	TRY(sized_read(change, &wish, sizeof(wish), "KC_PIN_CHANGE_INIT"));
	secrets[0].pin = wish.current;
	secrets[1].pin = wish.new_pin;
	TRY(new_parameters(token_id, &parameters));
	TRY(field_put_text(parameters, "pin_id", wish.pin_id));
	return set_pin("org.keycask.Tokens.ChangePin", &parameters, options, secrets,
		       ARRAY_LEN(secrets));
}

enum kc_status kc_token_unblock_pin(const char *token_id, const struct kc_pin_unblock *unblock,
				    const struct kc_options *options)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct kc_pin_unblock wish = KC_PIN_UNBLOCK_INIT;
	struct interaction_secret secrets[] = {{"unblocking", {NULL, 0}}, {"new", {NULL, 0}}};

	error_clear();
	TRY(sized_read(unblock, &wish, sizeof(wish), "KC_PIN_UNBLOCK_INIT"));
	secrets[0].pin = wish.unblocking;
	secrets[1].pin = wish.new_pin;
	TRY(new_parameters(token_id, &parameters));
	TRY(field_put_text(parameters, "pin_id", wish.pin_id));
	TRY(field_put_text(parameters, "by", wish.by));
	return set_pin("org.keycask.Tokens.UnblockPin", &parameters, options, secrets,
		       ARRAY_LEN(secrets));
}
