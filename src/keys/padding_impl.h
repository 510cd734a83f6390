/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PADDING_IMPL_H
#define KEYS_PADDING_IMPL_H

/* The encodings of RFC 8017 that stand between a hash and the raw RSA operation. */

#include "keys/algorithms_impl.h"

enum {
	PADDING_PKCS1_OVERHEAD = 11, /* RFC 8017 9.2: 00 01, eight FF or more, 00 */
};

/* Is a modulus of @n_bits long enough for PSS with @hash and a salt as long as it? */
bool padding_fits_pss(enum algorithm_hash hash, unsigned n_bits);

/* Append EMSA-PKCS1-v1_5 of @digest_info, @len bytes. Expected: KC_ERR_PARAM  too long */
KC_MUST_CHECK enum kc_status padding_put_pkcs1v15(struct kc_view digest_info, size_t len,
						  struct bytes *bytes);

/* Append EMSA-PSS of @digest for a modulus of @n_bits, as many bytes as that has; the salt is
 * random and as long as the hash, MGF1 uses the same hash. Expected: KC_ERR_PARAM  too long */
KC_MUST_CHECK enum kc_status padding_put_pss(enum algorithm_hash hash, struct kc_view digest,
					     unsigned n_bits, struct bytes *bytes);

/* MGF1 (RFC 8017 B.2.1): XOR the mask made of @seed into the @len bytes of @block. */
KC_MUST_CHECK enum kc_status padding_mask(enum algorithm_hash hash, struct kc_view seed,
					  uint8_t *block, size_t len);

#endif
