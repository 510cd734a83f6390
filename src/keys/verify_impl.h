/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_VERIFY_IMPL_H
#define KEYS_VERIFY_IMPL_H

/* The public operation: does a signature match? */

#include "keys/algorithms_impl.h"
#include "keys/key_facts.h"

/*
 * @algorithm takes no message here, unless it is EdDSA: @input is a digest or what the raw
 * operation takes, of the right length.
 * Expected: KC_ERR_VERIFY_FAILED; KC_ERR_PARAM  @key has no usable public key
 */
KC_MUST_CHECK enum kc_status verify_check(const struct key_facts *key,
					  const struct algorithm *algorithm, struct kc_view input,
					  struct kc_view signature);

#endif
