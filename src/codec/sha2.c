/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FIPS 180-4. SHA-256 and SHA-512 are one algorithm on words of two sizes: SHA-256's constants are
 * the upper halves of SHA-512's (5.3.3, 5.3.5, 4.2.2, 4.2.3: both are bits of the same roots).
 * SHA-224 and SHA-384 are these two, begun otherwise and cut (6.3, 6.5).
 */
#include "codec/sha2.h"

#include <stdbool.h>
#include <string.h>

#include "codec/hex.h"

enum {
	ROUNDS_256 = 64,
	ROUNDS_512 = 80,
	BLOCK_256 = 64,
	LENGTH_256 = 8, /* bytes of the message's length behind the padding */
	LENGTH_512 = 16,
	END_MARK = 0x80,
};

/* 5.3.5: square roots of the first eight primes. */
static const uint64_t initial[8] = {
	0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
	0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
};

/* 5.3.4: square roots of the next eight; 5.3.2: SHA-224 begins with their lower halves. */
static const uint64_t initial_cut[8] = {
	0xCBBB9D5DC1059ED8, 0x629A292A367CD507, 0x9159015A3070DD17, 0x152FECD8F70E5939,
	0x67332667FFC00B31, 0x8EB44A8768581511, 0xDB0C2E0D64F98FA7, 0x47B5481DBEFA4FA4,
};

/* 4.2.3: cube roots of the first eighty. */
static const uint64_t constants[ROUNDS_512] = {
	0x428A2F98D728AE22, 0x7137449123EF65CD, 0xB5C0FBCFEC4D3B2F, 0xE9B5DBA58189DBBC,
	0x3956C25BF348B538, 0x59F111F1B605D019, 0x923F82A4AF194F9B, 0xAB1C5ED5DA6D8118,
	0xD807AA98A3030242, 0x12835B0145706FBE, 0x243185BE4EE4B28C, 0x550C7DC3D5FFB4E2,
	0x72BE5D74F27B896F, 0x80DEB1FE3B1696B1, 0x9BDC06A725C71235, 0xC19BF174CF692694,
	0xE49B69C19EF14AD2, 0xEFBE4786384F25E3, 0x0FC19DC68B8CD5B5, 0x240CA1CC77AC9C65,
	0x2DE92C6F592B0275, 0x4A7484AA6EA6E483, 0x5CB0A9DCBD41FBD4, 0x76F988DA831153B5,
	0x983E5152EE66DFAB, 0xA831C66D2DB43210, 0xB00327C898FB213F, 0xBF597FC7BEEF0EE4,
	0xC6E00BF33DA88FC2, 0xD5A79147930AA725, 0x06CA6351E003826F, 0x142929670A0E6E70,
	0x27B70A8546D22FFC, 0x2E1B21385C26C926, 0x4D2C6DFC5AC42AED, 0x53380D139D95B3DF,
	0x650A73548BAF63DE, 0x766A0ABB3C77B2A8, 0x81C2C92E47EDAEE6, 0x92722C851482353B,
	0xA2BFE8A14CF10364, 0xA81A664BBC423001, 0xC24B8B70D0F89791, 0xC76C51A30654BE30,
	0xD192E819D6EF5218, 0xD69906245565A910, 0xF40E35855771202A, 0x106AA07032BBD1B8,
	0x19A4C116B8D2D0C8, 0x1E376C085141AB53, 0x2748774CDF8EEB99, 0x34B0BCB5E19B48A8,
	0x391C0CB3C5C95A63, 0x4ED8AA4AE3418ACB, 0x5B9CCA4F7763E373, 0x682E6FF3D6B2B8A3,
	0x748F82EE5DEFB2FC, 0x78A5636F43172F60, 0x84C87814A1F0AB72, 0x8CC702081A6439EC,
	0x90BEFFFA23631E28, 0xA4506CEBDE82BDE9, 0xBEF9A3F7B2C67915, 0xC67178F2E372532B,
	0xCA273ECEEA26619C, 0xD186B8C721C0C207, 0xEADA7DD6CDE0EB1E, 0xF57D4F7FEE6ED178,
	0x06F067AA72176FBA, 0x0A637DC5A2C898A6, 0x113F9804BEF90DAE, 0x1B710B35131C471B,
	0x28DB77F523047D84, 0x32CAAB7B40C72493, 0x3C9EBE0A15C9BEBC, 0x431D67C49C100D4C,
	0x4CC5D4BECB3E42B6, 0x597F299CFC657E2A, 0x5FCB6FAB3AD6FAEC, 0x6C44198C4A475817,
};

static bool has_short_words(enum sha2_kind kind)
{
	return kind == SHA2_224 || kind == SHA2_256;
}

size_t sha2_digest_bytes(enum sha2_kind kind)
{
	static const uint8_t bytes[] = {
		[SHA2_224] = 28, [SHA2_256] = 32, [SHA2_384] = 48, [SHA2_512] = 64};

	return bytes[kind];
}

static size_t block_bytes(const struct sha2 *sha2)
{
	return has_short_words(sha2->kind) ? BLOCK_256 : SHA2_BLOCK_MAX;
}

static uint64_t initial_word(enum sha2_kind kind, size_t i)
{
	switch (kind) {
	case SHA2_224:
		return initial_cut[i] & UINT32_MAX;
	case SHA2_256:
		return initial[i] >> 32;
	case SHA2_384:
		return initial_cut[i];
	case SHA2_512:
		break;
	}
	return initial[i];
}

void sha2_init(struct sha2 *sha2, enum sha2_kind kind)
{
	memset(sha2, 0, sizeof(*sha2));
	sha2->kind = kind;
	for (size_t i = 0; i < 8; i++)
		sha2->state[i] = initial_word(kind, i);
}

static inline uint32_t turn32(uint32_t word, unsigned n)
{
	return word >> n | word << (32 - n);
}

static inline uint64_t turn64(uint64_t word, unsigned n)
{
	return word >> n | word << (64 - n);
}

/* 6.2.2; the names are the standard's. */
static void compress_256(uint64_t state[8], const uint8_t *block)
{
	uint32_t w[ROUNDS_256];
	uint32_t v[8];

	for (size_t t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (size_t t = 16; t < ROUNDS_256; t++)
		w[t] = (turn32(w[t - 2], 17) ^ turn32(w[t - 2], 19) ^ w[t - 2] >> 10) + w[t - 7] +
		       (turn32(w[t - 15], 7) ^ turn32(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 16];
	for (size_t i = 0; i < 8; i++)
		v[i] = (uint32_t)state[i];
	for (size_t t = 0; t < ROUNDS_256; t++) {
		uint32_t t1 = v[7] + (turn32(v[4], 6) ^ turn32(v[4], 11) ^ turn32(v[4], 25)) +
			      ((v[4] & v[5]) ^ (~v[4] & v[6])) + (uint32_t)(constants[t] >> 32) +
			      w[t];
		uint32_t t2 = (turn32(v[0], 2) ^ turn32(v[0], 13) ^ turn32(v[0], 22)) +
			      ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (size_t i = 0; i < 8; i++)
		state[i] = (uint32_t)(state[i] + v[i]);
	explicit_bzero(w, sizeof(w));
	explicit_bzero(v, sizeof(v));
}

/* 6.4.2 */
static void compress_512(uint64_t state[8], const uint8_t *block)
{
	uint64_t w[ROUNDS_512];
	uint64_t v[8];

	for (size_t t = 0; t < 16; t++) {
		w[t] = 0;
		for (size_t i = 0; i < 8; i++)
			w[t] = w[t] << 8 | block[8 * t + i];
	}
	for (size_t t = 16; t < ROUNDS_512; t++)
		w[t] = (turn64(w[t - 2], 19) ^ turn64(w[t - 2], 61) ^ w[t - 2] >> 6) + w[t - 7] +
		       (turn64(w[t - 15], 1) ^ turn64(w[t - 15], 8) ^ w[t - 15] >> 7) + w[t - 16];
	memcpy(v, state, sizeof(v));
	for (size_t t = 0; t < ROUNDS_512; t++) {
		uint64_t t1 = v[7] + (turn64(v[4], 14) ^ turn64(v[4], 18) ^ turn64(v[4], 41)) +
			      ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[t] + w[t];
		uint64_t t2 = (turn64(v[0], 28) ^ turn64(v[0], 34) ^ turn64(v[0], 39)) +
			      ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (size_t i = 0; i < 8; i++)
		state[i] += v[i];
	explicit_bzero(w, sizeof(w));
	explicit_bzero(v, sizeof(v));
}

static void compress(struct sha2 *sha2, const uint8_t *block)
{
	if (has_short_words(sha2->kind))
		compress_256(sha2->state, block);
	else
		compress_512(sha2->state, block);
}

void sha2_update(struct sha2 *sha2, struct kc_view data)
{
	size_t size = block_bytes(sha2);

	while (data.len > 0) {
		size_t used = (size_t)(sha2->n_bytes % size);
		size_t n = data.len < size - used ? data.len : size - used;

		memcpy(sha2->block + used, data.data, n);
		sha2->n_bytes += n;
		data.data += n;
		data.len -= n;
		if (used + n == size)
			compress(sha2, sha2->block);
	}
}

/* 5.1: one bit, zeros, and the length in bits at the end of a block. */
static void pad(struct sha2 *sha2)
{
	static const uint8_t zero;
	const uint8_t mark = END_MARK;
	size_t size = block_bytes(sha2);
	size_t length = has_short_words(sha2->kind) ? LENGTH_256 : LENGTH_512;
	uint64_t n_bits = sha2->n_bytes * 8;
	uint8_t octets[8];

	sha2_update(sha2, (struct kc_view){&mark, 1});
	while (sha2->n_bytes % size != size - length)
		sha2_update(sha2, (struct kc_view){&zero, 1});
	for (size_t i = 0; i < length - sizeof(octets); i++)
		sha2_update(sha2, (struct kc_view){&zero, 1});
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(n_bits >> (56 - 8 * i));
	sha2_update(sha2, (struct kc_view){octets, sizeof(octets)});
}

void sha2_finish(struct sha2 *sha2, uint8_t digest[SHA2_DIGEST_MAX])
{
	size_t word = has_short_words(sha2->kind) ? sizeof(uint32_t) : sizeof(uint64_t);
	size_t n_bytes = sha2_digest_bytes(sha2->kind);

	pad(sha2);
	for (size_t i = 0; i < n_bytes; i++)
		digest[i] = (uint8_t)(sha2->state[i / word] >> (8 * (word - 1 - i % word)));
	explicit_bzero(sha2, sizeof(*sha2));
}

char *sha2_name(struct kc_view data)
{
	uint8_t digest[SHA2_DIGEST_MAX];
	struct sha2 sha2;

	sha2_init(&sha2, SHA2_256);
	sha2_update(&sha2, data);
	sha2_finish(&sha2, digest);
	return base64_encode(view_of(digest, sha2_digest_bytes(SHA2_256)));
}
