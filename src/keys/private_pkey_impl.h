/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PRIVATE_PKEY_IMPL_H
#define KEYS_PRIVATE_PKEY_IMPL_H

/* OpenSSL's form of a private key from its external representation, and back. */

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/secret.h"

enum {
	PRIVATE_PKEY_RSA_MIN = 1024, /* bits */
	PRIVATE_PKEY_RSA_MAX = 8192,
};

/*
 * The key, as it was when it was checked: nothing is checked again. @size_in_bits is only looked
 * at for EC. Expected: KC_ERR_DECODE
 */
KC_MUST_CHECK enum kc_status private_pkey_open(const char *key_type, unsigned size_in_bits,
					       struct kc_view external, EVP_PKEY **ret_pkey);

/* Do both halves of @pkey belong together, and is it a key that somebody would use?
 * Expected: KC_ERR_DECODE, KC_ERR_KEY_SIZE_NOT_ALLOWED */
KC_MUST_CHECK enum kc_status private_pkey_check(const char *key_type, EVP_PKEY *pkey);

/* "rsa", "ec", "ed25519", …; NULL: none of ours. */
const char *private_pkey_type(EVP_PKEY *pkey);

/* Expected: KC_ERR_DECODE  a curve, or something else, that has no such representation */
KC_MUST_CHECK enum kc_status private_pkey_put_external(EVP_PKEY *pkey, struct secret *ret_external);

/* Append the public half, as org.keycask.X509 gives it. */
KC_MUST_CHECK enum kc_status private_pkey_put_public(EVP_PKEY *pkey, struct bytes *public_key);

/* How many bits a key of @key_type has, given @pkey. */
unsigned private_pkey_size(const char *key_type, EVP_PKEY *pkey);

#endif
