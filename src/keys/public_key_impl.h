/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PUBLIC_KEY_IMPL_H
#define KEYS_PUBLIC_KEY_IMPL_H

/* OpenSSL's form of a public key from ours. */

#include <openssl/evp.h>

#include "keys/signature.h"

/* CLEANUP(public_key_done) EVP_PKEY *pkey = NULL; */
void public_key_done(EVP_PKEY **pkey);

/* Expected: KC_ERR_PARAM  not the public key of an RSA or EC key of that size */
KC_MUST_CHECK enum kc_status public_key_new(const struct signature_key *key, EVP_PKEY **ret_pkey);

#endif
