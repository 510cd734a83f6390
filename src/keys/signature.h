/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_SIGNATURE_H
#define KEYS_SIGNATURE_H

/*
 * Signature algorithms by their names in docs/vocabulary.md, above the one or two base operations
 * that a token performs: hashing, padding and form are ours (reference/keychain.md 5.3).
 */

#include "base/bytes.h"
#include "wire/field.h"

/* What a key is and can, borrowed. */
struct signature_key {
	const char *key_type; /* "rsa", "ec" */
	unsigned size_in_bits;
	struct kc_view public_key;	/* PKCS#1 RSAPublicKey, or the uncompressed point */
	struct json_object *algorithms; /* base operations, array of text */
};

/* From the algorithm that was asked for to what the token is asked, and back. */
struct signature_plan;

/*
 * Plan a signature over @data with @algorithm: which base operation, over which bytes.
 * Expected: KC_ERR_PARAM  no such algorithm, not for this key, or @data of the wrong length
 */
KC_MUST_CHECK enum kc_status signature_plan_new(const struct signature_key *key,
						const char *algorithm, struct kc_view data,
						struct signature_plan **ret_plan);
struct signature_plan *signature_plan_free(struct signature_plan *plan);
DEFINE_FREEP(signature_plan)

/* Both borrowed from the plan. */
const char *signature_plan_operation(const struct signature_plan *plan);
struct kc_view signature_plan_input(const struct signature_plan *plan);

/*
 * Turn what the token answered into the signature asked for (e.g. DER to r‖s) and check it with
 * the public key: a token that lies is found out here. Expected: KC_ERR_VERIFY_FAILED
 */
KC_MUST_CHECK enum kc_status signature_plan_finish(struct signature_plan *plan,
						   const struct signature_key *key,
						   struct kc_view answer,
						   struct kc_bytes *ret_signature);

/*
 * Expected: KC_ERR_VERIFY_FAILED  it does not match
 *           KC_ERR_PARAM  no such algorithm, not for this key, or @data of the wrong length
 */
KC_MUST_CHECK enum kc_status signature_verify(const struct signature_key *key,
					      const char *algorithm, struct kc_view data,
					      struct kc_view signature);

/* Would signature_plan_new() (@for_signing) or signature_verify() try? */
bool signature_is_supported(const struct signature_key *key, const char *algorithm,
			    bool for_signing);

#endif
