/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_KEY_MATERIAL_H
#define VCARD_KEY_MATERIAL_H

/* Making keys: generated, put together from imported parts, read from and written to PKCS#8. */

#include <openssl/evp.h>

#include "base/bytes.h"
#include "vcard/piv.h"

/* The parts of an RSA private key as Yubico's IMPORT ASYMMETRIC KEY carries them. */
struct key_rsa_parts {
	struct kc_view p;
	struct kc_view q;
	struct kc_view dp;
	struct kc_view dq;
};

/* EVP_PKEY for CLEANUP(). */
void key_material_freep(EVP_PKEY **pkey);

KC_MUST_CHECK enum kc_status key_material_generate(const struct piv_algorithm *algorithm,
						   EVP_PKEY **ret_pkey);

/* Expected: KC_ERR_PARAM  the parts are no key of this algorithm. */
KC_MUST_CHECK enum kc_status key_material_from_rsa(const struct piv_algorithm *algorithm,
						   const struct key_rsa_parts *parts,
						   EVP_PKEY **ret_pkey);
KC_MUST_CHECK enum kc_status key_material_from_scalar(const struct piv_algorithm *algorithm,
						      struct kc_view scalar, EVP_PKEY **ret_pkey);

/* Expected: KC_ERR_PARAM  not PKCS#8, or a key of another algorithm. */
KC_MUST_CHECK enum kc_status key_material_from_pkcs8(const struct piv_algorithm *algorithm,
						     struct kc_view der, EVP_PKEY **ret_pkey);
KC_MUST_CHECK enum kc_status key_material_put_pkcs8(const EVP_PKEY *pkey, struct bytes *bytes);

/* Append the public key as SP 800-73-5 part 2 table 11 has it: 81 82, or 86. */
KC_MUST_CHECK enum kc_status key_material_put_public(const struct piv_algorithm *algorithm,
						     const EVP_PKEY *pkey, struct bytes *bytes);

#endif
