/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_SHA1_H
#define CODEC_SHA1_H

/*
 * SHA-1, FIPS 180-4, for those who have no libcrypto: a driver that tells a card the OpenPGP
 * fingerprint of its key, which is a name and no proof.
 */

#include <keycask/bytes.h>

enum {
	SHA1_DIGEST_BYTES = 20,
};

void sha1_digest(struct kc_view message, uint8_t digest[SHA1_DIGEST_BYTES]);

#endif
