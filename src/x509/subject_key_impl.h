/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_SUBJECT_KEY_IMPL_H
#define X509_SUBJECT_KEY_IMPL_H

/* A public key, in a certificate or by itself: its kind, its size, its bytes. */

#include <openssl/x509.h>

#include "wire/field.h"

enum {
	SUBJECT_KEY_MAX = 65536,
};

/*
 * Set key_type ("rsa", "ec", "ed25519", "x25519", "ed448", "x448", else "other" of size 0),
 * key_size_in_bits, public_key and public_key_hash of @fields. Expected: KC_ERR_DECODE
 */
KC_MUST_CHECK enum kc_status subject_key_put(X509 *certificate, struct json_object *fields);

/* The same for a key that is in no certificate: @public_key is @pkey's external representation. */
KC_MUST_CHECK enum kc_status subject_key_put_known(EVP_PKEY *pkey, struct kc_view public_key,
						   struct json_object *fields);

/* The same for a key that is known to OpenSSL only. Expected: KC_ERR_DECODE  also for "other" */
KC_MUST_CHECK enum kc_status subject_key_put_pkey(EVP_PKEY *pkey, struct json_object *fields);

#endif
