/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_EXCHANGE_H
#define KEYS_EXCHANGE_H

/* ECDH above a token's own, with or without the key derivation function of ANSI X9.63. */

#include "keys/plan.h"

struct exchange_parameters {
	struct kc_view public_key; /* of the other side, 04‖X‖Y */
	int64_t requested_size;	   /* bytes to derive, -1: not said; with X9.63 only */
	struct kc_view shared_info;
};

/*
 * The other side's key is on the curve of @key before it gets near the token.
 * Expected: KC_ERR_PARAM  no such algorithm, not for this key; not a public key of the same curve;
 *                         with X9.63: no size, or none that can be
 */
KC_MUST_CHECK enum kc_status exchange_plan_new(const struct key_facts *key, const char *algorithm,
					       const struct exchange_parameters *parameters,
					       struct plan **ret_plan);

/* Would exchange_plan_new() try? */
bool exchange_is_supported(const struct key_facts *key, const char *algorithm);

#endif
