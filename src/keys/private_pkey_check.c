/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What OpenSSL would take as well is refused here: halves that do not belong together, more than
 * two primes, sizes that nobody uses.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "keys/private_pkey_impl.h"

static void number_done(BIGNUM **number)
{
	BN_clear_free(*number);
	*number = NULL;
}

enum rsa_number {
	RSA_N,
	RSA_E,
	RSA_D,
	RSA_P,
	RSA_Q,
	RSA_DP,
	RSA_DQ,
	RSA_QINV,
	RSA_NUMBERS,
};

struct rsa_numbers {
	BIGNUM *of[RSA_NUMBERS];
	BIGNUM *scratch;
	BIGNUM *less_one;
	BN_CTX *context;
};

static void rsa_numbers_done(struct rsa_numbers *numbers)
{
	for (size_t i = 0; i < RSA_NUMBERS; i++)
		number_done(&numbers->of[i]);
	number_done(&numbers->scratch);
	number_done(&numbers->less_one);
	BN_CTX_free(numbers->context);
}

static bool get_numbers(EVP_PKEY *pkey, struct rsa_numbers *numbers)
{
	static const char *const names[RSA_NUMBERS] = {
		[RSA_N] = OSSL_PKEY_PARAM_RSA_N,
		[RSA_E] = OSSL_PKEY_PARAM_RSA_E,
		[RSA_D] = OSSL_PKEY_PARAM_RSA_D,
		[RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
		[RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
		[RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
		[RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
		[RSA_QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};
	BIGNUM *third = NULL;
	bool has_third = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1;

	number_done(&third);
	numbers->scratch = BN_new();
	numbers->less_one = BN_new();
	numbers->context = BN_CTX_new();
	for (size_t i = 0; i < RSA_NUMBERS; i++)
		if (EVP_PKEY_get_bn_param(pkey, names[i], &numbers->of[i]) != 1)
			return false;
	return !has_third && numbers->scratch && numbers->less_one && numbers->context;
}

/* e·d ≡ 1 modulo @prime - 1, and @exponent is what is left of d there. */
static bool fits_prime(struct rsa_numbers *numbers, enum rsa_number prime, enum rsa_number exponent)
{
	BIGNUM *scratch = numbers->scratch;

	return BN_is_odd(numbers->of[prime]) && !BN_is_one(numbers->of[prime]) &&
	       BN_sub(numbers->less_one, numbers->of[prime], BN_value_one()) == 1 &&
	       BN_nnmod(scratch, numbers->of[RSA_D], numbers->less_one, numbers->context) == 1 &&
	       BN_cmp(scratch, numbers->of[exponent]) == 0 &&
	       BN_mod_mul(scratch, scratch, numbers->of[RSA_E], numbers->less_one,
			  numbers->context) == 1 &&
	       BN_is_one(scratch);
}

/*
 * RFC 8017 3.2: n = p·q, e·d ≡ 1 modulo p - 1 and q - 1, dP, dQ and qInv follow from them. Whether
 * p and q are prime takes too long to ask here; what such a key signs does not verify.
 */
static bool is_consistent(struct rsa_numbers *numbers)
{
	BIGNUM **of = numbers->of;

	return BN_is_odd(of[RSA_E]) && !BN_is_one(of[RSA_E]) && BN_num_bits(of[RSA_E]) <= 64 &&
	       BN_cmp(of[RSA_D], of[RSA_N]) < 0 && BN_cmp(of[RSA_P], of[RSA_Q]) != 0 &&
	       BN_mul(numbers->scratch, of[RSA_P], of[RSA_Q], numbers->context) == 1 &&
	       BN_cmp(numbers->scratch, of[RSA_N]) == 0 && fits_prime(numbers, RSA_P, RSA_DP) &&
	       fits_prime(numbers, RSA_Q, RSA_DQ) && BN_cmp(of[RSA_QINV], of[RSA_P]) < 0 &&
	       BN_mod_mul(numbers->scratch, of[RSA_QINV], of[RSA_Q], of[RSA_P], numbers->context) ==
		       1 &&
	       BN_is_one(numbers->scratch);
}

static enum kc_status check_rsa(EVP_PKEY *pkey)
{
	CLEANUP(rsa_numbers_done) struct rsa_numbers numbers = {0};
	int bits = EVP_PKEY_get_bits(pkey);
	bool is_good = false;

	REQUIRE(bits >= PRIVATE_PKEY_RSA_MIN && bits <= PRIVATE_PKEY_RSA_MAX,
		KC_ERR_KEY_SIZE_NOT_ALLOWED, "an RSA key of %d bits; %d to %d are taken", bits,
		PRIVATE_PKEY_RSA_MIN, PRIVATE_PKEY_RSA_MAX);
	is_good = get_numbers(pkey, &numbers) && is_consistent(&numbers);
	ERR_clear_error();
	REQUIRE(is_good, KC_ERR_DECODE, "the numbers of this RSA key do not fit each other");
	return KC_OK;
}

static enum kc_status check_ec(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	bool is_good = context && EVP_PKEY_private_check(context) == 1 &&
		       EVP_PKEY_pairwise_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	REQUIRE(is_good, KC_ERR_DECODE,
		"the private number of this EC key is not that of its point");
	return KC_OK;
}

enum kc_status private_pkey_check(const char *key_type, EVP_PKEY *pkey)
{
	if (strcmp(key_type, "rsa") == 0)
		return check_rsa(pkey);
	if (strcmp(key_type, "ec") == 0)
		return check_ec(pkey);
	return KC_OK; /* all bytes are keys, and the public half follows from them */
}
