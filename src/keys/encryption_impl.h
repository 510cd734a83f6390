/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_ENCRYPTION_IMPL_H
#define KEYS_ENCRYPTION_IMPL_H

/* RSA encryption inside this room. */

#include "keys/algorithms_impl.h"
#include "keys/key_facts.h"

/* Append @data encrypted with @algorithm: RSA raw, PKCS#1 or OAEP. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status encryption_put_rsa(const struct key_facts *key,
						const struct algorithm *algorithm,
						struct kc_view data, struct bytes *ciphertext);

#endif
