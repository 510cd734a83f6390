/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys come into being here and leave here as PKCS#8 for the card file or as public TLVs. What
 * comes from outside is checked before it is believed.
 */
#include "vcard/key_material.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/try.h"
#include "codec/tlv.h"

enum {
	POINT_MAX = 1 + 2 * 66,
	MODULUS_MAX = 512,
};

static void bn_freep(BIGNUM **number)
{
	BN_clear_free(*number);
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

static EVP_PKEY *generate(const struct key_type *type)
{
	switch (type->family) {
	case KEY_RSA:
		return EVP_RSA_gen((unsigned)type->rsa_bits);
	case KEY_EC:
		return EVP_EC_gen(type->curve);
	case KEY_EDWARDS:
	case KEY_MONTGOMERY:
		return EVP_PKEY_Q_keygen(NULL, NULL, type->curve);
	}
	return NULL;
}

enum kc_status key_material_generate(const struct key_type *type, EVP_PKEY **ret_pkey)
{
	EVP_PKEY *pkey = generate(type);

	REQUIRE(pkey, KC_ERR_INTERNAL, "cannot generate a key of type %s", type->name);
	*ret_pkey = pkey;
	return KC_OK;
}

static bool is_of(const struct key_type *type, EVP_PKEY *pkey)
{
	char curve[32] = "";

	switch (type->family) {
	case KEY_RSA:
		return EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) == type->rsa_bits;
	case KEY_EC:
		return EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL) == 1 &&
		       OBJ_sn2nid(curve) == EC_curve_nist2nid(type->curve);
	case KEY_EDWARDS:
	case KEY_MONTGOMERY:
		return EVP_PKEY_is_a(pkey, type->curve);
	}
	return false;
}

/*
 * The private part belongs to the public one: what it signs, the other verifies. A hundred times
 * cheaper than OpenSSL's own check, which proves the primes prime each time a card is inserted.
 */
static bool signs(EVP_PKEY *pkey)
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

/* RFC 8410 keys have no public part that could be another's: it is computed from the private. */
bool key_material_is_sound(const struct key_type *type, EVP_PKEY *pkey)
{
	if (!is_of(type, pkey))
		return false;
	return type->family == KEY_EDWARDS || type->family == KEY_MONTGOMERY || signs(pkey);
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

static enum kc_status build_key(OSSL_PARAM_BLD *builder, EVP_PKEY **ret_pkey)
{
	CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;

	REQUIRE(params && ctx && EVP_PKEY_fromdata_init(ctx) == 1, KC_ERR_INTERNAL,
		"cannot set up a key");
	REQUIRE(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1, KC_ERR_PARAM,
		"these numbers are no key");
	*ret_pkey = pkey;
	return KC_OK;
}

static enum kc_status from_point_scalar(const struct key_type *type, struct kc_view scalar,
					EVP_PKEY **ret_pkey)
{
	CLEANUP(builder_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	CLEANUP(bn_freep) BIGNUM *number = NULL;
	uint8_t point[POINT_MAX];
	size_t point_len = 0;

	number = BN_bin2bn(scalar.data, (int)scalar.len, NULL);
	REQUIRE(builder && number, KC_ERR_ALLOCATE, "out of memory");
	TRY(multiply(type->curve, number, point, &point_len));
	REQUIRE(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, type->curve,
						0) &&
			OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number) &&
			OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
							 point_len),
		KC_ERR_ALLOCATE, "out of memory");
	return build_key(builder, ret_pkey);
}

/* RFC 8032 5.1.5 and RFC 7748 5: 32 bytes as they are. Numbers lose their leading zeros. */
static enum kc_status from_raw(const struct key_type *type, struct kc_view raw, EVP_PKEY **ret_pkey)
{
	uint8_t padded[POINT_MAX] = {0};
	EVP_PKEY *pkey = NULL;

	memcpy(padded + type->field_bytes - raw.len, raw.data, raw.len);
	pkey = EVP_PKEY_new_raw_private_key_ex(NULL, type->curve, NULL, padded, type->field_bytes);
	OPENSSL_cleanse(padded, sizeof(padded));
	REQUIRE(pkey, KC_ERR_INTERNAL, "cannot set up a key");
	*ret_pkey = pkey;
	return KC_OK;
}

enum kc_status key_material_from_scalar(const struct key_type *type, struct kc_view scalar,
					EVP_PKEY **ret_pkey)
{
	REQUIRE(type->curve && scalar.len > 0 && scalar.len <= type->field_bytes, KC_ERR_PARAM,
		"a scalar of another size than %s", type->name);
	if (type->family == KEY_EC)
		return from_point_scalar(type, scalar, ret_pkey);
	return from_raw(type, scalar, ret_pkey);
}

enum kc_status key_material_from_pkcs8(const struct key_type *type, struct kc_view der,
				       EVP_PKEY **ret_pkey)
{
	const uint8_t *cursor = der.data;
	CLEANUP(pkcs8_freep)
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &cursor, (long)der.len);
	CLEANUP(key_material_freep) EVP_PKEY *pkey = info ? EVP_PKCS82PKEY(info) : NULL;

	REQUIRE(pkey && cursor == der.data + der.len, KC_ERR_PARAM, "not a PKCS#8 private key");
	REQUIRE(key_material_is_sound(type, pkey), KC_ERR_PARAM,
		"a private key that is no sound %s key", type->name);
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

enum kc_status key_material_put_public(const EVP_PKEY *pkey, struct bytes *bytes)
{
	uint8_t point[POINT_MAX];
	size_t len = 0;

	if (EVP_PKEY_is_a(pkey, "RSA")) {
		TRY(put_number(pkey, OSSL_PKEY_PARAM_RSA_N, 0x81, bytes));
		return put_number(pkey, OSSL_PKEY_PARAM_RSA_E, 0x82, bytes);
	}
	REQUIRE(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
						&len) == 1,
		KC_ERR_INTERNAL, "cannot read a public key");
	return tlv_put(bytes, 0x86, view_of(point, len));
}
