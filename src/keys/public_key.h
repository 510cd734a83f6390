/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PUBLIC_KEY_H
#define KEYS_PUBLIC_KEY_H

/* A key's public half for those outside this room. */

#include "keys/key_facts.h"

/* Append the SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 8410) in DER.
 * Expected: KC_ERR_PARAM  a key of a type that has none here */
KC_MUST_CHECK enum kc_status public_key_put_info(const struct key_facts *key, struct bytes *bytes);

#endif
