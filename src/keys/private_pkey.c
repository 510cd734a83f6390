/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private keys for OpenSSL and back, in the one encoding that there is of each. Whether one is a
 * key that anybody would use is private_pkey_check.c's to say.
 */
#include "keys/private_pkey_impl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include "base/try.h"
#include "codec/curve.h"
#include "keys/digest_impl.h"
#include "keys/public_key_impl.h"

enum {
	POINT_UNCOMPRESSED = 0x04, /* SEC 1 2.3.3 */
	COORDINATE_MAX = 66,	   /* P-521 */
	RAW_MAX = 57,		   /* Ed448 */
};

/* RFC 8032, RFC 7748: keys that are their bytes. */
static const struct raw_kind {
	const char *name;
	int id;
	unsigned size_in_bits;
} raw_kinds[] = {
	{"ed25519", EVP_PKEY_ED25519, 256},
	{"x25519", EVP_PKEY_X25519, 256},
	{"ed448", EVP_PKEY_ED448, 456},
	{"x448", EVP_PKEY_X448, 448},
};

static const struct raw_kind *find_raw_kind(const char *key_type)
{
	for (size_t i = 0; i < ARRAY_LEN(raw_kinds); i++)
		if (strcmp(raw_kinds[i].name, key_type) == 0)
			return &raw_kinds[i];
	return NULL;
}

const char *private_pkey_type(EVP_PKEY *pkey)
{
	int id = EVP_PKEY_get_base_id(pkey);

	for (size_t i = 0; i < ARRAY_LEN(raw_kinds); i++)
		if (raw_kinds[i].id == id)
			return raw_kinds[i].name;
	return id == EVP_PKEY_RSA ? "rsa" : id == EVP_PKEY_EC ? "ec" : NULL;
}

unsigned private_pkey_size(const char *key_type, EVP_PKEY *pkey)
{
	const struct raw_kind *kind = find_raw_kind(key_type);

	return kind ? kind->size_in_bits : (unsigned)EVP_PKEY_get_bits(pkey);
}

static void number_done(BIGNUM **number)
{
	BN_clear_free(*number);
	*number = NULL;
}

/* --- from bytes ---------------------------------------------------------------------------- */

static bool is_encoding_of(EVP_PKEY *pkey, struct kc_view external)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(pkey, &der);
	bool is_equal = len >= 0 && view_equal(view_of(der, (size_t)len), external);

	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	return is_equal;
}

/* RFC 8017 A.1.2: RSAPrivateKey, in DER and nothing behind it. */
static EVP_PKEY *new_rsa(struct kc_view external)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	const uint8_t *at = external.data;

	pkey = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)external.len);
	return pkey && is_encoding_of(pkey, external) ? take(pkey) : NULL;
}

static OSSL_PARAM *make_params(const char *curve, struct kc_view point, const BIGNUM *scalar)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (builder &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data,
					     point.len) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1)
		params = OSSL_PARAM_BLD_to_param(builder);
	OSSL_PARAM_BLD_free(builder);
	return params;
}

static void wipe_params(OSSL_PARAM *params)
{
	OSSL_PARAM *secret = params ? OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PRIV_KEY) : NULL;

	if (secret)
		OPENSSL_cleanse(secret->data, secret->data_size);
	OSSL_PARAM_free(params);
}

/* OpenSSL makes no key of a point that is not on the curve. */
static EVP_PKEY *new_ec_on(const char *curve, struct kc_view point, struct kc_view scalar)
{
	CLEANUP(number_done)
	BIGNUM *number = BN_bin2bn(scalar.data, (int)scalar.len, NULL);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = number ? make_params(curve, point, number) : NULL;
	EVP_PKEY *pkey = NULL;

	if (!context || !params || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	wipe_params(params);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

/* 04‖X‖Y‖K. The point is on one curve of its size only. @size_in_bits 0: of any. */
static EVP_PKEY *new_ec(unsigned size_in_bits, struct kc_view external)
{
	size_t width = external.len / 3;
	struct kc_view point = view_slice(external, 0, 1 + 2 * width);
	struct kc_view scalar = view_slice(external, 1 + 2 * width, width);
	const struct curve *curve = NULL;

	if (external.len != 1 + 3 * width || width == 0 || external.data[0] != POINT_UNCOMPRESSED)
		return NULL;
	for (size_t i = 0; (curve = curve_at(i)) != NULL; i++) {
		bool may_be = curve_width(curve->size_in_bits) == width &&
			      (size_in_bits == 0 || curve->size_in_bits == size_in_bits);
		EVP_PKEY *pkey = may_be ? new_ec_on(curve->name, point, scalar) : NULL;

		if (pkey)
			return pkey;
	}
	return NULL;
}

static EVP_PKEY *new_pkey(const char *key_type, unsigned size_in_bits, struct kc_view external)
{
	const struct raw_kind *kind = find_raw_kind(key_type);

	if (kind)
		return EVP_PKEY_new_raw_private_key(kind->id, NULL, external.data, external.len);
	return strcmp(key_type, "rsa") == 0 ? new_rsa(external) : new_ec(size_in_bits, external);
}

static const char *form_of(const char *key_type)
{
	if (strcmp(key_type, "rsa") == 0)
		return "a PKCS#1 RSAPrivateKey in DER";
	return strcmp(key_type, "ec") == 0 ? "04 and X, Y, K of a known curve"
					   : "its bytes, of just the right number";
}

enum kc_status private_pkey_open(const char *key_type, unsigned size_in_bits,
				 struct kc_view external, EVP_PKEY **ret_pkey)
{
	EVP_PKEY *pkey = new_pkey(key_type, size_in_bits, external);

	/* Curves that were tried in vain leave their errors behind. */
	ERR_clear_error();
	REQUIRE(pkey, KC_ERR_DECODE, "not a private key of type \"%s\": that is %s", key_type,
		form_of(key_type));
	*ret_pkey = pkey;
	return KC_OK;
}

/* --- to bytes ------------------------------------------------------------------------------ */

static enum kc_status fail_without_form(void)
{
	ERR_clear_error();
	return fail(KC_ERR_DECODE, "a private key of a kind that is not kept here");
}

static enum kc_status put_rsa(EVP_PKEY *pkey, struct secret *ret_external)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(pkey, &der);
	enum kc_status status = KC_OK;

	if (len < 0)
		return fail_without_form();
	status = secret_init(ret_external, view_of(der, (size_t)len));
	OPENSSL_clear_free(der, (size_t)len);
	return status;
}

static bool put_number(EVP_PKEY *pkey, const char *name, size_t width, uint8_t *out)
{
	CLEANUP(number_done) BIGNUM *number = NULL;

	return EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
	       BN_bn2binpad(number, out, (int)width) == (int)width;
}

static bool put_point(EVP_PKEY *pkey, size_t width, uint8_t *out)
{
	out[0] = POINT_UNCOMPRESSED;
	return put_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, width, out + 1) &&
	       put_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, width, out + 1 + width);
}

static enum kc_status put_ec(EVP_PKEY *pkey, struct secret *ret_external)
{
	CLEANUP(secret_done) struct secret external = {0};
	size_t width = curve_width((unsigned)EVP_PKEY_get_bits(pkey));

	if (width > COORDINATE_MAX)
		return fail_without_form();
	TRY(secret_reserve(&external, 1 + 3 * width));
	if (!put_point(pkey, width, external.data) ||
	    !put_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, width, external.data + 1 + 2 * width))
		return fail_without_form();
	external.len = 1 + 3 * width;
	*ret_external = secret_take(&external);
	return KC_OK;
}

static enum kc_status put_raw(EVP_PKEY *pkey, struct secret *ret_external)
{
	CLEANUP(secret_done) struct secret external = {0};
	size_t len = RAW_MAX;

	TRY(secret_reserve(&external, RAW_MAX));
	if (EVP_PKEY_get_raw_private_key(pkey, external.data, &len) != 1)
		return fail_without_form();
	external.len = len;
	*ret_external = secret_take(&external);
	return KC_OK;
}

enum kc_status private_pkey_put_external(EVP_PKEY *pkey, struct secret *ret_external)
{
	const char *key_type = private_pkey_type(pkey);

	if (!key_type)
		return fail_without_form();
	if (strcmp(key_type, "rsa") == 0)
		return put_rsa(pkey, ret_external);
	return strcmp(key_type, "ec") == 0 ? put_ec(pkey, ret_external)
					   : put_raw(pkey, ret_external);
}

static enum kc_status put_public_rsa(EVP_PKEY *pkey, struct bytes *public_key)
{
	unsigned char *der = NULL;
	int len = i2d_PublicKey(pkey, &der);
	enum kc_status status = KC_OK;

	if (len < 0)
		return digest_fail_openssl("public key");
	status = bytes_append(public_key, view_of(der, (size_t)len));
	OPENSSL_free(der);
	return status;
}

enum kc_status private_pkey_put_public(EVP_PKEY *pkey, struct bytes *public_key)
{
	uint8_t out[1 + 2 * COORDINATE_MAX];
	size_t len = sizeof(out);

	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_RSA:
		return put_public_rsa(pkey, public_key);
	case EVP_PKEY_EC:
		len = 1 + 2 * curve_width((unsigned)EVP_PKEY_get_bits(pkey));
		if (len > sizeof(out) || !put_point(pkey, len / 2, out))
			return digest_fail_openssl("public key");
		break;
	default:
		if (EVP_PKEY_get_raw_public_key(pkey, out, &len) != 1)
			return digest_fail_openssl("public key");
		break;
	}
	return bytes_append(public_key, view_of(out, len));
}
