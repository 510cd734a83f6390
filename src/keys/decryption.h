/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_DECRYPTION_H
#define KEYS_DECRYPTION_H

/*
 * Decryption above a token's raw RSA, or above its own way of taking PKCS#1 v1.5 padding off; of
 * ECIES above its key exchange, so that plan_kind() is not always PLAN_DECRYPT.
 * Nobody can tell from a result of rsa_encryption_pkcs1 whether the padding was right
 * (keys/unpad_impl.h). What the token gives is not encrypted again and compared: that would work
 * on the plaintext in a time that depends on it.
 */

#include "keys/plan.h"

/* Expected: KC_ERR_PARAM  no such algorithm, not for this key, or @data of the wrong length */
KC_MUST_CHECK enum kc_status decryption_plan_new(const struct key_facts *key, const char *algorithm,
						 struct kc_view data, struct plan **ret_plan);

/* Would decryption_plan_new() try? */
bool decryption_is_supported(const struct key_facts *key, const char *algorithm);

#endif
