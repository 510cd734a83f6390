/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_KEY_FACTS_H
#define KEYS_KEY_FACTS_H

/* What is known of a key without using it. */

#include "base/bytes.h"
#include "items/engine.h"

/* All borrowed. */
struct key_facts {
	const char *key_type; /* "rsa", "ec", "ed25519", "x25519", "ed448", "x448" */
	unsigned size_in_bits;
	struct kc_view public_key;	/* PKCS#1 RSAPublicKey, uncompressed point, the bytes */
	struct json_object *algorithms; /* a token's base operations, array of text */
	bool is_software;		/* keys/software_key.h has the operations */
};

/* Borrowed from @key. */
struct key_facts key_facts_of(const struct engine_key *key);

enum {
	KEY_FACTS_HASH_BYTES = 20,
};

/* reference/keychain.md 5.6: what the key is found by. */
KC_MUST_CHECK enum kc_status key_facts_hash(const struct key_facts *key,
					    uint8_t ret_hash[KEY_FACTS_HASH_BYTES]);

/* Is the algorithm of that name a base operation of this key: its token's, or our own? */
bool key_facts_offers(const struct key_facts *key, const char *name);

/* Bytes of the modulus, of a coordinate, of an X25519 key. */
static inline size_t key_facts_len(const struct key_facts *key)
{
	return (key->size_in_bits + 7) / 8;
}

#endif
