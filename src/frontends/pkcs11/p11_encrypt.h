/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_ENCRYPT_H
#define PKCS11_P11_ENCRYPT_H

/* What public keys do to data, for C_Encrypt and C_WrapKey, and what they undo of signatures. */

#include "frontends/pkcs11/p11_operation.h"

/* Expected: CKR_DATA_LEN_RANGE, CKR_DATA_INVALID */
CK_RV p11_encrypt_data(const struct p11_object *key, const struct p11_parameters *how,
		       struct kc_view data, struct kc_bytes *ret_ciphertext);

/* The number that @signature is of, a block as long as the modulus (RFC 8017 5.2.2).
 * Expected: CKR_SIGNATURE_INVALID */
CK_RV p11_encrypt_signature(const struct p11_object *key, struct kc_view signature,
			    struct kc_bytes *ret_block);

#endif
