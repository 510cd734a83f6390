/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_SECRET_SIZE_H
#define PKCS11_P11_SECRET_SIZE_H

/* How long a secret key is to be, as a template says it. */

#include <stdbool.h>
#include <stddef.h>

#include "frontends/pkcs11/p11_standard.h"

/*
 * By CKA_VALUE_LEN, or by a CKA_KEY_TYPE that has one length; 0: neither says.
 * Expected: CKR_TEMPLATE_INCONSISTENT  the type has another
 *           CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE
 */
CK_RV p11_secret_size_find(const CK_ATTRIBUTE *template, CK_ULONG n, size_t *ret_len);

/* May a key of the template's CKA_KEY_TYPE be @len bytes long? */
bool p11_secret_size_fits(const CK_ATTRIBUTE *template, CK_ULONG n, size_t len);

#endif
