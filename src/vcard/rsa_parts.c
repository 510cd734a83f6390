/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts RSA keys together. Yubico's IMPORT ASYMMETRIC KEY carries p, q, dp and dq, the OpenPGP
 * card's extended header list e, p and q: modulus and the other exponents are computed from them,
 * and the result is checked before it is believed.
 */
#include "vcard/rsa_parts.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/try.h"
#include "vcard/key_material.h"

enum {
	PUBLIC_EXPONENT_BITS_MAX = 32,
	PUBLIC_EXPONENT_BYTES_MAX = PUBLIC_EXPONENT_BITS_MAX / 8,
};

static void bn_freep(BIGNUM **number)
{
	BN_clear_free(*number);
}

static void bn_ctx_freep(BN_CTX **ctx)
{
	BN_CTX_free(*ctx);
}

static void builder_freep(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void params_freep(OSSL_PARAM **params)
{
	OSSL_PARAM_free(*params);
}

static void pkey_ctx_freep(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

/* Everything an RSA key needs, computed from the imported parts. */
struct rsa_numbers {
	BIGNUM *p, *q, *dp, *dq, *qinv, *n, *e, *d;
};

static void rsa_numbers_done(struct rsa_numbers *numbers)
{
	BIGNUM *all[] = {numbers->p,	numbers->q, numbers->dp, numbers->dq,
			 numbers->qinv, numbers->n, numbers->e,	 numbers->d};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		BN_clear_free(all[i]);
}

/* Zero for a part that did not come. */
static BIGNUM *number_from(struct kc_view view)
{
	return view.len == 0 ? BN_new() : BN_bin2bn(view.data, (int)view.len, NULL);
}

static enum kc_status set_up_numbers(const struct rsa_parts *parts, struct rsa_numbers *numbers)
{
	numbers->p = number_from(parts->p);
	numbers->q = number_from(parts->q);
	numbers->dp = number_from(parts->dp);
	numbers->dq = number_from(parts->dq);
	numbers->e = number_from(parts->e);
	numbers->n = BN_new();
	numbers->qinv = BN_new();
	numbers->d = BN_new();
	REQUIRE(numbers->p && numbers->q && numbers->dp && numbers->dq && numbers->n &&
			numbers->qinv && numbers->e && numbers->d,
		KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

/*
 * The inverse of e modulo p-1 is dp, and the inverse of dp is e itself because e is smaller.
 */
static bool compute_exponents(struct rsa_numbers *numbers, const BIGNUM *p1, const BIGNUM *q1,
			      BN_CTX *ctx)
{
	if (BN_is_zero(numbers->e))
		return BN_mod_inverse(numbers->e, numbers->dp, p1, ctx) != NULL;
	return BN_mod_inverse(numbers->dp, numbers->e, p1, ctx) &&
	       BN_mod_inverse(numbers->dq, numbers->e, q1, ctx);
}

/* n = pq; d is the inverse of e modulo (p-1)(q-1). */
static bool compute_numbers(struct rsa_numbers *numbers)
{
	CLEANUP(bn_ctx_freep) BN_CTX *ctx = BN_CTX_secure_new();
	CLEANUP(bn_freep) BIGNUM *p1 = BN_dup(numbers->p);
	CLEANUP(bn_freep) BIGNUM *q1 = BN_dup(numbers->q);
	CLEANUP(bn_freep) BIGNUM *phi = BN_new();

	return ctx && p1 && q1 && phi && BN_sub_word(p1, 1) && BN_sub_word(q1, 1) &&
	       !BN_is_zero(p1) && !BN_is_zero(q1) &&
	       BN_mul(numbers->n, numbers->p, numbers->q, ctx) && BN_mul(phi, p1, q1, ctx) &&
	       compute_exponents(numbers, p1, q1, ctx) &&
	       BN_mod_inverse(numbers->d, numbers->e, phi, ctx) &&
	       BN_mod_inverse(numbers->qinv, numbers->q, numbers->p, ctx);
}

static bool push_numbers(OSSL_PARAM_BLD *builder, const struct rsa_numbers *numbers)
{
	return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, numbers->n) &&
	       OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, numbers->e) &&
	       OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, numbers->d) &&
	       OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR1, numbers->p) &&
	       OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR2, numbers->q) &&
	       OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers->dp) &&
	       OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers->dq) &&
	       OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers->qinv);
}

static bool is_exponent(struct kc_view part, size_t len_max)
{
	return part.len > 0 && part.len <= len_max;
}

/* The cheap questions first: they also bound what the arithmetic has to chew on. */
static bool parts_have_size(const struct rsa_parts *parts, size_t half)
{
	if (parts->p.len != half || parts->q.len != half)
		return false;
	if (parts->e.len > 0)
		return is_exponent(parts->e, PUBLIC_EXPONENT_BYTES_MAX);
	return is_exponent(parts->dp, half) && is_exponent(parts->dq, half);
}

static enum kc_status build_key(OSSL_PARAM_BLD *builder, EVP_PKEY **ret_pkey)
{
	CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;

	REQUIRE(params && ctx && EVP_PKEY_fromdata_init(ctx) == 1, KC_ERR_INTERNAL,
		"cannot set up a key");
	REQUIRE(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1, KC_ERR_PARAM,
		"these numbers are no key");
	*ret_pkey = pkey;
	return KC_OK;
}

enum kc_status rsa_parts_assemble(const struct key_type *type, const struct rsa_parts *parts,
				  EVP_PKEY **ret_pkey)
{
	CLEANUP(rsa_numbers_done) struct rsa_numbers numbers = {0};
	CLEANUP(builder_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	CLEANUP(key_material_freep) EVP_PKEY *pkey = NULL;

	REQUIRE(!type->curve && parts_have_size(parts, type->field_bytes / 2), KC_ERR_PARAM,
		"parts of another size than %s", type->name);
	REQUIRE(builder, KC_ERR_ALLOCATE, "out of memory");
	TRY(set_up_numbers(parts, &numbers));
	REQUIRE(compute_numbers(&numbers) && BN_num_bits(numbers.e) <= PUBLIC_EXPONENT_BITS_MAX,
		KC_ERR_PARAM, "these numbers are no RSA key");
	REQUIRE(push_numbers(builder, &numbers), KC_ERR_ALLOCATE, "out of memory");
	TRY(build_key(builder, &pkey));
	REQUIRE(key_material_is_sound(type, pkey), KC_ERR_PARAM, "these numbers are no RSA key");
	*ret_pkey = take(pkey);
	return KC_OK;
}
