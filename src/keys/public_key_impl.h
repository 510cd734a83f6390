/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PUBLIC_KEY_IMPL_H
#define KEYS_PUBLIC_KEY_IMPL_H

/* OpenSSL's form of a public key from ours. */

#include <openssl/evp.h>

#include "keys/public_key.h"

/* CLEANUP(public_key_done) EVP_PKEY *pkey = NULL; */
void public_key_done(EVP_PKEY **pkey);

/* Expected: KC_ERR_PARAM  not the public key of an RSA or EC key of that size */
KC_MUST_CHECK enum kc_status public_key_new(const struct key_facts *key, EVP_PKEY **ret_pkey);

/* Is @point, 04‖X‖Y, a valid public key on the curve of @key? Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status public_key_check_peer(const struct key_facts *key,
						   struct kc_view point);

#endif
