/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_RANDOM_H
#define PKCS11_P11_RANDOM_H

/* The kernel's random bytes. */

#include <stddef.h>
#include <stdint.h>

#include "frontends/pkcs11/p11_standard.h"

/* Expected: CKR_FUNCTION_FAILED  the kernel has none, which no kernel since 5.6 says */
CK_RV p11_random_fill(uint8_t *bytes, size_t len);

#endif
