/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole files in and out. What is in them the daemon finds out, and a confined process of its; here
 * the passphrase goes into sealed memory. Neither is repeated when the daemon was lost.
 */
#include <keycask/context.h>
#include <keycask/item.h>
#include <keycask/key.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/interaction.h"
#include "client/item_impl.h"
#include "client/line.h"
#include "client/sized.h"
#include "sys/socket.h"

enum {
	/* A person may be asked for a passphrase three times, and the keychain's password. */
	ASKING_MS = 420 * 1000,
	FILE_MAX = 768 * 1024,
};

/* Of the options only what is not the passphrase's. */
static enum kc_status read_options(const struct kc_options *given, struct kc_options *options)
{
	TRY(interaction_read(given, options));
	REQUIRE(!options->pin.data && !options->administrator.data && !options->passphrase.data,
		KC_ERR_PARAM, "the options have a secret that is not used here");
	options->last_try = false;
	return KC_OK;
}

static enum kc_status put_passphrase(const struct kc_options *options, struct kc_view passphrase,
				     struct json_object *parameters, int *ret_fd)
{
	struct interaction_secret secret = {"passphrase", passphrase};

	if (!passphrase.data)
		return interaction_put(options, parameters, ret_fd);
	return interaction_put_secrets(options, &secret, 1, parameters, ret_fd);
}

/* Takes *@parameters. */
static enum kc_status call(struct line_call *call, const struct kc_options *options,
			   struct json_object **parameters, struct json_object **ret_answer)
{
	TRY(field_put_text(field_get(*parameters, "interaction"), "authentication_context",
			   kc_authentication_context_name(options->context)));
	call->timeout_ms = options->timeout_ms == KC_TIMEOUT_DEFAULT
				   ? ASKING_MS
				   : interaction_timeout_ms(options);
	call->parameters = take(*parameters);
	return line_call(call, ret_answer);
}

/* --- in -------------------------------------------------------------------------------------- */

static enum kc_status put_import(const struct kc_import *import, struct kc_view data,
				 struct json_object *parameters)
{
	struct json_object *attributes = NULL;

	REQUIRE(data.len <= FILE_MAX, KC_ERR_PARAM,
		"a file of %zu bytes; about 700 KiB can be read", data.len);
	TRY(field_put_data(parameters, "data", data));
	TRY(field_put_text(parameters, "format", import->format));
	if (!import->attributes)
		return KC_OK;
	TRY(item_dictionary_to_json(import->attributes, &attributes));
	return field_put(parameters, "attributes", attributes);
}

enum kc_status kc_item_import(struct kc_view data, const struct kc_import *given,
			      struct kc_value **ret_items)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(socket_close) int fd = -1;
	struct kc_import import = KC_IMPORT_INIT;
	struct kc_options options;
	struct line_call line = {.method = "org.keycask.Items.Import", .is_change = true};

	error_clear();
	TRY(sized_read(given, &import, sizeof(import), "KC_IMPORT_INIT"));
	TRY(read_options(import.options, &options));
	TRY(field_new_object(&parameters));
	TRY(put_import(&import, data, parameters));
	TRY(put_passphrase(&options, import.passphrase, parameters, &fd));
	line.descriptor = fd;
	TRY(call(&line, &options, &parameters, &answer));
	return ret_items ? convert_from_json(NULL, field_get(answer, "items"), ret_items) : KC_OK;
}

/* --- out ------------------------------------------------------------------------------------- */

static enum kc_status put_references(const struct kc_view *references, size_t n,
				     struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *items = json_object_new_array();

	REQUIRE(items, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(n > 0, KC_ERR_PARAM, "there is nothing to export");
	for (size_t i = 0; i < n; i++)
		TRY(field_append_data(items, references[i]));
	return field_put(parameters, "items", take(items));
}

static enum kc_status take_file(struct json_object *answer, struct kc_bytes *ret_data)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(FILE_MAX);

	TRY(field_data(answer, "data", &data));
	*ret_data = bytes_take(&data);
	return KC_OK;
}

enum kc_status kc_item_export(const struct kc_view *references, size_t n,
			      const struct kc_export *given, struct kc_bytes *ret_data)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(socket_close) int fd = -1;
	struct kc_export how = KC_EXPORT_INIT;
	struct kc_options options;
	struct line_call line = {.method = "org.keycask.Items.Export"};

	error_clear();
	TRY(sized_read(given, &how, sizeof(how), "KC_EXPORT_INIT"));
	TRY(read_options(how.options, &options));
	TRY(field_new_object(&parameters));
	TRY(put_references(references, n, parameters));
	TRY(field_put_text(parameters, "format", how.format ? how.format : KC_FORMAT_PKCS12));
	TRY(put_passphrase(&options, how.passphrase, parameters, &fd));
	line.descriptor = fd;
	TRY(call(&line, &options, &parameters, &answer));
	return take_file(answer, ret_data);
}
