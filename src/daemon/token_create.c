/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that a token makes: what is asked becomes a wish for its driver (tokens/key_creation.c),
 * what it has made becomes two references. Nothing is written here but the audit log's line: the
 * token's new item is published like all the others that it has.
 */
#include "daemon/token_create.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "daemon/client.h"
#include "daemon/pin_request.h"
#include "items/reference.h"
#include "keys/public_reference.h"
#include "tokens/key_creation.h"
#include "tokens/naming.h"

enum {
	BITS_MAX = 65536,
};

struct token_create {
	struct daemon *daemon;
	char *token_id;
	struct json_object *wish;
	struct audit_entry audit_entry;
	struct bytes object_id; /* of the new key, for the audit log */
};

static struct token_create *token_create_free(struct token_create *create)
{
	if (!create)
		return NULL;
	free(create->token_id);
	field_free(&create->wish);
	bytes_done(&create->object_id);
	free(create);
	return NULL;
}

static void token_create_freep(struct token_create **create)
{
	*create = token_create_free(*create);
}

/* --- what is asked ------------------------------------------------------------------------- */

/* What may be said of a key that the token keeps as it likes; saying it otherwise is an error, and
 * leaving it out silently would be a lie. */
static const struct {
	const char *name;
	bool has_value; /* it may be said, but only so */
	bool value;
} known[] = {
	{"class", false, false},
	{"key_class", false, false},
	{"key_type", false, false},
	{"key_size_in_bits", false, false},
	{"effective_key_size", false, false},
	{"can_sign", false, false},
	{"can_decrypt", false, false},
	{"can_derive", false, false},
	{"is_permanent", true, true},
	{"is_extractable", true, false},
	{"is_sensitive", true, true},
};

static enum kc_status check_attribute(const char *name, struct json_object *value)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		REQUIRE(!known[i].has_value ||
				(bool)json_object_get_boolean(value) == known[i].value,
			KC_ERR_PARAM, "a key that a token makes has \"%s\" %s", name,
			known[i].value ? "true" : "false");
		return KC_OK;
	}
	error_set_hint("a token names and protects its keys itself");
	return fail(KC_ERR_PARAM, "\"%.64s\" of a token's key cannot be chosen", name);
}

static enum kc_status check_attributes(const struct key_attributes *attributes)
{
	REQUIRE(attributes->is_private_permanent, KC_ERR_PARAM,
		"a key that a token makes is permanent");
	if (attributes->is_public_permanent)
		error_set_hint(
			"its reference contains it and is good for ever; Items.Add takes it");
	REQUIRE(!attributes->is_public_permanent, KC_ERR_PARAM,
		"the public half of a token's key becomes no item of its own");
	REQUIRE(!attributes->key_class || strcmp(attributes->key_class, "private") == 0,
		KC_ERR_PARAM, "a pair is made by the attributes of its private key");
	json_object_object_foreach(attributes->private_item, name, value)
		TRY(check_attribute(name, value));
	return KC_OK;
}

/* Driver.varlink's KeyWish. */
static enum kc_status make_wish(const struct key_attributes *attributes,
				struct json_object **ret_wish)
{
	static const char *const uses[] = {"can_sign", "can_decrypt", "can_derive"};
	CLEANUP(field_free) struct json_object *wish = NULL;

	REQUIRE(attributes->key_type, KC_ERR_PARAM, "\"key_type\" is missing");
	REQUIRE(attributes->size_in_bits >= 0 && attributes->size_in_bits <= BITS_MAX,
		KC_ERR_KEY_SIZE_NOT_ALLOWED, "there are no keys of that size");
	TRY(field_new_object(&wish));
	TRY(field_put_text(wish, "place", attributes->token_object));
	TRY(field_put_text(wish, "key_type", attributes->key_type));
	if (attributes->size_in_bits > 0)
		TRY(field_put_number(wish, "key_size_in_bits", attributes->size_in_bits));
	for (size_t i = 0; i < ARRAY_LEN(uses); i++)
		TRY(field_put_flag(wish, uses[i],
				   field_flag(attributes->private_item, uses[i], false)));
	TRY(field_put_flag(wish, "may_replace", attributes->may_replace));
	*ret_wish = take(wish);
	return KC_OK;
}

static enum kc_status token_create_new(struct wire_call *call,
				       const struct key_attributes *attributes,
				       struct token_create **ret_create)
{
	CLEANUP(token_create_freep) struct token_create *create = calloc(1, sizeof(*create));

	REQUIRE(create, KC_ERR_ALLOCATE, "out of memory");
	create->daemon = wire_call_context(call);
	create->object_id = BYTES_INIT(REFERENCE_OBJECT_MAX);
	create->token_id = strdup(attributes->token_id);
	REQUIRE(create->token_id, KC_ERR_ALLOCATE, "out of memory");
	TRY(check_attributes(attributes));
	TRY(make_wish(attributes, &create->wish));
	create->audit_entry = (struct audit_entry){
		.request = wire_call_id(call),
		.peer = client_peer(wire_call_peer(call)),
		.operation = "create",
		.token_id = create->token_id,
	};
	*ret_create = take(create);
	return KC_OK;
}

/* --- what was made ------------------------------------------------------------------------- */

static enum kc_status put_key(const struct token_create *create, struct json_object *parameters)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	const struct reference reference = {
		.item_class = VOCABULARY_KEY,
		.token_id = view_of_text(create->token_id),
		.object_id = bytes_view(&create->object_id),
	};

	TRY(reference_put(&reference, &bytes));
	return field_put_data(parameters, "key", bytes_view(&bytes));
}

static enum kc_status put_public_key(struct json_object *object, struct json_object *parameters)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX);
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(PUBLIC_REFERENCE_MAX);

	TRY(field_data(object, "public_key", &public_key));
	TRY(public_reference_put(field_text(object, "key_type"), bytes_view(&public_key), &bytes));
	return field_put_data(parameters, "public_key", bytes_view(&bytes));
}

static enum kc_status answer(void *details, struct json_object *reply,
			     struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct token_create *create = details;

	TRY(field_data(reply, "object_id", &create->object_id));
	TRY(field_new_object(&parameters));
	TRY(put_key(create, parameters));
	TRY(put_public_key(field_get(reply, "object"), parameters));
	*ret_parameters = take(parameters);
	return KC_OK;
}

/* A published object ID ends with the hash of the public key. */
static void end(void *details, enum kc_status status)
{
	struct token_create *create = details;
	struct kc_view object_id = bytes_view(&create->object_id);

	if (object_id.len > NAMING_HASH_BYTES)
		create->audit_entry.key_hash =
			view_slice(object_id, object_id.len - NAMING_HASH_BYTES, NAMING_HASH_BYTES);
	create->audit_entry.result = status;
	audit_write(create->daemon->audit, &create->audit_entry);
	ignore(token_create_free(create) != NULL);
}

static enum kc_status start(struct wire_call *call, const struct key_attributes *attributes)
{
	CLEANUP(token_create_freep) struct token_create *create = NULL;
	CLEANUP(pin_request_freep) struct pin_request *request = NULL;
	struct pin_request_options options = {.needs_pin = true, .answer = answer, .ended = end};
	struct operation_options operation;

	TRY(token_create_new(call, attributes, &create));
	options.details = create;
	TRY(pin_request_new(call, create->token_id, &options, &request));
	operation = pin_request_operation(request);
	TRY(key_creation_start(pin_request_token(request), &operation, create->wish,
			       pin_request_place(request)));
	take(create); /* they end themselves */
	take(request);
	return KC_OK;
}

void token_create_start(struct wire_call *call, const struct key_attributes *attributes)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = start(call, attributes);
	if (status != KC_OK)
		wire_call_fail(call, status);
}
