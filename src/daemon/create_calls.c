/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keys.Create: a key pair, here or on a token (reference/keychain.md 5.4). */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/key_generation.h"
#include "daemon/new_key.h"
#include "daemon/token_create.h"

struct creation {
	struct wire_call *call;
	struct new_key made;
};

static struct creation *creation_free(struct creation *creation)
{
	if (!creation)
		return NULL;
	new_key_done(&creation->made);
	free(creation);
	return NULL;
}
DEFINE_FREEP(creation)

static void on_made(void *details, enum kc_status status, struct private_key *key)
{
	CLEANUP(creation_freep) struct creation *creation = details;

	if (status != KC_OK) {
		wire_call_fail(creation->call, status);
		return;
	}
	creation->made.key = *key;
	*key = (struct private_key){.key_class = NULL};
	new_key_keep(creation->call, &creation->made);
}

static void on_gone(void *details)
{
	ignore(creation_free(details) != NULL);
}

static enum kc_status check_here(struct wire_call *call)
{
	struct json_object *parameters = wire_call_parameters(call);

	REQUIRE(!field_get(parameters, "administrator") &&
			!field_get(parameters, "administrator_fd"),
		KC_ERR_PARAM,
		"the keychain has no administrator: a token may, and \"token_id\" "
		"names it");
	return KC_OK;
}

/* On success @creation has the call. */
static enum kc_status make_here(struct creation *creation)
{
	const struct key_attributes *attributes = &creation->made.attributes;
	struct key_generation_options options = {
		.done = on_made, .gone = on_gone, .details = creation};
	struct generation_kind kind;

	TRY(check_here(creation->call));
	REQUIRE(!attributes->key_class || strcmp(attributes->key_class, "private") == 0,
		KC_ERR_PARAM, "\"key_class\" of a pair is \"private\", or not said");
	TRY(generation_choose(attributes->key_type, attributes->size_in_bits, &kind));
	TRY(new_key_check(creation->call, attributes));
	return key_generation_start(creation->call, &kind, &options);
}

static enum kc_status begin(struct wire_call *call)
{
	CLEANUP(creation_freep) struct creation *creation = calloc(1, sizeof(*creation));
	struct json_object *attributes = field_get(wire_call_parameters(call), "attributes");

	REQUIRE(creation, KC_ERR_ALLOCATE, "out of memory");
	creation->call = call;
	creation->made.operation = "create";
	creation->made.is_pair = true;
	TRY(key_attributes_read(attributes, KEY_ATTRIBUTES_OF_A_PAIR, &creation->made.attributes));
	if (creation->made.attributes.token_id) {
		token_create_start(call, &creation->made.attributes);
		return KC_OK;
	}
	TRY(make_here(creation));
	take(creation); /* it ends itself, or has done so */
	return KC_OK;
}

void create_calls_create(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = begin(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}
