/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_PLACE_H
#define PKCS11_P11_PLACE_H

/*
 * Where on a token a new key goes. PKCS #11 has no word for it; the modules that programs are used
 * to take CKA_ID for one: of a PIV card 01 to 04 for 9A, 9C, 9D, 9E and 05 to 18 for 82 to 95
 * (OpenSC and ykcs11 alike), or the key reference itself; of an OpenPGP card 01 to 03 (OpenSC).
 * Once the key is there its CKA_ID is its hash, as everybody's.
 */

#include <keycask/bytes.h>

/* The token's own word (KC_TOKEN_OBJECT), static; NULL: @id says nothing of a place. */
const char *p11_place_find(const char *token_id, struct kc_view id);

#endif
