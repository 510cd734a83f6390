/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_IDENTITY_IMPL_H
#define ITEMS_IDENTITY_IMPL_H

/*
 * Identities: a certificate and the private key that belongs to it, wherever both are
 * (reference/keychain.md 1.7, 2.11). Each certificate makes one.
 */

#include "items/row_impl.h"

struct identity_terms {
	const struct engine *engine;
	const struct engine_caller *caller;
	bool opens; /* keys that do not open are none; not for a delete, which needs no key */
};

/*
 * The key of @certificate, on its own; *ret_has_key says whether there is one that @terms->caller
 * sees. Of several the one on the certificate's own token (a software certificate's: in the file),
 * then one in the file, then the first. Release with row_done() whatever this returns.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED  it may be there, and is locked
 */
KC_MUST_CHECK enum kc_status identity_find_key(const struct identity_terms *terms,
					       const struct row *certificate, struct row *ret_key,
					       bool *ret_has_key);

/* Has any certificate, in the file or on a token, the public key with this hash? */
KC_MUST_CHECK enum kc_status identity_has_certificate(const struct engine *engine,
						      const struct hash *public_key_hash,
						      bool *ret_has_one);

#endif
