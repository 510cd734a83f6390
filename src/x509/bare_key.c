/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public keys without a certificate (reference/keychain.md 5.5): PKCS#1 RSAPublicKey, the point
 * 04‖X‖Y, or the bytes themselves. Only the one encoding that a certificate would have is taken,
 * since the hash of a key is made of it: the same key must not have two names.
 */
#include "x509/bare_key_impl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>

#include "base/try.h"
#include "codec/curve.h"
#include "x509/subject_key_impl.h"

enum {
	RSA_KEY_MAX = 4096,	   /* bytes: two numbers of 16384 bits */
	POINT_UNCOMPRESSED = 0x04, /* SEC 1 2.3.3 */
	NAME_SIZE = 64,
};

static void pkey_done(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
	*pkey = NULL;
}

static bool is_encoding_of(EVP_PKEY *pkey, struct kc_view public_key)
{
	unsigned char *der = NULL;
	int len = i2d_PublicKey(pkey, &der);
	bool is_equal = len >= 0 && view_equal(view_of(der, (size_t)len), public_key);

	OPENSSL_free(der);
	return is_equal;
}

/* RFC 8017 A.1.1: RSAPublicKey, in DER and nothing behind it. */
static EVP_PKEY *new_rsa(struct kc_view public_key)
{
	CLEANUP(pkey_done) EVP_PKEY *pkey = NULL;
	const uint8_t *at = public_key.data;

	if (public_key.len > RSA_KEY_MAX)
		return NULL;
	pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)public_key.len);
	return pkey && is_encoding_of(pkey, public_key) ? take(pkey) : NULL;
}

/* OpenSSL makes no key of a point that is not on the curve. */
static EVP_PKEY *new_ec_on(const char *curve, struct kc_view point)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM params[3];
	EVP_PKEY *pkey = NULL;
	char name[NAME_SIZE];
	void *data = NULL;

	/* OSSL_PARAM is for both directions and so not const; here it is only read. */
	memcpy(&data, &point.data, sizeof(data));
	(void)snprintf(name, sizeof(name), "%s", curve);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, data, point.len);
	params[2] = OSSL_PARAM_construct_end();
	if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static EVP_PKEY *new_ec(struct kc_view point)
{
	const struct curve *curve = NULL;

	if (point.len == 0 || point.data[0] != POINT_UNCOMPRESSED)
		return NULL;
	for (size_t i = 0; (curve = curve_at(i)) != NULL; i++) {
		EVP_PKEY *pkey = NULL;

		if (1 + 2 * curve_width(curve->size_in_bits) == point.len)
			pkey = new_ec_on(curve->name, point);
		if (pkey)
			return pkey;
	}
	return NULL;
}

static EVP_PKEY *new_raw(const char *key_type, struct kc_view public_key)
{
	static const struct {
		const char *name;
		int id;
	} kinds[] = {{"ed25519", EVP_PKEY_ED25519},
		     {"x25519", EVP_PKEY_X25519},
		     {"ed448", EVP_PKEY_ED448},
		     {"x448", EVP_PKEY_X448}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, key_type) == 0)
			return EVP_PKEY_new_raw_public_key(kinds[i].id, NULL, public_key.data,
							   public_key.len);
	return NULL;
}

static EVP_PKEY *new_key(const char *key_type, struct kc_view public_key)
{
	if (strcmp(key_type, "rsa") == 0)
		return new_rsa(public_key);
	if (strcmp(key_type, "ec") == 0)
		return new_ec(public_key);
	return new_raw(key_type, public_key);
}

/* Somebody has to be able to call it something: nothing else is known of it. */
static enum kc_status put_summary(struct json_object *fields)
{
	const char *type = field_text(fields, "key_type");
	char text[NAME_SIZE];

	if (strcmp(type, "rsa") == 0 || strcmp(type, "ec") == 0)
		(void)snprintf(text, sizeof(text), "%s key of %d bits",
			       strcmp(type, "ec") == 0 ? "EC" : "RSA",
			       (int)field_number(fields, "key_size_in_bits", 0));
	else
		(void)snprintf(text, sizeof(text), "%s key", type);
	return field_put_text(fields, "summary", text);
}

enum kc_status bare_key_inspect(const char *key_type, struct kc_view public_key,
				struct json_object **ret_fields)
{
	CLEANUP(field_free) struct json_object *fields = NULL;
	CLEANUP(pkey_done) EVP_PKEY *pkey = new_key(key_type, public_key);

	/* Curves that were tried in vain leave their errors behind. */
	ERR_clear_error();
	REQUIRE(pkey, KC_ERR_DECODE, "not a public key of type \"%.16s\"", key_type);
	TRY(field_new_object(&fields));
	TRY(subject_key_put_known(pkey, public_key, fields));
	REQUIRE(strcmp(field_text(fields, "key_type"), key_type) == 0, KC_ERR_DECODE,
		"a public key of a size that nobody uses");
	TRY(put_summary(fields));
	*ret_fields = take(fields);
	return KC_OK;
}
