/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_IDENTITY_H
#define GIT_GIT_IDENTITY_H

/* Who signs: the identity that user.signingkey, or the committer, names. */

#include <openssl/x509.h>

#include <keycask/key.h>
#include <keycask/value.h>

#include "base/try.h"

struct git_identity {
	struct kc_key *key;
	X509 *certificate;
	struct kc_dictionary *choice; /* that the chain is borrowed from; may be NULL */
	const struct kc_value *chain; /* array of data: issuers, nearest first; NULL: none */
};

/*
 * @name is a label, the beginning of a hash (at least 8 digits: of the public key, or SHA-1 or
 * SHA-256 of the certificate), a keycask: URI, a persistent reference, an e-mail address or "Name
 * <address>"; NULL: any. Of identities with the address the one that fits best to sign is taken, as
 * "keycask choose --for sign" has it; what is named by anything else must be one.
 * Expected: KC_ERR_ITEM_NOT_FOUND  with what speaks against those that have the name
 *           KC_ERR_PARAM           several have it
 */
KC_MUST_CHECK enum kc_status git_identity_find(const char *name, struct git_identity *ret_identity);
void git_identity_done(struct git_identity *identity);

#endif
