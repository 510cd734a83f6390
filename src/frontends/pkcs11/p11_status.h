/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_STATUS_H
#define PKCS11_P11_STATUS_H

/* The one place where a kc_status becomes a CK_RV. */

#include <keycask/status.h>

#include "frontends/pkcs11/p11_standard.h"

/* What @status is for a call that is neither about an object nor about a key. */
CK_RV p11_status(enum kc_status status);

/* The same, right after it has failed, for a call that may have somebody asked:
 * CKR_FUNCTION_REJECTED. */
CK_RV p11_status_of_asking(enum kc_status status);

/* The same for an operation with a key, whose token may have left: CKR_DEVICE_REMOVED. */
CK_RV p11_status_of_key(enum kc_status status);

#endif
