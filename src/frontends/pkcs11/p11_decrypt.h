/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_DECRYPT_H
#define PKCS11_P11_DECRYPT_H

/* What private keys undo, for C_Decrypt and C_UnwrapKey. */

#include "frontends/pkcs11/p11_operation.h"

/* One use of the operation's key, into its result.
 * Expected: CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID */
CK_RV p11_decrypt_data(struct p11_operation *operation, struct kc_view data);

#endif
