/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FIPS 180-4, 6.1. */
#include "codec/sha1.h"

#include <string.h>

enum {
	ROUNDS = 80,
	LENGTH_BYTES = 8,
	END_MARK = 0x80,
	N_WORDS = 5,
};

static uint32_t turn(uint32_t word, unsigned n)
{
	return word << n | word >> (32 - n);
}

/* 4.1.1 and 4.2.1: function and constant change every twenty rounds. */
static uint32_t mix(size_t t, const uint32_t v[N_WORDS])
{
	if (t < 20)
		return ((v[1] & v[2]) ^ (~v[1] & v[3])) + 0x5A827999;
	if (t < 40)
		return (v[1] ^ v[2] ^ v[3]) + 0x6ED9EBA1;
	if (t < 60)
		return ((v[1] & v[2]) ^ (v[1] & v[3]) ^ (v[2] & v[3])) + 0x8F1BBCDC;
	return (v[1] ^ v[2] ^ v[3]) + 0xCA62C1D6;
}

/* 6.1.2 */
static void compress(uint32_t state[N_WORDS], const uint8_t *block)
{
	uint32_t w[ROUNDS];
	uint32_t v[N_WORDS];

	for (size_t t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (size_t t = 16; t < ROUNDS; t++)
		w[t] = turn(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	memcpy(v, state, sizeof(v));
	for (size_t t = 0; t < ROUNDS; t++) {
		uint32_t next = turn(v[0], 5) + mix(t, v) + v[4] + w[t];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = turn(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (size_t i = 0; i < N_WORDS; i++)
		state[i] += v[i];
}

void sha1_init(struct sha1 *sha1)
{
	/* 5.3.1 */
	static const uint32_t initial[N_WORDS] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476,
						  0xC3D2E1F0};

	memset(sha1, 0, sizeof(*sha1));
	memcpy(sha1->state, initial, sizeof(initial));
}

void sha1_update(struct sha1 *sha1, struct kc_view data)
{
	while (data.len > 0) {
		size_t used = (size_t)(sha1->n_bytes % SHA1_BLOCK_BYTES);
		size_t n = data.len < SHA1_BLOCK_BYTES - used ? data.len : SHA1_BLOCK_BYTES - used;

		memcpy(sha1->block + used, data.data, n);
		sha1->n_bytes += n;
		data.data += n;
		data.len -= n;
		if (used + n == SHA1_BLOCK_BYTES)
			compress(sha1->state, sha1->block);
	}
}

/* 5.1.1: a one, zeros, and the length in bits at the end of the last block. */
static void pad(struct sha1 *sha1)
{
	static const uint8_t zero;
	const uint8_t mark = END_MARK;
	uint64_t n_bits = sha1->n_bytes * 8;
	uint8_t length[LENGTH_BYTES];

	sha1_update(sha1, (struct kc_view){&mark, 1});
	while (sha1->n_bytes % SHA1_BLOCK_BYTES != SHA1_BLOCK_BYTES - LENGTH_BYTES)
		sha1_update(sha1, (struct kc_view){&zero, 1});
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		length[LENGTH_BYTES - 1 - i] = (uint8_t)(n_bits >> (8 * i));
	sha1_update(sha1, (struct kc_view){length, LENGTH_BYTES});
}

void sha1_finish(struct sha1 *sha1, uint8_t digest[SHA1_DIGEST_BYTES])
{
	pad(sha1);
	for (size_t i = 0; i < SHA1_DIGEST_BYTES; i++)
		digest[i] = (uint8_t)(sha1->state[i / 4] >> (24 - 8 * (i % 4)));
	explicit_bzero(sha1, sizeof(*sha1));
}

void sha1_digest(struct kc_view message, uint8_t digest[SHA1_DIGEST_BYTES])
{
	struct sha1 sha1;

	sha1_init(&sha1);
	sha1_update(&sha1, message);
	sha1_finish(&sha1, digest);
}
