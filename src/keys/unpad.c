/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unpadding. The synthetic message is made as draft-irtf-cfrg-rsa-guidance 7.2 and OpenSSL 3.2 make
 * it, except for its secret: they have the private key, we have what it makes of the ciphertext,
 * which nobody else can know either without having decrypted already.
 */
#include "keys/unpad_impl.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/constant_time.h"
#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/padding_impl.h"

enum {
	BLOCK_MAX = 2048,     /* 16384 bits */
	SEPARATOR_FIRST = 10, /* 00 02, eight bytes that are not 00 */
	N_LENGTHS = 128,      /* of which one is short enough, but for a chance of 2^-128 */
	COUNTER_BYTES = 2,
};

/* --- the synthetic message ------------------------------------------------------------------ */

/* HMAC(@secret, counter ‖ label ‖ length in bits) over and over, @len bytes. */
static enum kc_status expand(struct kc_view secret, const char *label, size_t len,
			     struct bytes *bytes)
{
	for (unsigned i = 0; bytes->len < len; i++) {
		CLEANUP(bytes_done) struct bytes input = BYTES_INIT(64);
		uint8_t counter[COUNTER_BYTES] = {(uint8_t)(i >> 8), (uint8_t)i};
		uint8_t n_bits[COUNTER_BYTES] = {(uint8_t)(len * 8 >> 8), (uint8_t)(len * 8)};
		uint8_t out[SHA256_DIGEST_LENGTH];

		TRY(bytes_append(&input, VIEW_OF(counter)));
		TRY(bytes_append(&input, view_of_text(label)));
		TRY(bytes_append(&input, VIEW_OF(n_bits)));
		if (!HMAC(EVP_sha256(), secret.data, (int)secret.len, input.data, input.len, out,
			  NULL))
			return digest_fail_openssl("HMAC");
		TRY(bytes_append(bytes, view_slice(VIEW_OF(out), 0, len - bytes->len)));
	}
	return KC_OK;
}

/* One of 0 to @len - 11, each about as likely as it could be in a block of noise. */
static enum kc_status choose_length(struct kc_view secret, size_t len, size_t *ret_length)
{
	CLEANUP(bytes_done) struct bytes candidates = BYTES_INIT(2 * N_LENGTHS);
	size_t limit = len - SEPARATOR_FIRST;
	size_t fill = limit;
	size_t length = 0;

	for (size_t shift = 1; shift < 16; shift *= 2)
		fill |= fill >> shift;
	TRY(expand(secret, "length", 2 * N_LENGTHS, &candidates));
	for (size_t i = 0; i < candidates.len; i += 2) {
		size_t candidate =
			(((size_t)candidates.data[i] << 8) | candidates.data[i + 1]) & fill;

		length = constant_time_select(constant_time_less(candidate, limit), candidate,
					      length);
	}
	*ret_length = length;
	return KC_OK;
}

/* A message at the end of a block of @len bytes, from @secret and @ciphertext. */
static enum kc_status make_synthetic(struct kc_view secret, struct kc_view ciphertext, size_t len,
				     struct bytes *block, size_t *ret_length)
{
	uint8_t key[SHA256_DIGEST_LENGTH];
	enum kc_status status = KC_OK;

	if (!HMAC(EVP_sha256(), secret.data, (int)secret.len, ciphertext.data, ciphertext.len, key,
		  NULL))
		return digest_fail_openssl("HMAC");
	status = choose_length(VIEW_OF(key), len, ret_length);
	if (status == KC_OK)
		status = expand(VIEW_OF(key), "message", len, block);
	explicit_bzero(key, sizeof(key));
	return status;
}

enum kc_status unpad_synthetic(struct kc_view ciphertext, size_t len, struct bytes *message)
{
	static uint8_t secret[SHA256_DIGEST_LENGTH];
	static bool has_secret;
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(BLOCK_MAX);
	size_t length = 0;

	REQUIRE(len > SEPARATOR_FIRST && len <= BLOCK_MAX, KC_ERR_PARAM,
		"a block of %zu bytes cannot be padded", len);
	if (!has_secret && RAND_bytes(secret, sizeof(secret)) != 1)
		return digest_fail_openssl("random bytes");
	has_secret = true;
	TRY(make_synthetic(VIEW_OF(secret), ciphertext, len, &block, &length));
	return bytes_append(message, view_slice(bytes_view(&block), len - length, length));
}

/* --- PKCS#1 v1.5 ---------------------------------------------------------------------------- */

struct verdict {
	size_t is_good; /* mask */
	size_t at;	/* where the message begins, if it is */
};

/* 00 02 ‖ at least eight bytes other than 00 ‖ 00 ‖ message. */
static struct verdict look_pkcs1(struct kc_view block)
{
	size_t good = constant_time_is_zero(block.data[0]) & constant_time_equal(block.data[1], 2);
	size_t is_looking = ~(size_t)0;
	size_t separator = 0;

	for (size_t i = 2; i < block.len; i++) {
		size_t is_zero = constant_time_is_zero(block.data[i]);

		separator = constant_time_select(is_looking & is_zero, i, separator);
		is_looking &= ~is_zero;
	}
	good &= ~is_looking & ~constant_time_less(separator, SEPARATOR_FIRST);
	return (struct verdict){good, separator + 1};
}

enum kc_status unpad_pkcs1(struct kc_view block, struct kc_view ciphertext, struct bytes *message)
{
	CLEANUP(bytes_done) struct bytes synthetic = BYTES_INIT(BLOCK_MAX);
	uint8_t secret[SHA256_DIGEST_LENGTH];
	enum kc_status status = KC_OK;
	struct verdict verdict;
	size_t length = 0;
	size_t at = 0;

	REQUIRE(block.len > SEPARATOR_FIRST && block.len <= BLOCK_MAX, KC_ERR_PARAM,
		"a block of %zu bytes cannot be padded", block.len);
	if (EVP_Digest(block.data, block.len, secret, NULL, EVP_sha256(), NULL) != 1)
		return digest_fail_openssl("hash");
	status = make_synthetic(VIEW_OF(secret), ciphertext, block.len, &synthetic, &length);
	explicit_bzero(secret, sizeof(secret));
	TRY(status);
	verdict = look_pkcs1(block);
	at = constant_time_select(verdict.is_good, verdict.at, block.len - length);
	/* From here on the length is known, as it is to whoever gets the message. */
	constant_time_reveal(&at, sizeof(at));
	TRY(bytes_reserve(message, block.len));
	for (; at < block.len; at++)
		message->data[message->len++] = (uint8_t)constant_time_select(
			verdict.is_good, block.data[at], synthetic.data[at]);
	return KC_OK;
}

/* --- OAEP ----------------------------------------------------------------------------------- */

/* lHash ‖ 00 … 00 ‖ 01 ‖ message, where lHash has been looked at. */
static struct verdict look_oaep(struct kc_view db, size_t h_len)
{
	size_t good = ~(size_t)0;
	size_t is_looking = ~(size_t)0;
	size_t separator = 0;

	for (size_t i = h_len; i < db.len; i++) {
		size_t is_one = constant_time_equal(db.data[i], 1);
		size_t is_zero = constant_time_is_zero(db.data[i]);

		separator = constant_time_select(is_looking & is_one, i, separator);
		is_looking &= ~is_one;
		good &= ~(is_looking & ~is_zero);
	}
	return (struct verdict){good & ~is_looking, separator + 1};
}

static size_t is_same(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t difference = 0;

	for (size_t i = 0; i < len; i++)
		difference |= (size_t)(a[i] ^ b[i]);
	return constant_time_is_zero(difference);
}

/* Take both masks off, in place: Y ‖ maskedSeed ‖ maskedDB to Y ‖ seed ‖ DB. */
static enum kc_status unmask(enum algorithm_hash hash, struct bytes *copy, size_t h_len)
{
	uint8_t *seed = copy->data + 1;
	uint8_t *db = seed + h_len;
	size_t db_len = copy->len - h_len - 1;

	TRY(padding_mask(hash, view_of(db, db_len), seed, h_len));
	return padding_mask(hash, view_of(seed, h_len), db, db_len);
}

enum kc_status unpad_fail(void)
{
	error_clear();
	return fail(KC_ERR_PARAM, "this was not encrypted with this key and this algorithm");
}

enum kc_status unpad_oaep(enum algorithm_hash hash, struct kc_view block, struct bytes *message)
{
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(BLOCK_MAX);
	CLEANUP(bytes_done) struct bytes label = BYTES_INIT(EVP_MAX_MD_SIZE);
	size_t h_len = digest_len(hash);
	struct verdict verdict;
	struct kc_view db;

	REQUIRE(block.len >= 2 * h_len + 2 && block.len <= BLOCK_MAX, KC_ERR_PARAM,
		"a block of %zu bytes cannot be padded so", block.len);
	TRY(digest_put(hash, view_of("", 0), &label));
	TRY(bytes_append(&copy, block));
	TRY(unmask(hash, &copy, h_len));
	db = view_slice(bytes_view(&copy), 1 + h_len, copy.len);
	verdict = look_oaep(db, h_len);
	verdict.is_good &=
		constant_time_is_zero(copy.data[0]) & is_same(db.data, label.data, h_len);
	/* Only now, with all of it in one answer, may anybody see a difference. */
	constant_time_reveal(&verdict.is_good, sizeof(verdict.is_good));
	if (!verdict.is_good)
		return unpad_fail();
	constant_time_reveal(&verdict.at, sizeof(verdict.at));
	return bytes_append(message, view_slice(db, verdict.at, db.len));
}
