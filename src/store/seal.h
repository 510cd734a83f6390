/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

/*
 * How what is at rest is sealed: AES-256-GCM (NIST SP 800-38D) under a key of its own for every
 * sealing, made with HMAC-SHA-512 from the class key, a purpose and 24 random bytes that stand in
 * front, so that no nonce is ever used twice under one key. What a sealed value belongs to is
 * authenticated with it. And keyed hashes, by which values are found without being readable.
 * docs/store-format.md has every byte.
 */

#include "base/bytes.h"
#include "base/cleanup.h"

enum {
	SEAL_KEY_BYTES = 32,
	SEAL_HASH_BYTES = 16,
	SEAL_SALT_BYTES = 24,
	SEAL_OVERHEAD = 1 + SEAL_SALT_BYTES + 16, /* version, salt, tag */
};

/* What a value is sealed with. All borrowed. */
struct seal_terms {
	struct kc_view key;    /* SEAL_KEY_BYTES */
	const char *purpose;   /* "attributes", "secret", "class key", "backup" … */
	struct kc_view owner;  /* what it belongs to; authenticated, not stored */
	struct kc_view beside; /* more of it, which @owner tells the length of; may be empty */
};

/* Append @plain, sealed, to @sealed. */
KC_MUST_CHECK enum kc_status seal_close(const struct seal_terms *terms, struct kc_view plain,
					struct bytes *sealed);

/*
 * Append to @plain what is in @sealed.
 * Expected: KC_ERR_DECODE  damaged, or sealed with other terms
 */
KC_MUST_CHECK enum kc_status seal_open(const struct seal_terms *terms, struct kc_view sealed,
				       struct bytes *plain);

/* One key from another, for one purpose: HMAC-SHA-256 as of NIST SP 800-108, one block. */
KC_MUST_CHECK enum kc_status seal_derive(struct kc_view key, const char *purpose,
					 struct kc_view text, uint8_t ret_key[SEAL_KEY_BYTES]);

/* --- keyed hashes: HMAC-SHA-256, the first SEAL_HASH_BYTES --------------------------------- */

struct seal_hasher;

/* @key is SEAL_KEY_BYTES, copied. */
KC_MUST_CHECK enum kc_status seal_hasher_new(struct kc_view key, struct seal_hasher **ret_hasher);
struct seal_hasher *seal_hasher_free(struct seal_hasher *hasher);
DEFINE_FREEP(seal_hasher)

/* Equal values of one domain ("account", "name" …) have equal hashes; of two domains, unrelated. */
KC_MUST_CHECK enum kc_status seal_hash(struct seal_hasher *hasher, const char *domain,
				       struct kc_view value, uint8_t ret_hash[SEAL_HASH_BYTES]);

#endif
