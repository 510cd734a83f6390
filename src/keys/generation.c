/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key pairs by OpenSSL, with its random numbers, that private_key_read() has found to be good. */
#include "keys/generation.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/try.h"
#include "codec/curve.h"
#include "keys/digest_impl.h"
#include "keys/private_pkey_impl.h"
#include "keys/public_key_impl.h"

static void context_done(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
	*context = NULL;
}

/* --- what is made -------------------------------------------------------------------------- */

/* Keys that are their bytes have one size. */
static const struct raw_kind {
	const char *key_type;
	const char *algorithm;
	unsigned size_in_bits;
} raw_kinds[] = {
	{"ed25519", "ED25519", 256},
	{"x25519", "X25519", 256},
	{"ed448", "ED448", 456},
	{"x448", "X448", 448},
};

static const struct raw_kind *find_raw(const char *key_type)
{
	for (size_t i = 0; i < ARRAY_LEN(raw_kinds); i++)
		if (strcmp(raw_kinds[i].key_type, key_type) == 0)
			return &raw_kinds[i];
	return NULL;
}

/* SP 800-186: the curves that everybody has. */
static const struct made_curve {
	const char *name;
	unsigned size_in_bits;
} made_curves[] = {{"P-256", 256}, {"P-384", 384}, {"P-521", 521}};

static const struct made_curve *find_curve(int64_t size_in_bits)
{
	for (size_t i = 0; i < ARRAY_LEN(made_curves); i++)
		if (made_curves[i].size_in_bits == size_in_bits)
			return &made_curves[i];
	return NULL;
}

static enum kc_status choose_raw(const struct raw_kind *raw, int64_t size_in_bits,
				 struct generation_kind *ret_kind)
{
	REQUIRE(size_in_bits == 0 || size_in_bits == raw->size_in_bits, KC_ERR_KEY_SIZE_NOT_ALLOWED,
		"%s keys have %u bits", raw->key_type, raw->size_in_bits);
	*ret_kind = (struct generation_kind){raw->key_type, raw->size_in_bits};
	return KC_OK;
}

static enum kc_status choose_rsa(int64_t size_in_bits, struct generation_kind *ret_kind)
{
	REQUIRE(size_in_bits >= GENERATION_RSA_MIN && size_in_bits <= GENERATION_RSA_MAX &&
			size_in_bits % 8 == 0,
		KC_ERR_KEY_SIZE_NOT_ALLOWED,
		"an RSA key of %lld bits is not made here: %d to %d are, in whole bytes",
		(long long)size_in_bits, GENERATION_RSA_MIN, GENERATION_RSA_MAX);
	*ret_kind = (struct generation_kind){"rsa", (unsigned)size_in_bits};
	return KC_OK;
}

static enum kc_status choose_ec(int64_t size_in_bits, struct generation_kind *ret_kind)
{
	const struct made_curve *curve = find_curve(size_in_bits);

	REQUIRE(curve, KC_ERR_KEY_SIZE_NOT_ALLOWED,
		"an EC key of %lld bits is not made here: 256, 384 and 521 are",
		(long long)size_in_bits);
	*ret_kind = (struct generation_kind){"ec", curve->size_in_bits};
	return KC_OK;
}

enum kc_status generation_choose(const char *key_type, int64_t size_in_bits,
				 struct generation_kind *ret_kind)
{
	const struct raw_kind *raw = key_type ? find_raw(key_type) : NULL;
	bool is_rsa = key_type && strcmp(key_type, "rsa") == 0;

	REQUIRE(key_type, KC_ERR_PARAM, "\"key_type\" is missing");
	if (raw)
		return choose_raw(raw, size_in_bits, ret_kind);
	if (!is_rsa && strcmp(key_type, "ec") != 0)
		error_set_hint("key_type is one of rsa, ec, ed25519, x25519, ed448, x448");
	REQUIRE(is_rsa || strcmp(key_type, "ec") == 0, KC_ERR_PARAM,
		"no keys of type \"%.32s\" are made here", key_type);
	REQUIRE(size_in_bits != 0, KC_ERR_PARAM,
		"\"key_size_in_bits\" is missing: 2048 to 4096 for rsa, 256, 384 or 521 for ec");
	return is_rsa ? choose_rsa(size_in_bits, ret_kind) : choose_ec(size_in_bits, ret_kind);
}

bool generation_is_slow(const struct generation_kind *kind)
{
	return strcmp(kind->key_type, "rsa") == 0;
}

/* --- making it ----------------------------------------------------------------------------- */

/* Asked between candidates for a prime: 0 ends it. */
static int go_on(EVP_PKEY_CTX *context)
{
	atomic_bool *is_cancelled = EVP_PKEY_CTX_get_app_data(context);

	return !is_cancelled || !atomic_load(is_cancelled);
}

static EVP_PKEY_CTX *new_context(const struct generation_kind *kind)
{
	const struct raw_kind *raw = find_raw(kind->key_type);
	const char *algorithm = raw				     ? raw->algorithm
				: strcmp(kind->key_type, "rsa") == 0 ? "RSA"
								     : "EC";

	return EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
}

/* reference/keychain.md 5.4: e = 65537, which is OpenSSL's default. */
static bool set_size(EVP_PKEY_CTX *context, const struct generation_kind *kind)
{
	if (strcmp(kind->key_type, "rsa") == 0)
		return EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)kind->size_in_bits) == 1;
	if (strcmp(kind->key_type, "ec") == 0)
		return EVP_PKEY_CTX_set_group_name(context, find_curve(kind->size_in_bits)->name) ==
		       1;
	return true;
}

static enum kc_status make(const struct generation_kind *kind, atomic_bool *is_cancelled,
			   EVP_PKEY **ret_pkey)
{
	CLEANUP(context_done) EVP_PKEY_CTX *context = new_context(kind);
	EVP_PKEY *pkey = NULL;

	if (!context || EVP_PKEY_keygen_init(context) != 1 || !set_size(context, kind))
		return digest_fail_openssl("key generation");
	EVP_PKEY_CTX_set_app_data(context, is_cancelled);
	EVP_PKEY_CTX_set_cb(context, go_on);
	if (EVP_PKEY_generate(context, &pkey) == 1) {
		*ret_pkey = pkey;
		return KC_OK;
	}
	if (!is_cancelled || !atomic_load(is_cancelled))
		return digest_fail_openssl("key generation");
	ERR_clear_error();
	return fail(KC_ERR_USER_CANCELED, "whoever wanted the key has left");
}

enum kc_status generation_run(const struct generation_kind *kind, atomic_bool *is_cancelled,
			      struct private_key *ret_key)
{
	struct private_key_claim claim = {.key_class = "private", .key_type = kind->key_type};
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(secret_done) struct secret external = {0};

	TRY(make(kind, is_cancelled, &pkey));
	TRY(private_pkey_put_external(pkey, &external));
	return private_key_read(claim, secret_view(&external), ret_key);
}
