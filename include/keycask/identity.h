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
 *           KC_ERR_ITEM_NOT_FOUND  the keychain lacks the certificate, or its private key
 *           KC_ERR_NOT_AVAILABLE   the daemon cannot be reached
 * Ownership: free *ret_identity with kc_identity_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
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

/* --- which identity for what ----------------------------------------------------------------- */

#define KC_PURPOSE_TLS_CLIENT "tls_client" /* to log in to a TLS server */
#define KC_PURPOSE_TLS_SERVER "tls_server" /* to be one */
#define KC_PURPOSE_SSH	      "ssh"
#define KC_PURPOSE_SIGN	      "sign" /* documents, mail */
#define KC_PURPOSE_DECRYPT    "decrypt"
#define KC_PURPOSE_LOGIN      "login" /* to a computer, with a smart card */

/* What is wished for. Start from KC_CHOICE_INIT, then set what differs. All of it is borrowed. */
struct kc_choice {
	size_t size;	  /* of this struct, as the caller was compiled */
	const char *host; /* name or address of the server: a TLS server's certificate must be for
			   * it, for the others it breaks ties; NULL: any */
	const struct kc_view *issuers; /* Names in DER, one of which a chain must lead to, as a TLS
					* server sends them; none: any */
	size_t n_issuers;
	const char *const *key_types; /* KC_KEY_TYPE_NAME_RSA …; none: any */
	size_t n_key_types;
	const char *const *algorithms; /* one of which the key must perform; none: any */
	size_t n_algorithms;
};

#define KC_CHOICE_INIT                                                                             \
	{                                                                                          \
		sizeof(struct kc_choice), NULL, NULL, 0, NULL, 0, NULL, 0                          \
	}

/*
 * The identity that fits @purpose best: by key usage, extended key usage, dates, issuers, host and
 * key, as keycask(1) has it. @choice may be NULL. Touches no token and asks nobody.
 * Expected: KC_ERR_ITEM_NOT_FOUND  none fits; the hint says what speaks against the nearest
 *           KC_ERR_PARAM           no such purpose, key type or algorithm; no host, no Name
 *           KC_ERR_NOT_AVAILABLE   the daemon cannot be reached
 * Ownership: free *ret_identity with kc_identity_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_identity_choose(const char *purpose,
							  const struct kc_choice *choice,
							  struct kc_identity **ret_identity);

/* In the dictionary of kc_identity_choose_all(). */
#define KC_CHOICE_IDENTITIES "identities" /* array of those that fit, best first */
#define KC_CHOICE_LEFT_OUT   "left_out"	  /* array of the others, nearest to fitting first */
#define KC_CHOICE_OMITTED    "omitted"	  /* number of those that had no room in either */

/* In each dictionary of both arrays; beside these KC_ATTR_LABEL and KC_ATTR_TOKEN_ID. */
#define KC_CHOICE_IDENTITY "identity" /* data: for kc_identity_from_persistent_ref() */
#define KC_CHOICE_SUBJECT  "subject"  /* text: "CN=Jo, O=Example" */

/* In those that fit; beside these KC_ATTR_NOT_VALID_BEFORE and _AFTER (dates), KC_ATTR_KEY_TYPE and
 * KC_ATTR_KEY_SIZE_IN_BITS. */
#define KC_CHOICE_KEY	      "key"	    /* data: for kc_key_from_persistent_ref() */
#define KC_CHOICE_CERTIFICATE "certificate" /* data: DER */
#define KC_CHOICE_CHAIN	      "chain"	   /* array of data: issuers' certificates, nearest first */
#define KC_CHOICE_ISSUER      "issuer"	   /* text */
#define KC_CHOICE_ALGORITHMS  "algorithms" /* array of text, best first */
#define KC_CHOICE_PIN_NEEDED  "pin_needed" /* flag */

/* In those that are left out. */
#define KC_CHOICE_CODES	  "codes"   /* array of text: "expired", "host" … of docs/protocol.md */
#define KC_CHOICE_REASONS "reasons" /* array of text: a sentence for each */

/*
 * All identities: those that fit @purpose, best first, and why the others do not. None at all are
 * two empty arrays. @choice may be NULL. Touches no token and asks nobody.
 * Expected: KC_ERR_PARAM          no such purpose, key type or algorithm; no host, no Name
 *           KC_ERR_NOT_AVAILABLE  the daemon cannot be reached
 * Ownership: free *ret_choice with kc_dictionary_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_identity_choose_all(const char *purpose,
							      const struct kc_choice *choice,
							      struct kc_dictionary **ret_choice);

#ifdef __cplusplus
}
#endif

#endif
