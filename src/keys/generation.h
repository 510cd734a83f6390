/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_GENERATION_H
#define KEYS_GENERATION_H

/* New private keys that are kept here (reference/keychain.md 5.4). */

#include <stdatomic.h>

#include "keys/private_key.h"

enum {
	GENERATION_RSA_MIN = 2048, /* bits; shorter ones can be imported */
	GENERATION_RSA_MAX = 4096,
};

/* One kind of key. */
struct generation_kind {
	const char *key_type; /* static */
	unsigned size_in_bits;
};

/*
 * @size_in_bits 0: not said, which only keys have that are of one size.
 * Expected: KC_ERR_PARAM                 no such type, or its size is missing
 *           KC_ERR_KEY_SIZE_NOT_ALLOWED  saying which ones are
 */
KC_MUST_CHECK enum kc_status generation_choose(const char *key_type, int64_t size_in_bits,
					       struct generation_kind *ret_kind);

/* Does it take long, so that no loop can wait for it (design/decisions.md 27)? */
bool generation_is_slow(const struct generation_kind *kind);

/*
 * Touches nothing else, and may run in any thread. What is slow ends soon after *@is_cancelled has
 * become true; NULL: nobody cancels it.
 * Expected: KC_ERR_USER_CANCELED
 */
KC_MUST_CHECK enum kc_status generation_run(const struct generation_kind *kind,
					    atomic_bool *is_cancelled, struct private_key *ret_key);

#endif
