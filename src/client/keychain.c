/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keychain's own calls. Its password travels as PINs do, in sealed memory. */
#include <keycask/keychain.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/interaction.h"
#include "client/line.h"
#include "client/sized.h"
#include "sys/socket.h"

enum {
	CHANGING_MS = 600 * 1000, /* a person is asked up to nine times */
};

enum kc_status kc_keychain_state(struct kc_dictionary **ret_state)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct line_call call = {.method = "org.keycask.Keychain.State",
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true,
				 .may_go_aside = true};

	error_clear();
	TRY(line_call(&call, &answer));
	return convert_dictionary_from_json(answer, ret_state);
}

enum kc_status kc_keychain_unlock(const struct kc_options *given)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(socket_close) int fd = -1;
	struct line_call call = {.method = "org.keycask.Keychain.Unlock", .descriptor = -1};
	struct interaction_secret password = {.name = "password"};
	struct kc_options options;

	error_clear();
	TRY(interaction_read(given, &options));
	password.pin = options.pin;
	options.pin = (struct kc_view){NULL, 0};
	options.last_try = false;
	TRY(field_new_object(&parameters));
	if (password.pin.data)
		TRY(interaction_put_secrets(&options, &password, 1, parameters, &fd));
	else
		TRY(interaction_put(&options, parameters, &fd));
	call.parameters = take(parameters);
	call.descriptor = fd;
	call.timeout_ms = interaction_timeout_ms(&options);
	return line_call(&call, &answer);
}

enum kc_status kc_keychain_lock(void)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct line_call call = {.method = "org.keycask.Keychain.Lock",
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true};

	error_clear();
	return line_call(&call, &answer);
}

/* Never repeated by itself: after the first time the present password is another one. */
enum kc_status kc_keychain_change_password(const struct kc_keychain_change *change,
					   const struct kc_options *given)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(socket_close) int fd = -1;
	struct line_call call = {.method = "org.keycask.Keychain.ChangePassword"};
	struct kc_keychain_change wish = KC_KEYCHAIN_CHANGE_INIT;
	struct interaction_secret secrets[] = {{"current", {NULL, 0}}, {"new", {NULL, 0}}};
	struct kc_options options;

	error_clear();
	TRY(sized_read(change, &wish, sizeof(wish), "KC_KEYCHAIN_CHANGE_INIT"));
	secrets[0].pin = wish.current;
	secrets[1].pin = wish.new_password;
	TRY(interaction_read(given, &options));
	options.pin = (struct kc_view){NULL, 0};
	options.last_try = false;
	TRY(field_new_object(&parameters));
	if (wish.remove)
		TRY(field_put_flag(parameters, "remove", true));
	TRY(interaction_put_secrets(&options, secrets, ARRAY_LEN(secrets), parameters, &fd));
	call.parameters = take(parameters);
	call.descriptor = fd;
	call.timeout_ms = options.timeout_ms == KC_TIMEOUT_DEFAULT
				  ? CHANGING_MS
				  : interaction_timeout_ms(&options);
	return line_call(&call, &answer);
}
