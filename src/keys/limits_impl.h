/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_LIMITS_IMPL_H
#define KEYS_LIMITS_IMPL_H

/* What fits a key and an algorithm. */

#include "keys/algorithms_impl.h"
#include "keys/key_facts.h"

/* RFC 8017 7.1.1: what OAEP adds to a message, 2 hLen + 2. */
size_t limits_oaep_overhead(const struct algorithm *algorithm);

/* Is the key long enough for what does not depend on the data? Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status limits_check_size(const struct key_facts *key,
					       const struct algorithm *algorithm);

/* Is @data a number below the modulus? Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status limits_check_raw(const struct key_facts *key, struct kc_view data);

/* @digest is what @algorithm, which takes no message, is over. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status limits_check_digest(const struct key_facts *key,
						 const struct algorithm *algorithm,
						 struct kc_view digest);

#endif
