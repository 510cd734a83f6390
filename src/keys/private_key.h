/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PRIVATE_KEY_H
#define KEYS_PRIVATE_KEY_H

/*
 * A key that its owner hands over, in Apple's external representation (reference/keychain.md 5.5):
 * RSA as PKCS#1, EC as 04‖X‖Y with K behind it when it is private, the other types as their bytes,
 * symmetric keys as any bytes. What is wrong with it is found here, before it is ever used.
 */

#include "base/bytes.h"
#include "base/secret.h"
#include "wire/field.h"

enum {
	PRIVATE_KEY_PUBLIC_MAX = 4096, /* bytes of the public half */
	PRIVATE_KEY_HASH_BYTES = 20,
};

struct private_key {
	const char *key_class; /* "private", "public", "symmetric"; static */
	const char *key_type;  /* "rsa", "ec", "ed25519", …; static; NULL: symmetric */
	unsigned size_in_bits;
	struct bytes public_key; /* as org.keycask.X509 gives it; empty: symmetric */
	uint8_t public_key_hash[PRIVATE_KEY_HASH_BYTES]; /* reference/keychain.md 5.6 */
	struct secret external; /* what is private or symmetric; empty: a public key */
};

void private_key_done(struct private_key *key);

/* What the caller says of it; NULL: nothing, and then the bytes have to tell. Borrowed. */
struct private_key_claim {
	const char *key_class;
	const char *key_type;
};

/*
 * Check @data and find out what it is.
 * Expected: KC_ERR_DECODE                it is no such key, saying why
 *           KC_ERR_PARAM                 the bytes do not tell, or no such class or type
 *           KC_ERR_KEY_SIZE_NOT_ALLOWED  an RSA key that is too short or too long
 */
KC_MUST_CHECK enum kc_status private_key_read(struct private_key_claim claim, struct kc_view data,
					      struct private_key *ret_key);

/* The same from one private key in DER: PKCS#8 without encryption, PKCS#1, SEC 1. */
KC_MUST_CHECK enum kc_status private_key_import(struct kc_view der, struct private_key *ret_key);

/* What is kept of it as the item's data: its external representation. */
struct kc_view private_key_data(const struct private_key *key);

/* The attributes that it has by itself (reference/keychain.md 1.6). */
KC_MUST_CHECK enum kc_status private_key_describe(const struct private_key *key,
						  struct json_object **ret_attributes);

#endif
