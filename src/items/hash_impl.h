/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_HASH_IMPL_H
#define ITEMS_HASH_IMPL_H

/*
 * The keyed hash of a value as its column holds it. Values that are compared across columns share
 * a domain: names of certificates, and the hash by which a key finds its certificate.
 */

#include "codec/vocabulary.h"
#include "store/seal.h"
#include "wire/field.h"

struct hash {
	bool is_set; /* false: the item has no such value, the column is NULL */
	uint8_t bytes[SEAL_HASH_BYTES];
};

static inline struct kc_view hash_view(const struct hash *hash)
{
	return view_of(hash->bytes, hash->is_set ? sizeof(hash->bytes) : 0);
}

static inline bool hash_equal(const struct hash *one, const struct hash *other)
{
	return view_equal(hash_view(one), hash_view(other));
}

/* Of a normalized value. */
KC_MUST_CHECK enum kc_status hash_value(struct seal_hasher *hasher,
					const struct vocabulary_attribute *attribute,
					struct json_object *value, struct hash *ret_hash);

/* Of bytes that would stand in column @name. */
KC_MUST_CHECK enum kc_status hash_bytes(struct seal_hasher *hasher, const char *name,
					struct kc_view value, struct hash *ret_hash);

#endif
