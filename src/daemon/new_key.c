/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both halves of a pair are added in one transaction (reference/keychain.md 5.4: "If storing fails
 * the call fails and nothing remains stored"), and a half that is not permanent gets its name
 * before that, to lose it when the other cannot be stored.
 */
#include "daemon/new_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "daemon/proof.h"
#include "daemon/session_keys.h"
#include "keys/public_reference.h"

enum {
	HALVES_MAX = 2,
};

/* One key on its way. */
struct half {
	struct json_object *dictionary; /* owned */
	struct private_key key;
	struct engine_part part; /* borrows from key; its attributes are owned */
	bool is_permanent;
	struct json_object *item;  /* owned: what was added */
	struct bytes reference;	   /* of what is no item */
	bool is_of_the_connection; /* it has a name there */
};

struct keeping {
	struct wire_call *call;
	struct daemon *daemon;
	const char *operation;
	bool is_pair;
	struct half halves[HALVES_MAX]; /* the one that is answered first; then the public one */
	size_t n_halves;
	uint8_t hash[PRIVATE_KEY_HASH_BYTES];
};

void new_key_done(struct new_key *key)
{
	key_attributes_done(&key->attributes);
	private_key_done(&key->key);
}

static void half_done(struct half *half)
{
	field_free(&half->part.attributes);
	field_free(&half->item);
	field_free(&half->dictionary);
	private_key_done(&half->key);
	bytes_done(&half->reference);
}

static struct keeping *keeping_free(struct keeping *keeping)
{
	if (!keeping)
		return NULL;
	for (size_t i = 0; i < keeping->n_halves; i++)
		half_done(&keeping->halves[i]);
	free(keeping);
	return NULL;
}
DEFINE_FREEP(keeping)

/* --- checks -------------------------------------------------------------------------------- */

/* reference/keychain.md 4.6: it is the keychain that asks before it opens an item. */
static enum kc_status check_protection(struct json_object *dictionary, bool is_permanent)
{
	REQUIRE(is_permanent || !field_get(dictionary, "access_control"), KC_ERR_PARAM,
		"\"access_control\" protects items: it needs \"is_permanent\"");
	return KC_OK;
}

enum kc_status new_key_check(struct wire_call *call, const struct key_attributes *attributes)
{
	struct client *client = wire_call_peer(call);

	TRY(check_protection(attributes->private_item, attributes->is_private_permanent));
	TRY(check_protection(attributes->public_item, attributes->is_public_permanent));
	TRY(engine_check(attributes->private_item, NULL));
	TRY(engine_check(attributes->public_item, NULL));
	if (attributes->is_private_permanent || !client)
		return KC_OK;
	return session_keys_check_room(client_session_keys(client));
}

/* --- both halves --------------------------------------------------------------------------- */

/* Takes what is in @dictionary and @key. */
static enum kc_status add_half(struct keeping *keeping, struct json_object **dictionary,
			       struct private_key *key, bool is_permanent)
{
	struct half *half = &keeping->halves[keeping->n_halves++];

	half->dictionary = take(*dictionary);
	half->key = *key;
	*key = (struct private_key){.key_class = NULL};
	half->is_permanent = is_permanent;
	half->reference = BYTES_INIT(PUBLIC_REFERENCE_MAX);
	half->part = (struct engine_part){.class_name = "key",
					  .data = private_key_data(&half->key),
					  .has_data = true,
					  .public_key = bytes_view(&half->key.public_key)};
	TRY(private_key_describe(&half->key, &half->part.attributes));
	TRY(check_protection(half->dictionary, is_permanent));
	return engine_check(half->dictionary, &half->part);
}

static enum kc_status add_public_half(struct keeping *keeping, struct new_key *key)
{
	struct private_key_claim claim = {.key_class = "public",
					  .key_type = keeping->halves[0].key.key_type};
	CLEANUP(private_key_done) struct private_key public_key = {.key_class = NULL};

	TRY(private_key_read(claim, bytes_view(&keeping->halves[0].key.public_key), &public_key));
	return add_half(keeping, &key->attributes.public_item, &public_key,
			key->attributes.is_public_permanent);
}

static enum kc_status add_halves(struct keeping *keeping, struct new_key *key)
{
	struct key_attributes *attributes = &key->attributes;
	bool is_public = strcmp(key->key.key_class, "public") == 0;

	if (is_public)
		return add_half(keeping, &attributes->public_item, &key->key,
				attributes->is_public_permanent);
	TRY(add_half(keeping, &attributes->private_item, &key->key,
		     attributes->is_private_permanent));
	return key->is_pair ? add_public_half(keeping, key) : KC_OK;
}

/* --- what is no item ----------------------------------------------------------------------- */

static enum kc_status name_half(const struct keeping *keeping, struct half *half)
{
	struct client *client = wire_call_peer(keeping->call);

	if (strcmp(half->key.key_class, "public") == 0)
		return public_reference_put(half->key.key_type, bytes_view(&half->key.public_key),
					    &half->reference);
	REQUIRE(client, KC_ERR_USER_CANCELED, "whoever wanted the key has left");
	TRY(session_keys_add(client_session_keys(client), &half->key, half->dictionary,
			     &half->reference));
	half->is_of_the_connection = true;
	return KC_OK;
}

static enum kc_status name_halves(struct keeping *keeping)
{
	for (size_t i = 0; i < keeping->n_halves; i++)
		if (!keeping->halves[i].is_permanent)
			TRY(name_half(keeping, &keeping->halves[i]));
	return KC_OK;
}

static void forget_names(const struct keeping *keeping)
{
	struct client *client = wire_call_peer(keeping->call);

	for (size_t i = 0; client && i < keeping->n_halves; i++)
		if (keeping->halves[i].is_of_the_connection)
			session_keys_remove(client_session_keys(client),
					    bytes_view(&keeping->halves[i].reference));
}

/* --- items --------------------------------------------------------------------------------- */

static enum kc_status add_items(void *details, struct engine_request *request)
{
	struct keeping *keeping = details;
	struct engine_addition additions[HALVES_MAX] = {{.dictionary = NULL}};
	struct half *added[HALVES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < keeping->n_halves; i++) {
		struct half *half = &keeping->halves[i];

		if (!half->is_permanent)
			continue;
		additions[n] = (struct engine_addition){
			.dictionary = half->dictionary, .parts = &half->part, .n_parts = 1};
		added[n++] = half;
	}
	if (n > 0)
		TRY(engine_add_all(keeping->daemon->engine, request, additions, n));
	for (size_t i = 0; i < n; i++)
		added[i]->item = additions[i].item;
	return KC_OK;
}

static enum kc_status ask_for_references(struct keeping *keeping)
{
	for (size_t i = 0; i < keeping->n_halves; i++)
		if (keeping->halves[i].is_permanent) {
			TRY(field_put_flag(keeping->halves[i].dictionary, "is_permanent", true));
			TRY(field_put_flag(keeping->halves[i].dictionary, "return_persistent_ref",
					   true));
		}
	return KC_OK;
}

/* --- the answer ---------------------------------------------------------------------------- */

static enum kc_status put_name(const struct half *half, const char *name, struct json_object *reply)
{
	if (!half->is_permanent)
		return field_put_data(reply, name, bytes_view(&half->reference));
	return field_put_text(reply, name, field_text(half->item, "value_persistent_ref"));
}

static enum kc_status make_reply(const struct keeping *keeping, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	TRY(put_name(&keeping->halves[0], "key", reply));
	if (keeping->is_pair)
		TRY(put_name(&keeping->halves[1], "public_key", reply));
	*ret_reply = take(reply);
	return KC_OK;
}

static void write_audit(const struct keeping *keeping, enum kc_status status)
{
	struct audit_entry entry = calls_audit_entry(keeping->call);

	entry.operation = keeping->operation;
	entry.key_hash = VIEW_OF(keeping->hash);
	entry.item_class = "key";
	entry.persistent_ref = field_text(keeping->halves[0].item, "value_persistent_ref");
	entry.result = status;
	audit_write(keeping->daemon->audit, &entry);
}

static void on_kept(void *details, enum kc_status status)
{
	CLEANUP(keeping_freep) struct keeping *keeping = details;
	struct json_object *reply = NULL;

	if (status == KC_OK)
		status = make_reply(keeping, &reply);
	write_audit(keeping, status);
	if (status != KC_OK)
		forget_names(keeping);
	if (status == KC_OK)
		wire_call_reply(keeping->call, reply);
	else
		wire_call_fail(keeping->call, status);
}

static void on_gone(void *details)
{
	ignore(keeping_free(details) != NULL);
}

/* --- the whole ----------------------------------------------------------------------------- */

static enum kc_status prepare(struct keeping *keeping, struct new_key *key)
{
	memcpy(keeping->hash, key->key.public_key_hash, sizeof(keeping->hash));
	TRY(add_halves(keeping, key));
	TRY(name_halves(keeping));
	return ask_for_references(keeping);
}

void new_key_keep(struct wire_call *call, struct new_key *key)
{
	struct keeping *keeping = calloc(1, sizeof(*keeping));
	struct proof_options options = {
		.run = add_items, .done = on_kept, .gone = on_gone, .details = keeping};
	enum kc_status status = KC_OK;

	if (!keeping) {
		new_key_done(key);
		wire_call_fail(call, fail(KC_ERR_ALLOCATE, "out of memory"));
		return;
	}
	*keeping = (struct keeping){.call = call,
				    .daemon = wire_call_context(call),
				    .operation = key->operation,
				    .is_pair = key->is_pair};
	status = prepare(keeping, key);
	new_key_done(key);
	if (status != KC_OK) {
		on_kept(keeping, status);
		return;
	}
	options.written = keeping->halves[0].dictionary;
	proof_run(call, &options);
}
