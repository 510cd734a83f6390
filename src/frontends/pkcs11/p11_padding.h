/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_PADDING_H
#define PKCS11_P11_PADDING_H

/*
 * PSS and OAEP (RFC 8017) with parameters that the daemon has no name for: another salt or mask
 * than the usual ones, a label. The key then does the raw operation, still in one round trip;
 * tokens that have no raw operation refuse.
 */

#include "base/bytes.h"
#include "frontends/pkcs11/p11_parameters.h"

enum {
	P11_BLOCK_MAX = 2048, /* bytes of a modulus */
};

/* EMSA-PSS-ENCODE (9.1.1) of @digest for a modulus of @n_bits, into @block, as long as that is.
 * Expected: CKR_KEY_SIZE_RANGE  too short for this hash and salt */
CK_RV p11_padding_put_pss(const struct p11_parameters *parameters, struct kc_view digest,
			  size_t n_bits, struct bytes *block);

/* EMSA-PSS-VERIFY (9.1.2) of what a signature's number is. */
bool p11_padding_is_pss(const struct p11_parameters *parameters, struct kc_view digest,
			size_t n_bits, struct kc_view block);

/* EME-OAEP encoding (7.1.1) of @message for a modulus of @len bytes.
 * Expected: CKR_DATA_LEN_RANGE  @message is too long */
CK_RV p11_padding_put_oaep(const struct p11_parameters *parameters, struct kc_view message,
			   size_t len, struct bytes *block);

/* EME-OAEP decoding (7.1.2) of @block. Nobody can tell from its time what was wrong.
 * Expected: CKR_ENCRYPTED_DATA_INVALID */
CK_RV p11_padding_take_oaep(const struct p11_parameters *parameters, struct kc_view block,
			    struct bytes *message);

#endif
