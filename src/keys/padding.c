/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EMSA-PKCS1-v1_5 and EMSA-PSS (RFC 8017 9.1.1, 9.2), for tokens that offer the raw RSA operation
 * only. Everything here is public, hashes, salts and what is made of them, except for what unpad.c
 * has masked.
 */
#include "keys/padding_impl.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/try.h"
#include "keys/digest_impl.h"

enum {
	BLOCK_MAX = 2048, /* 16384 bits */
	PSS_ZEROS = 8,
};

/*
 * RFC 8017 9.1.1 step 3: emLen >= hLen + sLen + 2, with emLen = ceil((modBits - 1) / 8). (Step
 * 3 rules out one size more than the bound on emBits that 9.1.1 states for its input.)
 */
bool padding_fits_pss(enum algorithm_hash hash, unsigned n_bits)
{
	return n_bits > 0 && (n_bits - 1 + 7) / 8 >= 2 * digest_len(hash) + 2;
}

static enum kc_status put_repeated(struct bytes *bytes, uint8_t byte, size_t n)
{
	if (n == 0)
		return KC_OK;
	TRY(bytes_reserve(bytes, n));
	memset(bytes->data + bytes->len, byte, n);
	bytes->len += n;
	return KC_OK;
}

enum kc_status padding_put_pkcs1v15(struct kc_view digest_info, size_t len, struct bytes *bytes)
{
	REQUIRE(len >= PADDING_PKCS1_OVERHEAD && digest_info.len <= len - PADDING_PKCS1_OVERHEAD,
		KC_ERR_PARAM, "%zu bytes are too long for this key", digest_info.len);
	TRY(bytes_append_byte(bytes, 0x00));
	TRY(bytes_append_byte(bytes, 0x01));
	TRY(put_repeated(bytes, 0xff, len - digest_info.len - 3));
	TRY(bytes_append_byte(bytes, 0x00));
	return bytes_append(bytes, digest_info);
}

enum kc_status padding_mask(enum algorithm_hash hash, struct kc_view seed, uint8_t *block,
			    size_t len)
{
	size_t h_len = digest_len(hash);

	for (size_t i = 0; i * h_len < len; i++) {
		CLEANUP(bytes_done) struct bytes input = BYTES_INIT(BLOCK_MAX + 4);
		CLEANUP(bytes_done) struct bytes output = BYTES_INIT(EVP_MAX_MD_SIZE);
		uint8_t counter[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8),
				      (uint8_t)i};

		TRY(bytes_append(&input, seed));
		TRY(bytes_append(&input, VIEW_OF(counter)));
		TRY(digest_put(hash, bytes_view(&input), &output));
		for (size_t j = 0; j < h_len && i * h_len + j < len; j++)
			block[i * h_len + j] ^= output.data[j];
	}
	return KC_OK;
}

/* Step 6: H = Hash(eight zeros ‖ mHash ‖ salt). */
static enum kc_status hash_with_salt(enum algorithm_hash hash, struct kc_view digest,
				     struct kc_view salt, struct bytes *ret_h)
{
	CLEANUP(bytes_done) struct bytes input = BYTES_INIT(PSS_ZEROS + 2 * EVP_MAX_MD_SIZE);

	TRY(put_repeated(&input, 0, PSS_ZEROS));
	TRY(bytes_append(&input, digest));
	TRY(bytes_append(&input, salt));
	return digest_put(hash, bytes_view(&input), ret_h);
}

/* Steps 7 to 12 for an encoded message of @em_len bytes. */
static enum kc_status put_encoded(enum algorithm_hash hash, struct kc_view salt, struct kc_view h,
				  size_t em_len, struct bytes *block)
{
	size_t db_len = em_len - h.len - 1;

	TRY(put_repeated(block, 0, db_len - salt.len - 1));
	TRY(bytes_append_byte(block, 0x01));
	TRY(bytes_append(block, salt));
	TRY(padding_mask(hash, h, block->data, db_len));
	TRY(bytes_append(block, h));
	return bytes_append_byte(block, 0xbc);
}

enum kc_status padding_put_pss(enum algorithm_hash hash, struct kc_view digest, unsigned n_bits,
			       struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(BLOCK_MAX);
	CLEANUP(bytes_done) struct bytes h = BYTES_INIT(EVP_MAX_MD_SIZE);
	uint8_t salt[EVP_MAX_MD_SIZE];
	size_t len = digest_len(hash);
	size_t em_len = (n_bits - 1 + 7) / 8;

	REQUIRE(padding_fits_pss(hash, n_bits) && n_bits <= BLOCK_MAX * 8, KC_ERR_PARAM,
		"a key of %u bits is too short for PSS with this hash", n_bits);
	if (RAND_bytes(salt, (int)len) != 1)
		return digest_fail_openssl("salt");
	TRY(hash_with_salt(hash, digest, view_of(salt, len), &h));
	TRY(put_encoded(hash, view_of(salt, len), bytes_view(&h), em_len, &block));
	/* Step 11: the leftmost bits beyond emBits are zero. */
	block.data[0] &= (uint8_t)(0xff >> (8 * em_len - (n_bits - 1)));
	TRY(put_repeated(bytes, 0, (n_bits + 7) / 8 - em_len));
	return bytes_append(bytes, bytes_view(&block));
}
