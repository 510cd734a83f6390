/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_KEY_MATERIAL_H
#define VCARD_KEY_MATERIAL_H

/* Making keys: generated, imported, read from and written to PKCS#8. */

#include <openssl/evp.h>

#include "base/bytes.h"
#include "vcard/key_type.h"

/* EVP_PKEY for CLEANUP(). */
void key_material_freep(EVP_PKEY **pkey);

KC_MUST_CHECK enum kc_status key_material_generate(const struct key_type *type,
						   EVP_PKEY **ret_pkey);

/* A key for a curve. Expected: KC_ERR_PARAM  the number is no key of this type. */
KC_MUST_CHECK enum kc_status key_material_from_scalar(const struct key_type *type,
						      struct kc_view scalar, EVP_PKEY **ret_pkey);

/* The key is of this type, and its halves belong together. */
bool key_material_is_sound(const struct key_type *type, EVP_PKEY *pkey);

/* Expected: KC_ERR_PARAM  not PKCS#8, or a key of another type. */
KC_MUST_CHECK enum kc_status key_material_from_pkcs8(const struct key_type *type,
						     struct kc_view der, EVP_PKEY **ret_pkey);
KC_MUST_CHECK enum kc_status key_material_put_pkcs8(const EVP_PKEY *pkey, struct bytes *bytes);

/*
 * Append the public key as SP 800-73-5 part 2 table 11 and OpenPGP card 7.2.14 have it: 81 82, or
 * 86.
 */
KC_MUST_CHECK enum kc_status key_material_put_public(const EVP_PKEY *pkey, struct bytes *bytes);

#endif
