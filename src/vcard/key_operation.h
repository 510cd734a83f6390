/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_KEY_OPERATION_H
#define VCARD_KEY_OPERATION_H

/* The three private-key operations of a PIV card, each raw: padding and hashing are the host's. */

#include <openssl/evp.h>

#include "base/bytes.h"
#include "vcard/piv.h"

/* m^d mod n. Expected: KC_ERR_PARAM  @input is not as long as the modulus, or not below it. */
KC_MUST_CHECK enum kc_status key_operation_rsa(EVP_PKEY *pkey, struct kc_view input,
					       struct bytes *output);

/* DER-encoded r and s over the hash @digest. */
KC_MUST_CHECK enum kc_status key_operation_ecdsa(EVP_PKEY *pkey, struct kc_view digest,
						 struct bytes *output);

/* The x coordinate of the shared point. Expected: KC_ERR_PARAM  @point is not on the curve. */
KC_MUST_CHECK enum kc_status key_operation_ecdh(EVP_PKEY *pkey, struct kc_view point,
						struct bytes *output);

/* One call of a block cipher in ECB mode over whole blocks; @output has room for @input. */
KC_MUST_CHECK enum kc_status key_operation_cipher(const struct piv_cipher *cipher,
						  const uint8_t *key, bool is_encryption,
						  struct kc_view input, uint8_t *output);

#endif
