/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Keys.Export: a key's external representation (reference/keychain.md 5.5). A token's
 * private key has none; that of the keychain is the item's value, after what has to be proved.
 */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/key_lookup.h"
#include "daemon/proof.h"
#include "daemon/session_keys.h"
#include "keys/key_facts.h"

struct export
{
	struct wire_call *call;
	struct engine_key key;
	struct json_object *items; /* owned, NULL */
	bool is_public;
};

static struct export *export_free(struct export *export)
{
	if (!export)
		return NULL;
	engine_key_done(&export->key);
	field_free(&export->items);
	free(export);
	return NULL;
}

static const char *label_of(const struct engine_key *key)
{
	return key->label && key->label[0] ? key->label : "(no label)";
}

static enum kc_status check_key(const struct engine_key *key)
{
	if (!key->token_id)
		return KC_OK;
	error_set_token(key->token_id, NULL);
	error_set_hint("its public key can be had");
	return fail(KC_ERR_UNIMPLEMENTED, "the private key \"%s\" cannot leave its token",
		    label_of(key));
}

/* By the key's own reference: the call may have named an identity. */
static enum kc_status copy_value(struct export *export, struct engine_request *request)
{
	CLEANUP(field_free) struct json_object *query = NULL;
	struct daemon *daemon = wire_call_context(export->call);
	struct kc_view reference = view_of(export->key.object_id.data, export->key.object_id.len);
	const char *key_class = NULL;

	field_free(&export->items);
	TRY(field_new_object(&query));
	TRY(field_put_data(query, "value_persistent_ref", reference));
	TRY(field_put_flag(query, "return_data", true));
	TRY(field_put_flag(query, "return_attributes", true));
	TRY(engine_copy_matching(daemon->engine, request, query, &export->items));
	key_class = field_text(json_object_array_get_idx(export->items, 0), "key_class");
	export->is_public = key_class && strcmp(key_class, "public") == 0;
	return KC_OK;
}

static enum kc_status set_value(struct export *export, struct kc_view value)
{
	CLEANUP(field_free) struct json_object *item = NULL;

	field_free(&export->items);
	TRY(field_new_object(&item));
	TRY(field_put_data(item, "value_data", value));
	export->items = json_object_new_array();
	return field_append(export->items, take(item));
}

static enum kc_status copy_session(struct export *export, struct kc_view reference)
{
	CLEANUP(field_free) struct json_object *attributes = NULL;
	const struct session_key *key = NULL;

	TRY(key_lookup_session(export->call, reference, &key));
	TRY(session_keys_describe(key, &attributes));
	REQUIRE(field_flag(attributes, "is_extractable", false), KC_ERR_UNIMPLEMENTED,
		"the key \"%s\" is not extractable", label_of(&export->key));
	return set_value(export, private_key_data(session_keys_value(key)));
}

static enum kc_status copy(struct export *export, struct engine_request *request)
{
	const struct engine_key *key = &export->key;
	struct kc_view reference = view_of(key->object_id.data, key->object_id.len);

	switch (key_lookup_kind(reference)) {
	case KEY_LOOKUP_PUBLIC:
		export->is_public = true;
		return set_value(export, view_of(key->public_key.data, key->public_key.len));
	case KEY_LOOKUP_SESSION:
		return copy_session(export, reference);
	case KEY_LOOKUP_ITEM:
		break;
	}
	return copy_value(export, request);
}

static enum kc_status run(void *details, struct engine_request *request)
{
	struct export *export = details;

	engine_key_done(&export->key);
	TRY(calls_find_key_for(export->call, ENGINE_USE_PUBLIC, request, &export->key));
	TRY(check_key(&export->key));
	return copy(export, request);
}

static enum kc_status make_reply(const struct export *export, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct json_object *data =
		field_get(json_object_array_get_idx(export->items, 0), "value_data");

	REQUIRE(data, KC_ERR_UNIMPLEMENTED, "the key \"%s\" is not extractable",
		label_of(&export->key));
	TRY(field_new_object(&reply));
	TRY(field_put(reply, "data", json_object_get(data)));
	*ret_reply = take(reply);
	return KC_OK;
}

/* A private key that leaves, or was to. What is not there has told nobody anything. */
static void write_audit(const struct export *export, enum kc_status status)
{
	const struct daemon *daemon = wire_call_context(export->call);
	struct key_facts facts = key_facts_of(&export->key);
	uint8_t hash[KEY_FACTS_HASH_BYTES];
	struct audit_entry entry = calls_audit_entry(export->call);

	if (export->is_public || status == KC_ERR_PARAM || status == KC_ERR_ITEM_NOT_FOUND)
		return;
	entry.operation = "export";
	entry.token_id = export->key.token_id;
	entry.result = status;
	if (facts.public_key.len > 0 && key_facts_hash(&facts, hash) == KC_OK)
		entry.key_hash = VIEW_OF(hash);
	audit_write(daemon->audit, &entry);
}

static void on_done(void *details, enum kc_status status)
{
	struct export *export = details;
	struct wire_call *call = export->call;
	struct json_object *reply = NULL;

	if (status == KC_OK)
		status = make_reply(export, &reply);
	write_audit(export, status);
	ignore(export_free(export) != NULL);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

static void on_gone(void *details)
{
	ignore(export_free(details) != NULL);
}

void export_calls_key(struct wire_call *call)
{
	struct export *export = calloc(1, sizeof(*export));
	struct proof_options options = {
		.run = run, .done = on_done, .gone = on_gone, .details = export, .may_skip = true};

	error_clear();
	if (!export) {
		wire_call_fail(call, fail(KC_ERR_ALLOCATE, "out of memory"));
		return;
	}
	export->call = call;
	proof_run(call, &options);
}
