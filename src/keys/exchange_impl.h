/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_EXCHANGE_IMPL_H
#define KEYS_EXCHANGE_IMPL_H

/* Shared secrets inside this room. */

#include <openssl/evp.h>

#include "keys/key_facts.h"

/* Append the secret that two keys of the same kind share. */
KC_MUST_CHECK enum kc_status exchange_put_secret(EVP_PKEY *ours, EVP_PKEY *theirs,
						 struct bytes *secret);

/* May @secret be what a token has computed with @key? Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status exchange_check_secret(const struct key_facts *key,
						   struct kc_view secret);

#endif
