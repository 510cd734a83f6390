/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Keys.Import: a key that somebody brings. In its external representation it is read
 * here; what is wrapped, keycask-x509 takes apart first (container.h).
 */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/container.h"
#include "daemon/new_key.h"
#include "daemon/secret_fields.h"
#include "daemon/token_import.h"
#include "keys/key_form.h"

struct key_import {
	struct wire_call *call;
	struct new_key brought;
	struct secret_fields secrets;
	struct container *container;
};

enum {
	PASSPHRASE,
	ADMINISTRATOR, /* of a token */
	PASSPHRASE_BYTES_MAX = 1024,
	DATA_MAX = 2 * SECRET_MAX, /* of what is not wrapped */
};

static struct key_import *key_import_free(struct key_import *import)
{
	if (!import)
		return NULL;
	new_key_done(&import->brought);
	secret_fields_done(&import->secrets);
	import->container = container_free(import->container);
	free(import);
	return NULL;
}
DEFINE_FREEP(key_import)

static struct private_key_claim claim_of(const struct key_import *import)
{
	return (struct private_key_claim){.key_class = import->brought.attributes.key_class,
					  .key_type = import->brought.attributes.key_type};
}

static void on_gone(void *userdata)
{
	struct key_import *import = userdata;
	struct wire_call *call = import->call;

	wire_call_on_gone(call, NULL, NULL);
	ignore(key_import_free(import) != NULL);
	wire_call_drop(call);
}

/* --- what is wrapped ----------------------------------------------------------------------- */

static size_t count(struct json_object *contents, const char *name)
{
	struct json_object *array = field_get(contents, name);

	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static enum kc_status check_contents(struct json_object *contents)
{
	size_t n_keys = count(contents, "keys") + count(contents, "public_keys");

	if (n_keys != 1 || count(contents, "certificates") > 0)
		error_set_hint("\"keycask import\" takes files of several keys and certificates");
	REQUIRE(n_keys > 0, KC_ERR_PARAM, "there is no key in it");
	REQUIRE(n_keys == 1, KC_ERR_PARAM, "there are %zu keys in it, and not one", n_keys);
	REQUIRE(count(contents, "certificates") == 0, KC_ERR_PARAM,
		"there is not only a key in it, but a certificate too");
	return KC_OK;
}

static enum kc_status read_public(struct json_object *contained, struct private_key *ret_key)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX);
	struct private_key_claim claim = {.key_class = "public",
					  .key_type = field_text(contained, "key_type")};

	TRY(field_data(contained, "public_key", &data));
	return private_key_read(claim, bytes_view(&data), ret_key);
}

static enum kc_status read_private(struct json_object *contained, struct private_key *ret_key)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(DATA_MAX);

	TRY(field_data(contained, "data", &data));
	return private_key_import(bytes_view(&data), ret_key);
}

static enum kc_status read_contents(struct key_import *import, struct json_object *contents)
{
	bool is_private = count(contents, "keys") > 0;
	const char *name = is_private ? "keys" : "public_keys";
	struct json_object *contained = NULL;

	TRY(check_contents(contents));
	contained = json_object_array_get_idx(field_get(contents, name), 0);
	return is_private ? read_private(contained, &import->brought.key)
			  : read_public(contained, &import->brought.key);
}

static void end(struct key_import *import, enum kc_status status)
{
	struct wire_call *call = import->call;

	ignore(key_import_free(import) != NULL);
	wire_call_fail(call, status);
}

static void keep_on_token(struct key_import *import)
{
	enum kc_status status =
		token_import_start(import->call, &import->brought.attributes, &import->brought.key,
				   secret_fields_get(&import->secrets, ADMINISTRATOR));

	if (status != KC_OK)
		end(import, status);
	else
		ignore(key_import_free(import) != NULL);
}

static void keep(struct key_import *import)
{
	if (import->brought.attributes.token_id) {
		keep_on_token(import);
		return;
	}
	new_key_keep(import->call, &import->brought);
	ignore(key_import_free(import) != NULL);
}

static void on_opened(void *userdata, enum kc_status status, struct json_object *contents)
{
	struct key_import *import = userdata;

	import->container = NULL;
	wire_call_on_gone(import->call, NULL, NULL);
	if (status == KC_OK)
		status = read_contents(import, contents);
	if (status == KC_OK)
		keep(import);
	else
		end(import, status);
}

static enum kc_status open_container(struct key_import *import)
{
	const struct secret *passphrase = secret_fields_get(&import->secrets, PASSPHRASE);
	struct container_source source = {
		.data = field_get(wire_call_parameters(import->call), "data")};

	if (passphrase)
		source.passphrase = passphrase->data ? secret_view(passphrase) : view_of_text("");
	TRY(container_open(wire_call_context(import->call), &source, on_opened, import,
			   &import->container));
	wire_call_on_gone(import->call, on_gone, import);
	return KC_OK;
}

/* --- the call ------------------------------------------------------------------------------ */

static enum kc_status read_external(struct key_import *import, struct kc_view data)
{
	struct private_key_claim claim = claim_of(import);

	if (key_form_is_raw(claim, data))
		REQUIRE(claim.key_class, KC_ERR_PARAM,
			"these bytes may be a private or a public key: \"key_class\" says which");
	TRY(private_key_read(claim, data, &import->brought.key));
	keep(import);
	return KC_OK;
}

/* reference/keychain.md 5.4: "class symmetric → −4". */
static enum kc_status check_class(const struct key_import *import)
{
	const char *key_class = claim_of(import).key_class;
	bool is_symmetric = key_class && strcmp(key_class, "symmetric") == 0;

	if (is_symmetric)
		error_set_hint("an item of class \"key\" holds one: \"keycask item add\"");
	REQUIRE(!is_symmetric, KC_ERR_UNIMPLEMENTED, "a symmetric key is nothing to be imported");
	return KC_OK;
}

/* On success @import is on its way, or has ended. */
static enum kc_status start(struct key_import *import)
{
	static const struct secret_fields_rules rules = {
		.names = {[PASSPHRASE] = "passphrase", [ADMINISTRATOR] = "administrator"},
		.noun = "passphrase",
		.bytes_max = PASSPHRASE_BYTES_MAX};
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(DATA_MAX);
	struct json_object *parameters = wire_call_parameters(import->call);

	TRY(key_attributes_read(field_get(parameters, "attributes"), KEY_ATTRIBUTES_OF_ONE,
				&import->brought.attributes));
	TRY(check_class(import));
	TRY(secret_fields_take(import->call, &rules, &import->secrets));
	REQUIRE(import->brought.attributes.token_id || !import->secrets.is_there[ADMINISTRATOR],
		KC_ERR_PARAM,
		"the keychain has no administrator: a token may, and \"token_id\" names it");
	TRY(field_data(parameters, "data", &data));
	REQUIRE(data.len > 0, KC_ERR_PARAM, "there are no bytes of a key");
	return key_form_is_external(claim_of(import), bytes_view(&data))
		       ? read_external(import, bytes_view(&data))
		       : open_container(import);
}

void import_calls_key(struct wire_call *call)
{
	struct key_import *import = calloc(1, sizeof(*import));
	enum kc_status status = KC_OK;

	error_clear();
	if (!import) {
		wire_call_fail(call, fail(KC_ERR_ALLOCATE, "out of memory"));
		return;
	}
	import->call = call;
	import->brought.operation = "import";
	status = start(import);
	if (status != KC_OK)
		end(import, status);
}
