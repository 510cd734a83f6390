/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_ITEMS_H
#define PKCS11_P11_ITEMS_H

/* The items of one token, or of the keychain, as the daemon has them now. */

#include <stdbool.h>

#include <keycask/dictionary.h>

#include "frontends/pkcs11/p11_certificate.h"

/* A certificate among them, read. */
struct p11_sheaf {
	const struct kc_dictionary *item;
	struct kc_view hash; /* of its public key */
	struct kc_view der;
	struct p11_certificate certificate;
};

struct p11_items {
	const char *token_id;	       /* NULL: the keychain; borrowed */
	struct kc_value *certificates; /* arrays; NULL: none */
	struct kc_value *keys;
	bool knows_certificates; /* they were asked for */
	struct p11_sheaf *sheaves;
	size_t n_sheaves;
	/* By hash, for finding: there may be thousands of either. */
	const struct p11_sheaf **sorted_sheaves;
	struct kc_view *sorted_public; /* hashes of the public keys among the keys */
	size_t n_public;
};

void p11_items_done(struct p11_items *items);

/* None is no failure. Not within p11_module_enter(). Expected: KC_ERR_NOT_AVAILABLE */
KC_MUST_CHECK enum kc_status p11_items_ask_for_keys(struct p11_items *items);
KC_MUST_CHECK enum kc_status p11_items_ask_for_certificates(struct p11_items *items);

/* Of a key's item: CKO_PRIVATE_KEY, CKO_PUBLIC_KEY or, a symmetric one, CKO_SECRET_KEY. */
CK_OBJECT_CLASS p11_items_class_of(const struct kc_dictionary *item);

/* Key @i of the count; NULL: it is none that is shown here. */
size_t p11_items_count_keys(const struct p11_items *items);
const struct kc_dictionary *p11_items_key_at(const struct p11_items *items, size_t i);

/* The certificate whose public key has @hash. NULL: none, or they were not asked for. */
const struct p11_sheaf *p11_items_sheaf_with(const struct p11_items *items, struct kc_view hash);

/* Is the public key with @hash an item itself? */
bool p11_items_has_public(const struct p11_items *items, struct kc_view hash);

#endif
