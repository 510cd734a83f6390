/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of tokens, slots and drivers, and the PIN of a token. */
#include <keycask/token.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/interaction.h"
#include "client/line.h"
#include "sys/socket.h"

/* --- what is there ------------------------------------------------------------------------- */

static enum kc_status ask(const char *method, struct json_object *parameters,
			  struct json_object **ret_answer)
{
	struct line_call call = {.method = method,
				 .parameters = parameters,
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true};

	return line_call(&call, ret_answer);
}

/* What is the same on every connection. */
static enum kc_status look_up(const char *method, struct json_object *parameters,
			      struct json_object **ret_answer)
{
	struct line_call call = {.method = method,
				 .parameters = parameters,
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true,
				 .may_go_aside = true};

	return line_call(&call, ret_answer);
}

/* Takes @parameters, which may be NULL. */
static enum kc_status list_of(const char *method, struct json_object *parameters, const char *field,
			      struct kc_value **ret_list)
{
	CLEANUP(field_free) struct json_object *answer = NULL;

	TRY(look_up(method, parameters, &answer));
	REQUIRE(json_object_is_type(field_get(answer, field), json_type_array), KC_ERR_INTERNAL,
		"the daemon's answer has no list of %s", field);
	return convert_from_json(NULL, field_get(answer, field), ret_list);
}

static enum kc_status list(const char *method, const char *field, struct kc_value **ret_list)
{
	error_clear();
	return list_of(method, NULL, field, ret_list);
}

enum kc_status kc_token_list(struct kc_value **ret_tokens)
{
	return list("org.keycask.Tokens.List", "tokens", ret_tokens);
}

enum kc_status kc_slot_list(struct kc_value **ret_slots)
{
	return list("org.keycask.Slots.List", "slots", ret_slots);
}

enum kc_status kc_driver_list(struct kc_value **ret_drivers)
{
	return list("org.keycask.Admin.ListDrivers", "drivers", ret_drivers);
}

enum kc_status kc_driver_enable(const char *class_id, bool is_enabled)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	REQUIRE(class_id && *class_id, KC_ERR_PARAM, "no class ID");
	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "class_id", class_id));
	TRY(field_put_flag(parameters, "enabled", is_enabled));
	return ask("org.keycask.Admin.EnableDriver", take(parameters), &answer);
}

static enum kc_status new_parameters(const char *token_id, struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	REQUIRE(token_id && *token_id, KC_ERR_PARAM, "no token ID");
	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "token_id", token_id));
	*ret_parameters = take(parameters);
	return KC_OK;
}

enum kc_status kc_token_info(const char *token_id, struct kc_dictionary **ret_token)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *parameters = NULL;

	error_clear();
	TRY(new_parameters(token_id, &parameters));
	TRY(look_up("org.keycask.Tokens.Info", parameters, &answer));
	REQUIRE(field_get(answer, "token"), KC_ERR_INTERNAL, "the daemon's answer has no token");
	return convert_dictionary_from_json(field_get(answer, "token"), ret_token);
}

enum kc_status kc_token_copy_algorithms(const char *token_id, struct kc_value **ret_types)
{
	struct json_object *parameters = NULL;

	error_clear();
	TRY(new_parameters(token_id, &parameters));
	return list_of("org.keycask.Keys.ListAlgorithms", parameters, "types", ret_types);
}

enum kc_status kc_token_forget(const char *token_id, int *ret_n_forgotten)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *parameters = NULL;

	error_clear();
	REQUIRE(!token_id || *token_id, KC_ERR_PARAM, "no token ID");
	if (token_id)
		TRY(new_parameters(token_id, &parameters));
	TRY(ask("org.keycask.Tokens.Forget", parameters, &answer));
	if (ret_n_forgotten)
		*ret_n_forgotten = (int)field_number(answer, "n_forgotten", 0);
	return KC_OK;
}

/* --- the PIN ------------------------------------------------------------------------------- */

static enum kc_status ask_to_verify(struct json_object **parameters,
				    const struct kc_options *options,
				    struct json_object **ret_answer)
{
	CLEANUP(socket_close) int pin_fd = -1;
	struct line_call call = {.method = "org.keycask.Tokens.VerifyPin",
				 .timeout_ms = interaction_timeout_ms(options)};

	TRY(interaction_put(options, *parameters, &pin_fd));
	call.parameters = take(*parameters);
	call.descriptor = pin_fd;
	return line_call(&call, ret_answer);
}

enum kc_status kc_token_verify_pin(const char *token_id, const struct kc_options *given,
				   int *ret_tries_left)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct kc_options options;

	error_clear();
	TRY(interaction_read(given, &options));
	TRY(new_parameters(token_id, &parameters));
	TRY(ask_to_verify(&parameters, &options, &answer));
	if (ret_tries_left)
		*ret_tries_left = (int)field_number(answer, "tries_left", -1);
	return KC_OK;
}

enum kc_status kc_token_logout(const char *token_id)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct line_call call = {.method = "org.keycask.Tokens.Logout",
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true,
				 .never_starts = true};

	error_clear();
	TRY(new_parameters(token_id, &call.parameters));
	return line_call(&call, &answer);
}

enum kc_status kc_token_pin_status(const char *token_id, int *ret_tries_left,
				   bool *ret_is_authenticated)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *parameters = NULL;

	error_clear();
	TRY(new_parameters(token_id, &parameters));
	TRY(ask("org.keycask.Tokens.PinStatus", parameters, &answer));
	if (ret_tries_left)
		*ret_tries_left = (int)field_number(answer, "tries_left", -1);
	if (ret_is_authenticated)
		*ret_is_authenticated = field_flag(answer, "is_authenticated", false);
	return KC_OK;
}
