/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_IDENTITY_H
#define KEYCASK_IDENTITY_H

/*
 * Identities: a certificate and the private key that belongs to it, wherever each of them is. Like
 * a kc_key, a kc_identity is a name and not a thing: it is looked up each time it is used, and
 * survives fork(), a restart of the daemon, and the removal and return of its token.
 */

#include <keycask/certificate.h>
#include <keycask/dictionary.h>
#include <keycask/key.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kc_identity;

/* --- life cycle ------------------------------------------------------------------------------ */

/*
 * The identity with this persistent reference. Asks nobody: whether it is there shows when it is
 * used.
 * Expected: KC_ERR_PARAM  @reference is empty
 * Ownership: @reference is copied; free *ret_identity with kc_identity_free(). Untouched on
 * failure. Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_identity_from_persistent_ref(
	struct kc_view reference, struct kc_identity **ret_identity);

/*
 * The identity that kc_item_copy_matching() returned: a reference alone, or a dictionary that has
 * KC_VALUE_REF or KC_VALUE_PERSISTENT_REF. Asks nobody.
 * Expected: KC_ERR_PARAM  @item holds no reference
 * Ownership: free *ret_identity with kc_identity_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_identity_from_item(const struct kc_value *item,
							     struct kc_identity **ret_identity);

/*
 * The identity whose certificate this is; of several, any.
 * Expected: KC_ERR_PARAM           no certificate
 *           KC_ERR_ITEM_NOT_FOUND  the keychain has not got the certificate, or no private key for
 * it KC_ERR_NOT_AVAILABLE   the daemon cannot be reached Ownership: free *ret_identity with
 * kc_identity_free(). Untouched on failure. Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_identity_from_certificate(
	const struct kc_certificate *certificate, struct kc_identity **ret_identity);

/*
 * NULL is fine. Always returns NULL.
 * Threads: the last that uses it.   Since: 1.0
 */
KC_PUBLIC struct kc_identity *kc_identity_free(struct kc_identity *identity);

/* --- its parts ------------------------------------------------------------------------------- */

/*
 * What names it everywhere and for as long as it exists: store it, give it to another process.
 * Empty for NULL.
 * Ownership: borrowed from @identity.   Threads: any.   Since: 1.0
 */
KC_PUBLIC struct kc_view kc_identity_persistent_ref(const struct kc_identity *identity);

/*
 * Its certificate, which stays as it is when the identity goes.
 * Expected: KC_ERR_PARAM           no identity
 *           KC_ERR_ITEM_NOT_FOUND  it is gone, or a token is away
 *           KC_ERR_NOT_AVAILABLE   the daemon cannot be reached
 * Ownership: free *ret_certificate with kc_certificate_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_identity_copy_certificate(
	const struct kc_identity *identity, struct kc_certificate **ret_certificate);

/*
 * Its private key. Asks nobody: whether it is there shows when it is used.
 * Expected: KC_ERR_PARAM  no identity
 * Ownership: free *ret_key with kc_key_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_identity_copy_key(const struct kc_identity *identity,
							    struct kc_key **ret_key);

#ifdef __cplusplus
}
#endif

#endif
