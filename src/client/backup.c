/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backup and restore. They take as long as the keychain is large, so they have a connection of
 * their own: the process's other calls go on meanwhile.
 */
#include <unistd.h>

#include <keycask/keychain.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/interaction.h"
#include "client/line.h"
#include "sys/socket.h"

/* Puts the password, or where a person can be asked for it; *ret_fd is sealed memory or -1. */
static enum kc_status put_password(const struct kc_options *given, const char *name,
				   struct json_object *parameters, int *ret_fd)
{
	struct interaction_secret password = {.name = name};
	struct kc_options options;

	TRY(interaction_read(given, &options));
	password.pin = options.pin;
	options.pin = (struct kc_view){NULL, 0};
	options.last_try = false;
	if (!password.pin.data)
		return interaction_put(&options, parameters, ret_fd);
	TRY(interaction_put_secrets(&options, &password, 1, parameters, ret_fd));
	/* what is written or read comes first */
	return field_put_number(parameters, "secrets_fd", 1);
}

static enum kc_status transfer(const char *method, int fd, struct json_object *parameters,
			       int secrets_fd, struct kc_dictionary **ret_counts)
{
	CLEANUP(field_free) struct json_object *owned = parameters;
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(wire_client_freep) struct wire_client *client = NULL;

	TRY(line_open(true, &client));
	TRY(wire_client_attach(client, fd));
	TRY(wire_client_call(client, method, take(owned), secrets_fd, KC_TIMEOUT_NONE, &answer));
	return convert_dictionary_from_json(answer, ret_counts);
}

enum kc_status kc_keychain_backup(int output_fd, const struct kc_options *options,
				  struct kc_dictionary **ret_counts)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(socket_close) int secrets_fd = -1;

	error_clear();
	TRY(field_new_object(&parameters));
	TRY(field_put_number(parameters, "output_fd", 0));
	TRY(put_password(options, "new", parameters, &secrets_fd));
	return transfer("org.keycask.Keychain.Backup", output_fd, take(parameters), secrets_fd,
			ret_counts);
}

enum kc_status kc_keychain_restore(int input_fd, bool partial, const struct kc_options *options,
				   struct kc_dictionary **ret_counts)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(socket_close) int secrets_fd = -1;

	error_clear();
	TRY(field_new_object(&parameters));
	TRY(field_put_number(parameters, "input_fd", 0));
	TRY(field_put_flag(parameters, "partial", partial));
	TRY(put_password(options, "password", parameters, &secrets_fd));
	return transfer("org.keycask.Keychain.Restore", input_fd, take(parameters), secrets_fd,
			ret_counts);
}
