/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public keys for OpenSSL, which makes no key of a point that is not on its curve.
 */
#include "keys/public_key_impl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "base/try.h"
#include "codec/curve.h"
#include "keys/digest_impl.h"

enum {
	CURVE_NAME_SIZE = 64,
	POINT_UNCOMPRESSED = 0x04, /* SEC 1 2.3.3 */
	RAW_SECRET_MAX = 56,	   /* X448 */
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
	const struct curve *curve = NULL;

	for (size_t i = 0; (curve = curve_at(i)) != NULL; i++) {
		EVP_PKEY *pkey = NULL;

		if (curve->size_in_bits == size_in_bits)
			pkey = new_ec(curve->name, point);
		if (pkey)
			return pkey;
	}
	return NULL;
}

/* RFC 8032, RFC 7748: keys that are their bytes; all points of the right length are keys. */
static const struct kind {
	const char *name;
	int id;
	unsigned size_in_bits;
} kinds[] = {
	{"ed25519", EVP_PKEY_ED25519, 256},
	{"x25519", EVP_PKEY_X25519, 256},
	{"ed448", EVP_PKEY_ED448, 456},
	{"x448", EVP_PKEY_X448, 448},
};

/* NULL: of another type. */
static const struct kind *find_kind(const char *key_type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, key_type) == 0)
			return &kinds[i];
	return NULL;
}

static EVP_PKEY *new_raw(const struct kind *kind, struct kc_view public_key)
{
	return EVP_PKEY_new_raw_public_key(kind->id, NULL, public_key.data, public_key.len);
}

static bool has_size(EVP_PKEY *pkey, const struct key_facts *key)
{
	const struct kind *kind = find_kind(key->key_type);

	if (kind)
		return pkey && kind->size_in_bits == key->size_in_bits;
	return pkey && EVP_PKEY_get_bits(pkey) == (int)key->size_in_bits;
}

enum kc_status public_key_new(const struct key_facts *key, EVP_PKEY **ret_pkey)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	const struct kind *kind = find_kind(key->key_type);

	if (kind)
		pkey = new_raw(kind, key->public_key);
	else if (strcmp(key->key_type, "rsa") == 0)
		pkey = new_rsa(key->public_key);
	else if (strcmp(key->key_type, "ec") == 0)
		pkey = new_ec_of_size(key->size_in_bits, key->public_key);
	/* Curves that were tried in vain leave their errors behind. */
	ERR_clear_error();
	REQUIRE(has_size(pkey, key), KC_ERR_PARAM, "not the public key of an %s key of %u bits",
		key->key_type, key->size_in_bits);
	*ret_pkey = take(pkey);
	return KC_OK;
}

static void context_done(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
	*context = NULL;
}

/* NIST SP 800-56A 5.6.2.3.3, full validation: in range, on the curve, of its order. */
static bool is_on_curve(const char *curve, struct kc_view point)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = new_ec(curve, point);
	CLEANUP(context_done) EVP_PKEY_CTX *context = pkey ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;

	return context && EVP_PKEY_public_check(context) == 1;
}

static enum kc_status check_point(const struct key_facts *key, struct kc_view point)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	size_t len = 1 + 2 * key_facts_len(key);
	char curve[CURVE_NAME_SIZE];
	bool is_good = false;

	REQUIRE(point.len == len && point.data[0] == POINT_UNCOMPRESSED, KC_ERR_PARAM,
		"the other side's public key must be a point of %zu bytes, 04 and both coordinates",
		len);
	TRY(public_key_new(key, &pkey));
	if (EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL) != 1)
		return digest_fail_openssl("curve");
	is_good = is_on_curve(curve, point);
	ERR_clear_error();
	REQUIRE(is_good, KC_ERR_PARAM,
		"the other side's public key is not on the curve of this key");
	return KC_OK;
}

static EVP_PKEY *new_private(const struct kind *kind)
{
	CLEANUP(context_done) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(kind->id, NULL);
	EVP_PKEY *pkey = NULL;

	if (!context || EVP_PKEY_keygen_init(context) != 1 || EVP_PKEY_keygen(context, &pkey) != 1)
		return NULL;
	return pkey;
}

/*
 * RFC 7748, 6.1: a point of small order makes zero with each private key, as it does with a new one
 * of ours. OpenSSL derives no zero.
 */
static bool has_large_order(const struct kind *kind, EVP_PKEY *peer)
{
	CLEANUP(public_key_done) EVP_PKEY *ours = new_private(kind);
	CLEANUP(context_done) EVP_PKEY_CTX *context = ours ? EVP_PKEY_CTX_new(ours, NULL) : NULL;
	uint8_t secret[RAW_SECRET_MAX];
	size_t len = sizeof(secret);
	bool is_good = context && EVP_PKEY_derive_init(context) == 1 &&
		       EVP_PKEY_derive_set_peer(context, peer) == 1 &&
		       EVP_PKEY_derive(context, secret, &len) == 1;

	ERR_clear_error();
	explicit_bzero(secret, sizeof(secret));
	return is_good;
}

static enum kc_status check_raw_peer(const struct key_facts *key, const struct kind *kind,
				     struct kc_view public_key)
{
	CLEANUP(public_key_done) EVP_PKEY *peer = new_raw(kind, public_key);

	ERR_clear_error();
	REQUIRE(peer, KC_ERR_PARAM, "the other side's public key must be %zu bytes, as of %s",
		key_facts_len(key), kind->name);
	REQUIRE(has_large_order(kind, peer), KC_ERR_PARAM,
		"with the other side's public key every secret is zero");
	return KC_OK;
}

enum kc_status public_key_check_peer(const struct key_facts *key, struct kc_view point)
{
	const struct kind *kind = find_kind(key->key_type);

	return kind ? check_raw_peer(key, kind, point) : check_point(key, point);
}

enum kc_status public_key_put_info(const struct key_facts *key, struct bytes *bytes)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	unsigned char *der = NULL;
	enum kc_status status = KC_OK;
	int len = 0;

	TRY(public_key_new(key, &pkey));
	len = i2d_PUBKEY(pkey, &der);
	if (len < 0)
		return digest_fail_openssl("public key");
	status = bytes_append(bytes, view_of(der, (size_t)len));
	OPENSSL_free(der);
	return status;
}
