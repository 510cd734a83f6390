/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_SOFTWARE_KEY_H
#define KEYS_SOFTWARE_KEY_H

/*
 * What a token does, done here: the base operations of private keys that are kept in the keychain.
 * Plans (keys/plan.h) are made for them as for tokens.
 */

#include "base/bytes.h"
#include "keys/opened_key.h"

/* All borrowed. */
struct software_key {
	const char *key_type;
	unsigned size_in_bits;
	struct kc_view external;	 /* reference/keychain.md 5.5 */
	const struct opened_key *opened; /* made of it before; NULL: it is made for this use */
};

enum {
	SOFTWARE_KEY_ANSWER_MAX = 64 * 1024,
};

/* Is @operation, a name of the catalogue, a base operation of such keys? */
bool software_key_offers(const char *key_type, const char *operation);

/* Microseconds, so that the loop may wait for it (design/decisions.md 27). */
bool software_key_is_quick(const char *key_type);

/*
 * Append the answer of @operation over @input: plan_operation() and plan_input(). Touches nothing
 * else and may run in any thread. Expected: KC_ERR_DECODE  the key is damaged
 */
KC_MUST_CHECK enum kc_status software_key_perform(const struct software_key *key,
						  const char *operation, struct kc_view input,
						  struct bytes *answer);

#endif
