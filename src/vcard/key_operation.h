/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_KEY_OPERATION_H
#define VCARD_KEY_OPERATION_H

/*
 * The private-key operations of a card. PIV's are raw, padding and hashing being the host's; an
 * OpenPGP card pads and unpads PKCS#1 v1.5 itself and has signatures without DER.
 */

#include <openssl/evp.h>

#include "base/bytes.h"
#include "vcard/piv.h"

/* m^d mod n. Expected: KC_ERR_PARAM  @input is not as long as the modulus, or not below it. */
KC_MUST_CHECK enum kc_status key_operation_rsa(EVP_PKEY *pkey, struct kc_view input,
					       struct bytes *output);

/* PKCS#1 v1.5: @input, a DigestInfo or whatever the host likes, padded (RFC 8017, 9.2) and m^d. */
KC_MUST_CHECK enum kc_status key_operation_rsa_sign_padded(EVP_PKEY *pkey, struct kc_view input,
							   struct bytes *output);

/* What is left of @input after m^d and without padding. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status key_operation_rsa_decrypt_padded(EVP_PKEY *pkey, struct kc_view input,
							      struct bytes *output);

/* DER-encoded r and s over the hash @digest. */
KC_MUST_CHECK enum kc_status key_operation_ecdsa(EVP_PKEY *pkey, struct kc_view digest,
						 struct bytes *output);

/* r and s of @field_bytes each, one behind the other. */
KC_MUST_CHECK enum kc_status key_operation_ecdsa_plain(EVP_PKEY *pkey, size_t field_bytes,
						       struct kc_view digest, struct bytes *output);

/* RFC 8032, Ed25519 over the message itself. */
KC_MUST_CHECK enum kc_status key_operation_eddsa(EVP_PKEY *pkey, struct kc_view message,
						 struct bytes *output);

/* The x coordinate of the shared point. Expected: KC_ERR_PARAM  @point is not on the curve. */
KC_MUST_CHECK enum kc_status key_operation_ecdh(EVP_PKEY *pkey, struct kc_view point,
						struct bytes *output);

/* One call of a block cipher in ECB mode over whole blocks; @output has room for @input. */
KC_MUST_CHECK enum kc_status key_operation_cipher(const struct piv_cipher *cipher,
						  const uint8_t *key, bool is_encryption,
						  struct kc_view input, uint8_t *output);

#endif
