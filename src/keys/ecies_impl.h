/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_ECIES_IMPL_H
#define KEYS_ECIES_IMPL_H

/*
 * ECIES as Apple has it (reference/keychain.md 5.3, Formats): an ephemeral point 04‖X‖Y,
 * ciphertext, tag. The key is X9.63's of the shared secret with the ephemeral point as shared info;
 * 128 bits for curves of up to 256, else 256. The IV is zeros, or with variable_iv the next 16
 * bytes derived.
 */

#include "keys/algorithms_impl.h"
#include "keys/key_facts.h"
#include "keys/plan_impl.h"

bool ecies_is(const struct algorithm *algorithm);

/* Append @data encrypted to @key. */
KC_MUST_CHECK enum kc_status ecies_encrypt(const struct key_facts *key,
					   const struct algorithm *algorithm, struct kc_view data,
					   struct bytes *ciphertext);

/* What the token exchanges keys with, and what is kept to be decrypted with the result.
 * Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status ecies_plan(const struct key_facts *key, struct kc_view ciphertext,
					struct plan *plan);

/* Append the plaintext: @answer is the shared secret.
 * Expected: KC_ERR_PARAM  unpad_fail(); KC_ERR_DECODE  it is no such secret */
KC_MUST_CHECK enum kc_status ecies_finish(struct plan *plan, const struct key_facts *key,
					  struct kc_view answer, struct bytes *plaintext);

#endif
