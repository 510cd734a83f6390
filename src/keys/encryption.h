/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_ENCRYPTION_H
#define KEYS_ENCRYPTION_H

/* Encryption to a public key: what decryption.h undoes. No token has a part in it. */

#include "keys/key_facts.h"

/*
 * Expected: KC_ERR_PARAM  no such algorithm, not for this key, or @data too long: raw takes as many
 *                         bytes as the modulus has, PKCS#1 11 fewer, OAEP 2 hLen + 2 fewer; what
 *                         ends in _aesgcm takes any number
 */
KC_MUST_CHECK enum kc_status encryption_run(const struct key_facts *key, const char *algorithm,
					    struct kc_view data, struct kc_bytes *ret_ciphertext);

/* Would encryption_run() try? */
bool encryption_is_supported(const struct key_facts *key, const char *algorithm);

#endif
