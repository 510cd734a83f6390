/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FIPS 180-4, 6.1, of a message that is there as a whole. */
#include "codec/sha1.h"

#include <string.h>

enum {
	ROUNDS = 80,
	BLOCK_BYTES = 64,
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

/* 5.1.1: a one, zeros, and the length in bits at the end of the last block. */
static void finish(uint32_t state[N_WORDS], struct kc_view rest, uint64_t n_bits)
{
	uint8_t last[2 * BLOCK_BYTES] = {0};
	size_t len = rest.len + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;

	if (rest.len > 0)
		memcpy(last, rest.data, rest.len);
	last[rest.len] = END_MARK;
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		last[len - 1 - i] = (uint8_t)(n_bits >> (8 * i));
	for (size_t at = 0; at < len; at += BLOCK_BYTES)
		compress(state, last + at);
}

void sha1_digest(struct kc_view message, uint8_t digest[SHA1_DIGEST_BYTES])
{
	/* 5.3.1 */
	uint32_t state[N_WORDS] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
	uint64_t n_bits = (uint64_t)message.len * 8;

	while (message.len >= BLOCK_BYTES) {
		compress(state, message.data);
		message.data += BLOCK_BYTES;
		message.len -= BLOCK_BYTES;
	}
	finish(state, message, n_bits);
	for (size_t i = 0; i < SHA1_DIGEST_BYTES; i++)
		digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}
