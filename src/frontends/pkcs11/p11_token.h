/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_TOKEN_H
#define PKCS11_P11_TOKEN_H

/* What C_GetTokenInfo tells. */

#include "frontends/pkcs11/p11_standard.h"

/* Within p11_module_enter(): a PIN was tried, and so many tries are left; -1: nobody knows. */
void p11_token_note_tries(CK_SLOT_ID slot, int tries_left);

#endif
