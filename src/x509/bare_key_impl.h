/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_BARE_KEY_IMPL_H
#define X509_BARE_KEY_IMPL_H

/* A public key that no certificate carries, in Apple's external representation. */

#include "wire/field.h"

/*
 * *ret_fields is a PublicKey of org.keycask.X509. @key_type is "rsa", "ec", "ed25519", "x25519",
 * "ed448" or "x448". Expected: KC_ERR_DECODE, saying why
 */
KC_MUST_CHECK enum kc_status bare_key_inspect(const char *key_type, struct kc_view public_key,
					      struct json_object **ret_fields);

#endif
