/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PLAN_H
#define KEYS_PLAN_H

/*
 * A private-key operation, planned: from the algorithm that was asked for down to the base
 * operation that the token performs, and with its answer back up (reference/keychain.md 5.2, 5.3).
 * signature.h, decryption.h and exchange.h make plans.
 */

#include "keys/key_facts.h"

struct plan;

/* What kind of thing a token does. Not always what was asked for: ECIES decrypts by exchanging. */
enum plan_kind {
	PLAN_SIGN,
	PLAN_DECRYPT,
	PLAN_EXCHANGE, /* the input is a public key */
};

struct plan *plan_free(struct plan *plan);
DEFINE_FREEP(plan)

/* What the token is asked; text and bytes borrowed from the plan. */
enum plan_kind plan_kind(const struct plan *plan);
const char *plan_operation(const struct plan *plan);
struct kc_view plan_input(const struct plan *plan);

/*
 * Turn what the token has answered into what was asked for. A token that lies is found out here, as
 * far as it can be. Expected: KC_ERR_VERIFY_FAILED, KC_ERR_DECODE  the answer cannot be right
 *           KC_ERR_PARAM  what was to be decrypted was not encrypted so
 */
KC_MUST_CHECK enum kc_status plan_finish(struct plan *plan, const struct key_facts *key,
					 struct kc_view answer, struct kc_bytes *ret_result);

/*
 * The token has failed with @status. Some failures must not be told from success (keys/unpad.h);
 * then this is KC_OK and a result. All others are returned as they are.
 */
KC_MUST_CHECK enum kc_status plan_recover(struct plan *plan, const struct key_facts *key,
					  enum kc_status status, struct kc_bytes *ret_result);

#endif
