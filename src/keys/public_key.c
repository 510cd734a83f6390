/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public keys for OpenSSL. Of an EC key we know the point and the size, not the curve: the point
 * tells, since it lies on one of the curves of that size only.
 */
#include "keys/public_key_impl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "base/try.h"

struct curve {
	unsigned size_in_bits;
	const char *name;
};

static const struct curve curves[] = {
	{256, "P-256"},		  {384, "P-384"},	    {521, "P-521"},
	{192, "P-192"},		  {224, "P-224"},	    {256, "secp256k1"},
	{256, "brainpoolP256r1"}, {384, "brainpoolP384r1"}, {512, "brainpoolP512r1"},
};

void public_key_done(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
	*pkey = NULL;
}

/* RFC 8017 A.1.1: RSAPublicKey. */
static EVP_PKEY *new_rsa(struct kc_view point)
{
	const uint8_t *at = point.data;
	EVP_PKEY *pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)point.len);

	if (pkey && at == point.data + point.len)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static EVP_PKEY *new_ec(const char *curve, struct kc_view point)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM params[3];
	EVP_PKEY *pkey = NULL;
	char name[32];
	void *data = NULL;

	/* OSSL_PARAM is for both directions and so not const; here it is only read. */
	memcpy(&data, &point.data, sizeof(data));
	memset(name, 0, sizeof(name));
	memcpy(name, curve, strnlen(curve, sizeof(name) - 1));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, data, point.len);
	params[2] = OSSL_PARAM_construct_end();
	if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static EVP_PKEY *new_ec_of_size(unsigned size_in_bits, struct kc_view point)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		EVP_PKEY *pkey = NULL;

		if (curves[i].size_in_bits == size_in_bits)
			pkey = new_ec(curves[i].name, point);
		if (pkey)
			return pkey;
	}
	return NULL;
}

static bool has_size(EVP_PKEY *pkey, unsigned size_in_bits)
{
	return pkey && EVP_PKEY_get_bits(pkey) == (int)size_in_bits;
}

enum kc_status public_key_new(const struct signature_key *key, EVP_PKEY **ret_pkey)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;

	if (strcmp(key->key_type, "rsa") == 0)
		pkey = new_rsa(key->public_key);
	else if (strcmp(key->key_type, "ec") == 0)
		pkey = new_ec_of_size(key->size_in_bits, key->public_key);
	/* Curves that were tried in vain leave their errors behind. */
	ERR_clear_error();
	REQUIRE(has_size(pkey, key->size_in_bits), KC_ERR_PARAM,
		"not the public key of an %s key of %u bits", key->key_type, key->size_in_bits);
	*ret_pkey = take(pkey);
	return KC_OK;
}
