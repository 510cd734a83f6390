/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_AES_GCM_IMPL_H
#define KEYS_AES_GCM_IMPL_H

/*
 * AES-GCM (NIST SP 800-38D) as the hybrid algorithms have it (reference/keychain.md 5.3, Formats):
 * an IV of 16 bytes, which are hashed as it is not 12, and a tag of 16 behind the ciphertext.
 */

#include "base/bytes.h"

enum {
	AES_GCM_IV_BYTES = 16,
	AES_GCM_TAG_BYTES = 16,
	AES_GCM_SHORT_KEY = 16, /* AES-128 */
	AES_GCM_LONG_KEY = 32,	/* AES-256 */
};

/* All borrowed. */
struct aes_gcm {
	struct kc_view key; /* of AES_GCM_SHORT_KEY or AES_GCM_LONG_KEY bytes */
	struct kc_view iv;  /* empty: zeros, as every key is used once */
	struct kc_view aad;
};

/* Append ciphertext and tag. */
KC_MUST_CHECK enum kc_status aes_gcm_seal(const struct aes_gcm *gcm, struct kc_view plaintext,
					  struct bytes *sealed);

/* Append the plaintext, or nothing. Expected: KC_ERR_PARAM  unpad_fail() */
KC_MUST_CHECK enum kc_status aes_gcm_open(const struct aes_gcm *gcm, struct kc_view sealed,
					  struct bytes *plaintext);

#endif
