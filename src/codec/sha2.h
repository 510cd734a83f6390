/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_SHA2_H
#define CODEC_SHA2_H

/*
 * The SHA-2 of FIPS 180-4, for those who have no libcrypto: a driver whose card wants its PIN
 * hashed, and the PKCS#11 module, which hashes in an application's process what is to be signed.
 * What is secret and long-lived is the daemon's.
 */

#include <keycask/bytes.h>

enum sha2_kind {
	SHA2_224,
	SHA2_256,
	SHA2_384,
	SHA2_512,
};

enum {
	SHA2_DIGEST_MAX = 64,
	SHA2_BLOCK_MAX = 128,
};

struct sha2 {
	enum sha2_kind kind;
	uint64_t state[8]; /* of SHA-224 and SHA-256 the lower halves */
	uint64_t n_bytes;
	uint8_t block[SHA2_BLOCK_MAX]; /* what is not hashed yet */
};

size_t sha2_digest_bytes(enum sha2_kind kind);

void sha2_init(struct sha2 *sha2, enum sha2_kind kind);
void sha2_update(struct sha2 *sha2, struct kc_view data);

/* Write sha2_digest_bytes() of @digest and wipe @sha2. */
void sha2_finish(struct sha2 *sha2, uint8_t digest[SHA2_DIGEST_MAX]);

/* The SHA-256 of @data in base64, which names a certificate. NULL: out of memory. Free with free().
 */
char *sha2_name(struct kc_view data);

#endif
