/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_KEY_PARTS_H
#define DRIVERKIT_KEY_PARTS_H

/* A private key's external representation, taken apart for a driver. */

#include <keycask/driver.h>

#include "base/bytes.h"

/*
 * Fill the parts of @key, whose type, size and public_key are there; they are views into @data:
 * PKCS#1 RSAPrivateKey, 04 X Y K, or the bytes of an Ed25519 or X25519 key.
 * Expected: KC_ERR_BAD_PARAMETER  @data is no such key
 */
KC_MUST_CHECK enum kc_status key_parts_read(struct kc_view data, struct kc_private_key *key);

#endif
