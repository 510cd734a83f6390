/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_HYBRID_IMPL_H
#define KEYS_HYBRID_IMPL_H

/*
 * RSA OAEP with AES-GCM as Apple has it (reference/keychain.md 5.3, Formats): a session key under
 * OAEP, as long as the modulus, then ciphertext and tag. The session key has 128 bits below a
 * modulus of 4096, else 256; the IV is zeros, what is authenticated besides is the PKCS#1 public
 * key.
 */

#include "keys/algorithms_impl.h"
#include "keys/key_facts.h"
#include "keys/plan_impl.h"

/* Bytes of the session key. */
size_t hybrid_key_len(const struct key_facts *key);

/* Append @data encrypted to @key. */
KC_MUST_CHECK enum kc_status hybrid_encrypt(const struct key_facts *key,
					    const struct algorithm *algorithm, struct kc_view data,
					    struct bytes *ciphertext);

/* What the token decrypts, and what is kept to be decrypted with the result.
 * Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status hybrid_plan(const struct key_facts *key, struct kc_view ciphertext,
					 struct plan *plan);

/* Append the plaintext: @answer is the block, or the session key of a token that unpads.
 * Expected: KC_ERR_PARAM  unpad_fail(); KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status hybrid_finish(struct plan *plan, const struct key_facts *key,
					   struct kc_view answer, struct bytes *plaintext);

#endif
