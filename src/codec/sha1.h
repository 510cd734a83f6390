/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_SHA1_H
#define CODEC_SHA1_H

/*
 * SHA-1, FIPS 180-4, for those who have no libcrypto: a driver that tells a card the OpenPGP
 * fingerprint of its key, which is a name and no proof, and the PKCS#11 module, whose applications
 * have reasons of their own to ask for it.
 */

#include <keycask/bytes.h>

enum {
	SHA1_DIGEST_BYTES = 20,
	SHA1_BLOCK_BYTES = 64,
};

struct sha1 {
	uint32_t state[5];
	uint64_t n_bytes;
	uint8_t block[SHA1_BLOCK_BYTES]; /* what is not hashed yet */
};

void sha1_init(struct sha1 *sha1);
void sha1_update(struct sha1 *sha1, struct kc_view data);

/* Write the digest and wipe @sha1. */
void sha1_finish(struct sha1 *sha1, uint8_t digest[SHA1_DIGEST_BYTES]);

void sha1_digest(struct kc_view message, uint8_t digest[SHA1_DIGEST_BYTES]);

#endif
