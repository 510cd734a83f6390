/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys come into being here and leave here as PKCS#8 for the card file or as public TLVs. RSA
 * imports carry only the CRT parts (Yubico's PIV extensions, IMPORT ASYMMETRIC KEY): modulus and
 * exponents are computed from them and the result is checked before it is believed.
 */
#include "vcard/key_material.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/try.h"
#include "codec/tlv.h"

enum {
	POINT_MAX = 1 + 2 * 48,
	MODULUS_MAX = 512,
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

static void pkcs8_freep(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
}

void key_material_freep(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

enum kc_status key_material_generate(const struct piv_algorithm *algorithm, EVP_PKEY **ret_pkey)
{
	EVP_PKEY *pkey = algorithm->curve ? EVP_EC_gen(algorithm->curve)
					  : EVP_RSA_gen((unsigned)algorithm->rsa_bits);

	REQUIRE(pkey, KC_ERR_INTERNAL, "cannot generate a key of type %s", algorithm->name);
	*ret_pkey = pkey;
	return KC_OK;
}

static bool is_of(const struct piv_algorithm *algorithm, EVP_PKEY *pkey)
{
	char curve[32] = "";

	if (!algorithm->curve)
		return EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) == algorithm->rsa_bits;
	return EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL) == 1 &&
	       OBJ_sn2nid(curve) == EC_curve_nist2nid(algorithm->curve);
}

/*
 * The private part belongs to the public one: what it signs, the other verifies. A hundred times
 * cheaper than OpenSSL's own check, which proves the primes prime each time a card is inserted.
 */
static bool is_sound(EVP_PKEY *pkey)
{
	static const uint8_t digest[32] = "a hash to be signed and verified";
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	uint8_t signature[MODULUS_MAX];
	size_t len = sizeof(signature);

	return ctx && EVP_PKEY_sign_init(ctx) == 1 &&
	       EVP_PKEY_sign(ctx, signature, &len, digest, sizeof(digest)) == 1 &&
	       EVP_PKEY_verify_init(ctx) == 1 &&
	       EVP_PKEY_verify(ctx, signature, len, digest, sizeof(digest)) == 1;
}

static enum kc_status build_key(const char *type, OSSL_PARAM_BLD *builder, EVP_PKEY **ret_pkey)
{
	CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	REQUIRE(params && ctx && EVP_PKEY_fromdata_init(ctx) == 1, KC_ERR_INTERNAL,
		"cannot set up a key");
	REQUIRE(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1, KC_ERR_PARAM,
		"these numbers are no key");
	*ret_pkey = pkey;
	return KC_OK;
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

static BIGNUM *number_from(struct kc_view view)
{
	return BN_bin2bn(view.data, (int)view.len, NULL);
}

static enum kc_status set_up_numbers(const struct key_rsa_parts *parts, struct rsa_numbers *numbers)
{
	numbers->p = number_from(parts->p);
	numbers->q = number_from(parts->q);
	numbers->dp = number_from(parts->dp);
	numbers->dq = number_from(parts->dq);
	numbers->n = BN_new();
	numbers->qinv = BN_new();
	numbers->e = BN_new();
	numbers->d = BN_new();
	REQUIRE(numbers->p && numbers->q && numbers->dp && numbers->dq && numbers->n &&
			numbers->qinv && numbers->e && numbers->d,
		KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

/*
 * n = pq; e is the inverse of dp modulo p-1, which is e itself because e is smaller; d is the
 * inverse of e modulo (p-1)(q-1).
 */
static bool compute_numbers(struct rsa_numbers *numbers)
{
	CLEANUP(bn_ctx_freep) BN_CTX *ctx = BN_CTX_secure_new();
	CLEANUP(bn_freep) BIGNUM *p1 = BN_dup(numbers->p);
	CLEANUP(bn_freep) BIGNUM *q1 = BN_dup(numbers->q);
	CLEANUP(bn_freep) BIGNUM *phi = BN_new();

	return ctx && p1 && q1 && phi && BN_sub_word(p1, 1) && BN_sub_word(q1, 1) &&
	       !BN_is_zero(p1) && !BN_is_zero(q1) &&
	       BN_mul(numbers->n, numbers->p, numbers->q, ctx) && BN_mul(phi, p1, q1, ctx) &&
	       BN_mod_inverse(numbers->e, numbers->dp, p1, ctx) &&
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

/* The cheap questions first: they also bound what the arithmetic has to chew on. */
static bool parts_have_size(const struct key_rsa_parts *parts, size_t half)
{
	return parts->p.len == half && parts->q.len == half && parts->dp.len > 0 &&
	       parts->dp.len <= half && parts->dq.len > 0 && parts->dq.len <= half;
}

enum kc_status key_material_from_rsa(const struct piv_algorithm *algorithm,
				     const struct key_rsa_parts *parts, EVP_PKEY **ret_pkey)
{
	CLEANUP(rsa_numbers_done) struct rsa_numbers numbers = {0};
	CLEANUP(builder_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	CLEANUP(key_material_freep) EVP_PKEY *pkey = NULL;

	REQUIRE(!algorithm->curve && parts_have_size(parts, algorithm->field_bytes / 2),
		KC_ERR_PARAM, "parts of another size than %s", algorithm->name);
	REQUIRE(builder, KC_ERR_ALLOCATE, "out of memory");
	TRY(set_up_numbers(parts, &numbers));
	REQUIRE(compute_numbers(&numbers) && BN_num_bits(numbers.e) <= 32, KC_ERR_PARAM,
		"these numbers are no RSA key");
	REQUIRE(push_numbers(builder, &numbers), KC_ERR_ALLOCATE, "out of memory");
	TRY(build_key("RSA", builder, &pkey));
	REQUIRE(is_of(algorithm, pkey) && is_sound(pkey), KC_ERR_PARAM,
		"these numbers are no RSA key");
	*ret_pkey = take(pkey);
	return KC_OK;
}

static void group_freep(EC_GROUP **group)
{
	EC_GROUP_free(*group);
}

static void point_freep(EC_POINT **point)
{
	EC_POINT_free(*point);
}

/* The public point of @scalar, which must lie between 0 and the order of the group. */
static enum kc_status multiply(const char *curve, const BIGNUM *scalar, uint8_t *point_bytes,
			       size_t *ret_len)
{
	CLEANUP(group_freep)
	EC_GROUP *group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(curve));
	CLEANUP(point_freep) EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	size_t len = 0;

	REQUIRE(point, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(!BN_is_zero(scalar) && BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0, KC_ERR_PARAM,
		"a scalar outside of the group");
	REQUIRE(EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1, KC_ERR_INTERNAL,
		"cannot compute a public key");
	len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, point_bytes,
				 POINT_MAX, NULL);
	REQUIRE(len > 0, KC_ERR_INTERNAL, "cannot write a public key");
	*ret_len = len;
	return KC_OK;
}

enum kc_status key_material_from_scalar(const struct piv_algorithm *algorithm,
					struct kc_view scalar, EVP_PKEY **ret_pkey)
{
	CLEANUP(builder_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	CLEANUP(bn_freep) BIGNUM *number = NULL;
	uint8_t point[POINT_MAX];
	size_t point_len = 0;

	REQUIRE(algorithm->curve && scalar.len > 0 && scalar.len <= algorithm->field_bytes,
		KC_ERR_PARAM, "a scalar of another size than %s", algorithm->name);
	number = number_from(scalar);
	REQUIRE(builder && number, KC_ERR_ALLOCATE, "out of memory");
	TRY(multiply(algorithm->curve, number, point, &point_len));
	REQUIRE(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME,
						algorithm->curve, 0) &&
			OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number) &&
			OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
							 point_len),
		KC_ERR_ALLOCATE, "out of memory");
	return build_key("EC", builder, ret_pkey);
}

enum kc_status key_material_from_pkcs8(const struct piv_algorithm *algorithm, struct kc_view der,
				       EVP_PKEY **ret_pkey)
{
	const uint8_t *cursor = der.data;
	CLEANUP(pkcs8_freep)
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &cursor, (long)der.len);
	CLEANUP(key_material_freep) EVP_PKEY *pkey = info ? EVP_PKCS82PKEY(info) : NULL;

	REQUIRE(pkey && cursor == der.data + der.len, KC_ERR_PARAM, "not a PKCS#8 private key");
	REQUIRE(is_of(algorithm, pkey) && is_sound(pkey), KC_ERR_PARAM,
		"a private key that is no sound %s key", algorithm->name);
	*ret_pkey = take(pkey);
	return KC_OK;
}

enum kc_status key_material_put_pkcs8(const EVP_PKEY *pkey, struct bytes *bytes)
{
	CLEANUP(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	uint8_t *der = NULL;
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	enum kc_status status = KC_OK;

	REQUIRE(len > 0, KC_ERR_INTERNAL, "cannot write a private key");
	status = bytes_append(bytes, view_of(der, (size_t)len));
	OPENSSL_clear_free(der, (size_t)len);
	return status;
}

static enum kc_status put_number(const EVP_PKEY *pkey, const char *name, uint32_t tag,
				 struct bytes *bytes)
{
	CLEANUP(bn_freep) BIGNUM *number = NULL;
	uint8_t octets[MODULUS_MAX];
	int len = 0;

	REQUIRE(EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
			BN_num_bytes(number) <= MODULUS_MAX,
		KC_ERR_INTERNAL, "cannot read a public key");
	len = BN_bn2bin(number, octets);
	return tlv_put(bytes, tag, view_of(octets, (size_t)len));
}

enum kc_status key_material_put_public(const struct piv_algorithm *algorithm, const EVP_PKEY *pkey,
				       struct bytes *bytes)
{
	uint8_t point[POINT_MAX];
	size_t len = 0;

	if (!algorithm->curve) {
		TRY(put_number(pkey, OSSL_PKEY_PARAM_RSA_N, 0x81, bytes));
		return put_number(pkey, OSSL_PKEY_PARAM_RSA_E, 0x82, bytes);
	}
	REQUIRE(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
						&len) == 1,
		KC_ERR_INTERNAL, "cannot read a public key");
	return tlv_put(bytes, 0x86, view_of(point, len));
}
