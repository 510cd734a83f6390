/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_ALGORITHMS_IMPL_H
#define KEYS_ALGORITHMS_IMPL_H

/*
 * Algorithms by name, and for each the next lower one that it can be built on
 * (reference/keychain.md 5.1 to 5.3).
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum algorithm_purpose {
	ALGORITHM_SIGNATURE,
	ALGORITHM_ENCRYPTION,
	ALGORITHM_EXCHANGE,
};

enum algorithm_family {
	ALGORITHM_RSA_RAW,
	ALGORITHM_RSA_PKCS1V15,
	ALGORITHM_RSA_PSS,
	ALGORITHM_ECDSA_X962,	 /* SEQUENCE { r, s } */
	ALGORITHM_ECDSA_RFC4754, /* r ‖ s */
	ALGORITHM_EDDSA,
	ALGORITHM_RSA_ENCRYPTION_RAW,
	ALGORITHM_RSA_ENCRYPTION_PKCS1,
	ALGORITHM_RSA_ENCRYPTION_OAEP,
	ALGORITHM_RSA_ENCRYPTION_OAEP_AESGCM,
	ALGORITHM_ECIES_STANDARD,
	ALGORITHM_ECIES_STANDARD_VARIABLE_IV,
	ALGORITHM_ECIES_COFACTOR,
	ALGORITHM_ECIES_COFACTOR_VARIABLE_IV,
	ALGORITHM_ECDH_STANDARD,
	ALGORITHM_ECDH_COFACTOR,
};

enum algorithm_hash {
	ALGORITHM_NO_HASH, /* for ECDH: without key derivation */
	ALGORITHM_MD5,	   /* for PKCS#1 v1.5 only */
	ALGORITHM_SHA1,
	ALGORITHM_SHA224,
	ALGORITHM_SHA256,
	ALGORITHM_SHA384,
	ALGORITHM_SHA512,
};

struct algorithm {
	const char *name;
	const char *key_type; /* see algorithms_is_for() */
	enum algorithm_purpose purpose;
	enum algorithm_family family;
	enum algorithm_hash hash;
	bool takes_message; /* a signature's, else a digest, or whatever the lowest operation takes
			     */
};

/* May a key of @key_type do it? What X25519 and X448 do goes by the names of ECDH. */
bool algorithms_is_for(const struct algorithm *algorithm, const char *key_type);

/* NULL: no such algorithm. */
const struct algorithm *algorithms_find(const char *name);

/* What @algorithm is built on; NULL when nothing is below it. */
const struct algorithm *algorithms_below(const struct algorithm *algorithm);

/* The one that @algorithm becomes when the message has been hashed; itself if it takes none. */
const struct algorithm *algorithms_without_message(const struct algorithm *algorithm);

/* The one of that name. Expected: KC_ERR_PARAM  saying why it is none for @purpose and @key_type,
 * with what is nearest to it as a hint */
KC_MUST_CHECK enum kc_status algorithms_choose(const char *name, enum algorithm_purpose purpose,
					       const char *key_type,
					       const struct algorithm **ret_algorithm);

size_t algorithms_count(void);
const struct algorithm *algorithms_at(size_t index);

#endif
