/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PUBLIC_REFERENCE_H
#define KEYS_PUBLIC_REFERENCE_H

/*
 * The name of a public key that is no item: the key itself. So it is good in every process, after
 * fork and restart, and with its token away; and equal keys have equal references.
 *
 *   "kcpk" ‖ SEQUENCE { UTF8String key_type, OCTET STRING public key }  (DER)
 *
 * The public key is in its external representation (reference/keychain.md 5.5).
 */

#include "keys/private_key.h"

enum {
	PUBLIC_REFERENCE_MAX = PRIVATE_KEY_PUBLIC_MAX + 64,
};

/* Does @view claim to be one? */
bool public_reference_is(struct kc_view view);

/* Append. Expected: KC_ERR_PARAM  too long */
KC_MUST_CHECK enum kc_status public_reference_put(const char *key_type, struct kc_view public_key,
						  struct bytes *bytes);

/*
 * Strict: only what public_reference_put() writes of a key that private_key_read() takes.
 * Expected: KC_ERR_PARAM, saying what is wrong
 */
KC_MUST_CHECK enum kc_status public_reference_get(struct kc_view view, struct private_key *ret_key);

#endif
