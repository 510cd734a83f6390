/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_CERTIFICATE_H
#define KEYCASK_CERTIFICATE_H

/*
 * Certificates, in the keychain or not. A kc_certificate is a value: once made it changes no more,
 * needs no daemon, and any thread may read it while no other frees it. What it says has been read
 * by a confined process, and not been verified: who signed it, and whether that is to be trusted,
 * KC_MATCH_POLICY and KC_MATCH_TRUSTED_ONLY of a query judge (names.h).
 *
 * To add one to the keychain, give kc_certificate_data() as KC_VALUE_DATA to kc_item_add().
 */

#include <keycask/dictionary.h>
#include <keycask/key.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kc_certificate;

/* --- life cycle ------------------------------------------------------------------------------ */

/*
 * The certificate in @der, one whole X.509 certificate in DER. PEM text is decoded before, or given
 * to kc_item_import().
 * Expected: KC_ERR_DECODE         it is none that can be used, with the reason
 *           KC_ERR_NOT_AVAILABLE  the daemon cannot be reached
 * Ownership: @der is copied; free *ret_certificate with kc_certificate_free(). Untouched on
 * failure. Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_certificate_from_data(
	struct kc_view der, struct kc_certificate **ret_certificate);

/*
 * The certificate of an item of class certificate or identity that kc_item_copy_matching()
 * returned: a reference alone, or a dictionary that has KC_VALUE_DATA, KC_VALUE_REF or
 * KC_VALUE_PERSISTENT_REF; without KC_VALUE_DATA it is fetched.
 * Expected: KC_ERR_PARAM           the item holds neither
 *           KC_ERR_ITEM_NOT_FOUND  it is gone, its token is away, or it is of another class
 *           and as kc_certificate_from_data()
 * Ownership: free *ret_certificate with kc_certificate_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_certificate_from_item(
	const struct kc_value *item, struct kc_certificate **ret_certificate);

/*
 * NULL is fine. Always returns NULL.
 * Threads: the last that uses it.   Since: 1.0
 */
KC_PUBLIC struct kc_certificate *kc_certificate_free(struct kc_certificate *certificate);

/* --- reading: what is borrowed lives as long as the certificate ------------------------------- */

/*
 * Its DER. Empty for NULL.
 * Ownership: borrowed.   Threads: any.   Since: 1.0
 */
KC_PUBLIC struct kc_view kc_certificate_data(const struct kc_certificate *certificate);

/*
 * What a person would call it: the subject's common name, or what there is in its place. Safe to
 * print. "" for NULL.
 * Ownership: borrowed.   Threads: any.   Since: 1.0
 */
KC_PUBLIC const char *kc_certificate_summary(const struct kc_certificate *certificate);

/* Names in kc_certificate_attributes() beside those of certificates and of keys in names.h: text,
 * arrays of it, and a flag. */
#define KC_CERTIFICATE_SUBJECT_TEXT	  "subject_text" /* "CN=Jo, O=Example" */
#define KC_CERTIFICATE_ISSUER_TEXT	  "issuer_text"
#define KC_CERTIFICATE_KEY_USAGE	  "key_usage"	       /* "digital_signature" … */
#define KC_CERTIFICATE_EXTENDED_KEY_USAGE "extended_key_usage" /* "client_auth" …, or an OID */
#define KC_CERTIFICATE_EMAIL_ADDRESSES	  "email_addresses"
#define KC_CERTIFICATE_DNS_NAMES	  "dns_names"
#define KC_CERTIFICATE_IP_ADDRESSES	  "ip_addresses"
#define KC_CERTIFICATE_IS_CA		  "is_ca" /* it says that it may sign others */

/*
 * What it says: KC_ATTR_SUBJECT, _ISSUER, _SERIAL_NUMBER, _NOT_VALID_BEFORE, _NOT_VALID_AFTER
 * (dates in microseconds), _PUBLIC_KEY_HASH, _KEY_TYPE, _KEY_SIZE_IN_BITS and the others of its
 * class, and the names above. Not what the keychain says of an item: its group, its token. NULL for
 * NULL. Ownership: borrowed.   Threads: any.   Since: 1.0
 */
KC_PUBLIC const struct kc_dictionary *kc_certificate_attributes(
	const struct kc_certificate *certificate);

/*
 * Its public key: verifies and encrypts, also when the certificate is in no keychain.
 * Expected: KC_ERR_PARAM          no certificate
 *           KC_ERR_UNIMPLEMENTED  a key of a type that is unknown here
 * Ownership: free *ret_public_key with kc_key_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_certificate_copy_key(
	const struct kc_certificate *certificate, struct kc_key **ret_public_key);

#ifdef __cplusplus
}
#endif

#endif
