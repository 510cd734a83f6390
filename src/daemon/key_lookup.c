/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each kind of reference has its own form, and says by its first bytes which it is. */
#include "daemon/key_lookup.h"

#include <stdlib.h>

#include "base/copy.h"
#include "base/try.h"
#include "daemon/client.h"
#include "daemon/session_keys.h"
#include "items/reference.h"

enum key_lookup_kind key_lookup_kind(struct kc_view reference)
{
	if (public_reference_is(reference))
		return KEY_LOOKUP_PUBLIC;
	return session_keys_is(reference) ? KEY_LOOKUP_SESSION : KEY_LOOKUP_ITEM;
}

/* What @read has found in bytes becomes all that is known of @key. */
static enum kc_status put_public(const struct private_key *read, struct engine_key *key)
{
	free(key->key_type);
	key->key_type = strdup(read->key_type);
	REQUIRE(key->key_type, KC_ERR_ALLOCATE, "out of memory");
	key->size_in_bits = read->size_in_bits;
	if (key->public_key.len > 0)
		return KC_OK;
	return copy_bytes(bytes_view(&read->public_key), &key->public_key);
}

static enum kc_status find_public(struct kc_view reference, enum engine_use use,
				  struct engine_key *ret_key)
{
	CLEANUP(private_key_done) struct private_key read = {.key_class = NULL};
	CLEANUP(engine_key_done) struct engine_key key = {0};

	TRY(public_reference_get(reference, &read));
	REQUIRE(use == ENGINE_USE_PUBLIC, KC_ERR_PARAM,
		"this reference is of a public key, which only verifies and encrypts");
	TRY(copy_bytes(reference, &key.object_id));
	TRY(put_public(&read, &key));
	*ret_key = key;
	key = (struct engine_key){0};
	return KC_OK;
}

static enum kc_status put_reference(struct engine_key *key)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(PUBLIC_REFERENCE_MAX);

	TRY(public_reference_put(key->key_type, view_of(key->public_key.data, key->public_key.len),
				 &reference));
	return copy_bytes(bytes_view(&reference), &key->object_id);
}

/* The keychain does not look into public keys: of what size that of a certificate is, they say. */
static enum kc_status complete(struct engine_key *key)
{
	CLEANUP(private_key_done) struct private_key read = {.key_class = NULL};
	bool has_type = key->key_type && key->key_type[0] != '\0';
	struct private_key_claim claim = {.key_class = "public",
					  .key_type = has_type ? key->key_type : NULL};
	enum kc_status status =
		private_key_read(claim, view_of(key->public_key.data, key->public_key.len), &read);

	error_clear();
	REQUIRE(status == KC_OK, KC_ERR_UNIMPLEMENTED,
		"the certificate \"%.64s\" has a key of a kind that is unknown here",
		key->label ? key->label : "(no label)");
	TRY(put_public(&read, key));
	return put_reference(key);
}

static bool is_certificate(struct kc_view reference)
{
	struct reference parts;

	return reference_get(reference, &parts) == KC_OK &&
	       parts.item_class == VOCABULARY_CERTIFICATE;
}

static enum kc_status find_item(struct wire_call *call, struct kc_view reference,
				enum engine_use use, struct engine_request *request,
				struct engine_key *ret_key)
{
	const struct daemon *daemon = wire_call_context(call);
	CLEANUP(engine_key_done) struct engine_key key = {0};

	TRY(engine_find_key(daemon->engine, request, reference, use, &key));
	if (is_certificate(reference))
		TRY(complete(&key));
	*ret_key = key;
	key = (struct engine_key){0};
	return KC_OK;
}

enum kc_status key_lookup_session(struct wire_call *call, struct kc_view reference,
				  const struct session_key **ret_key)
{
	struct client *client = wire_call_peer(call);

	REQUIRE(client, KC_ERR_ITEM_NOT_FOUND, "the connection of this key has ended");
	return session_keys_find(client_session_keys(client), reference, ret_key);
}

static enum kc_status find_session(struct wire_call *call, struct kc_view reference,
				   enum engine_use use, struct engine_key *ret_key)
{
	const struct session_key *key = NULL;

	TRY(key_lookup_session(call, reference, &key));
	return session_keys_copy(key, use, ret_key);
}

enum kc_status key_lookup_find(struct wire_call *call, struct kc_view reference,
			       enum engine_use use, struct engine_request *request,
			       struct engine_key *ret_key)
{
	switch (key_lookup_kind(reference)) {
	case KEY_LOOKUP_PUBLIC:
		return find_public(reference, use, ret_key);
	case KEY_LOOKUP_SESSION:
		return find_session(call, reference, use, ret_key);
	case KEY_LOOKUP_ITEM:
		break;
	}
	return find_item(call, reference, use, request, ret_key);
}
