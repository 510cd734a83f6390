/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_PRIVATE_KEY_H
#define PKCS11_P11_PRIVATE_KEY_H

/* Private keys that applications bring, attribute by attribute: PKCS#8 (RFC 5958) of them. */

#include "base/bytes.h"
#include "frontends/pkcs11/p11_standard.h"

enum {
	P11_PRIVATE_KEY_MAX = 64 * 1024,
};

/*
 * The key of @template, checked by p11_template_check(): all parts of an RSA key (CKA_MODULUS to
 * CKA_COEFFICIENT), or CKA_EC_PARAMS and CKA_VALUE. @ret_key is empty; its owner's bytes_done()
 * wipes it. Expected: CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID
 */
CK_RV p11_private_key_build(const CK_ATTRIBUTE *template, CK_ULONG n, struct bytes *ret_key);

#endif
