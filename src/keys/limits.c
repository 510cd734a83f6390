/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The size rules (reference/keychain.md 5.3): digests have exactly their length, PKCS#1 v1.5 needs
 * 11 bytes more than what it wraps, OAEP and PSS room for two hashes, and raw RSA a number below
 * the modulus.
 */
#include "keys/limits_impl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/hybrid_impl.h"
#include "keys/padding_impl.h"
#include "keys/public_key_impl.h"

size_t limits_oaep_overhead(const struct algorithm *algorithm)
{
	return 2 * digest_len(algorithm->hash) + 2;
}

static bool is_long_enough(const struct key_facts *key, const struct algorithm *algorithm)
{
	size_t hash_len = digest_len(algorithm->hash);
	size_t len = key_facts_len(key);

	if (algorithm->family == ALGORITHM_RSA_PSS)
		return padding_fits_pss(algorithm->hash, key->size_in_bits);
	if (algorithm->family == ALGORITHM_RSA_PKCS1V15)
		return len >=
		       digest_info_prefix(algorithm->hash).len + hash_len + PADDING_PKCS1_OVERHEAD;
	if (algorithm->family == ALGORITHM_RSA_ENCRYPTION_PKCS1)
		return len >= PADDING_PKCS1_OVERHEAD;
	if (algorithm->family == ALGORITHM_RSA_ENCRYPTION_OAEP)
		return len >= limits_oaep_overhead(algorithm);
	if (algorithm->family == ALGORITHM_RSA_ENCRYPTION_OAEP_AESGCM)
		return len >= limits_oaep_overhead(algorithm) + hybrid_key_len(key);
	return true;
}

enum kc_status limits_check_size(const struct key_facts *key, const struct algorithm *algorithm)
{
	REQUIRE(is_long_enough(key, algorithm), KC_ERR_PARAM,
		"a key of %u bits is too short for %s", key->size_in_bits, algorithm->name);
	return KC_OK;
}

static void big_done(BIGNUM **number)
{
	BN_free(*number);
	*number = NULL;
}

/* RFC 8017 5.1.1, 5.2.1: the message representative is below the modulus. */
enum kc_status limits_check_raw(const struct key_facts *key, struct kc_view data)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(big_done) BIGNUM *modulus = NULL;
	CLEANUP(big_done) BIGNUM *number = NULL;

	REQUIRE(data.len > 0 && data.len <= key_facts_len(key), KC_ERR_PARAM,
		"raw RSA takes 1 to %zu bytes with this key, not %zu", key_facts_len(key),
		data.len);
	TRY(public_key_new(key, &pkey));
	number = BN_bin2bn(data.data, (int)data.len, NULL);
	if (!number || EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1)
		return digest_fail_openssl("modulus");
	REQUIRE(BN_cmp(number, modulus) < 0, KC_ERR_PARAM,
		"raw RSA takes a number below the modulus of the key");
	return KC_OK;
}

enum kc_status limits_check_digest(const struct key_facts *key, const struct algorithm *algorithm,
				   struct kc_view digest)
{
	size_t expected = digest_len(algorithm->hash);

	TRY(limits_check_size(key, algorithm));
	if (algorithm->family == ALGORITHM_EDDSA)
		return KC_OK; /* a message, which may be empty */
	REQUIRE(expected == 0 || digest.len == expected, KC_ERR_PARAM,
		"%s takes a digest of %zu bytes, not %zu", algorithm->name, expected, digest.len);
	REQUIRE(digest.len > 0, KC_ERR_PARAM, "%s takes a digest, not nothing", algorithm->name);
	if (algorithm->family == ALGORITHM_RSA_RAW)
		return limits_check_raw(key, digest);
	REQUIRE(algorithm->family != ALGORITHM_RSA_PKCS1V15 ||
			digest.len + PADDING_PKCS1_OVERHEAD <= key_facts_len(key),
		KC_ERR_PARAM, "%zu bytes are too long for this key", digest.len);
	return KC_OK;
}
