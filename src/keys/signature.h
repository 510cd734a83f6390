/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_SIGNATURE_H
#define KEYS_SIGNATURE_H

/*
 * Signature algorithms by their names in docs/vocabulary.md, above the one or two base operations
 * that a token performs: hashing, padding and form are ours (reference/keychain.md 5.3).
 */

#include "keys/plan.h"

/*
 * Plan a signature over @data with @algorithm: which base operation, over which bytes. What the
 * token answers is brought into the form asked for (e.g. DER to r‖s) and checked with the public
 * key. Expected: KC_ERR_PARAM  no such algorithm, not for this key, or @data of the wrong length
 */
KC_MUST_CHECK enum kc_status signature_plan_new(const struct key_facts *key, const char *algorithm,
						struct kc_view data, struct plan **ret_plan);

/*
 * Expected: KC_ERR_VERIFY_FAILED  it does not match
 *           KC_ERR_PARAM  no such algorithm, not for this key, or @data of the wrong length
 */
KC_MUST_CHECK enum kc_status signature_verify(const struct key_facts *key, const char *algorithm,
					      struct kc_view data, struct kc_view signature);

/* Would signature_plan_new() (@for_signing) or signature_verify() try? */
bool signature_is_supported(const struct key_facts *key, const char *algorithm, bool for_signing);

#endif
