/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ENGINE_H
#define ITEMS_ENGINE_H

/*
 * The keychain: one query engine over the items of every present token (and, from the next issue
 * on, the software items on disk). A token's items come and go in one transaction each, so nobody
 * ever sees half a token. Looking up touches no hardware.
 */

#include "base/bytes.h"
#include "wire/field.h"

struct engine;

KC_MUST_CHECK enum kc_status engine_new(struct engine **ret_engine);
struct engine *engine_free(struct engine *engine);
DEFINE_FREEP(engine)

/* The access group of token items: everyone who may see tokens reads it, nobody writes it. */
#define ENGINE_TOKEN_GROUP "org.keycask.token"

/*
 * One item as a token publishes it. @attributes is a JSON object with names of the vocabulary for
 * its class ("label", "subject", "public_key_hash", "key_type", "can_sign", "access_control", …),
 * binary values in base64; class, token_id, access_group and dates are added here. All borrowed.
 */
struct engine_item {
	const char *class_name; /* "certificate" or "key" */
	struct kc_view object_id;
	struct json_object *attributes;
	struct kc_view data;		/* certificate: DER; key: empty */
	struct kc_view public_key;	/* as org.keycask.X509 gives it; an identity needs that of
					 * the key and that of the certificate to be equal */
	struct json_object *algorithms; /* key: array of base operations the token performs */
	const char *constraint;		/* key: "none", "pin", "pin_always" */
	bool needs_touch;		/* key */
};

/*
 * Replace all items of @token_id by these, in one transaction; on failure what was there stays.
 * Expected: KC_ERR_NO_SUCH_ATTR, KC_ERR_PARAM, KC_ERR_DUPLICATE_ITEM
 */
KC_MUST_CHECK enum kc_status engine_publish(struct engine *engine, const char *token_id,
					    const struct engine_item *items, size_t n_items);

/* Remove all items of @token_id; fine when there are none. */
KC_MUST_CHECK enum kc_status engine_withdraw(struct engine *engine, const char *token_id);

/*
 * The items that match @query (a dictionary as of docs/vocabulary.md); *ret_items is an array
 * with one object per item: attributes with return_attributes (always with "class"), value_data,
 * value_ref, value_persistent_ref as asked for.
 * Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_NO_SUCH_ATTR, KC_ERR_NO_SUCH_CLASS, KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status engine_copy_matching(struct engine *engine, struct json_object *query,
						  struct json_object **ret_items);

/* What an operation needs to know of a key. Owned; release with engine_key_done(). */
struct engine_key {
	char *token_id;
	struct kc_bytes object_id; /* as published */
	struct kc_bytes public_key;
	char *label;
	char *key_type; /* "rsa", "ec" */
	unsigned size_in_bits;
	char *constraint;
	struct json_object *algorithms;
	bool can_sign;
	bool can_decrypt;
	bool can_derive;
};

void engine_key_done(struct engine_key *key);

/*
 * The private key that a persistent reference (of a key, or of an identity: its key) names.
 * Expected: KC_ERR_PARAM  not a persistent reference, or one of another class
 *           KC_ERR_ITEM_NOT_FOUND  its token is away (named in the record) or no longer has it
 */
KC_MUST_CHECK enum kc_status engine_find_key(struct engine *engine, struct kc_view persistent_ref,
					     struct engine_key *ret_key);

#endif
