/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Raw RSA, ECDSA over a given hash, ECDH to the x coordinate, and ECB for the management key. */
#include "vcard/key_operation.h"

#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include "base/try.h"

enum {
	RESULT_MAX = 512,
};

static void pkey_freep(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

static void pkey_ctx_freep(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

static void cipher_freep(EVP_CIPHER **cipher)
{
	EVP_CIPHER_free(*cipher);
}

static void cipher_ctx_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static enum kc_status append_and_wipe(struct bytes *output, uint8_t *result, size_t len)
{
	enum kc_status status = bytes_append(output, view_of(result, len));

	OPENSSL_cleanse(result, len);
	return status;
}

enum kc_status key_operation_rsa(EVP_PKEY *pkey, struct kc_view input, struct bytes *output)
{
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	uint8_t result[RESULT_MAX];
	size_t len = sizeof(result);

	REQUIRE(ctx && EVP_PKEY_sign_init(ctx) == 1 &&
			EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1,
		KC_ERR_INTERNAL, "cannot set up RSA");
	REQUIRE(input.len == (size_t)EVP_PKEY_get_size(pkey), KC_ERR_PARAM,
		"RSA input of %zu bytes", input.len);
	REQUIRE(EVP_PKEY_sign(ctx, result, &len, input.data, input.len) == 1, KC_ERR_PARAM,
		"RSA input that is not below the modulus");
	return append_and_wipe(output, result, len);
}

enum kc_status key_operation_ecdsa(EVP_PKEY *pkey, struct kc_view digest, struct bytes *output)
{
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	uint8_t result[RESULT_MAX];
	size_t len = sizeof(result);

	REQUIRE(ctx && EVP_PKEY_sign_init(ctx) == 1 &&
			EVP_PKEY_sign(ctx, result, &len, digest.data, digest.len) == 1,
		KC_ERR_INTERNAL, "ECDSA failed");
	return append_and_wipe(output, result, len);
}

/* The host's public key, on the same curve as ours. */
static enum kc_status read_peer(EVP_PKEY *pkey, struct kc_view point, EVP_PKEY **ret_peer)
{
	CLEANUP(pkey_freep) EVP_PKEY *peer = EVP_PKEY_new();

	REQUIRE(peer && EVP_PKEY_copy_parameters(peer, pkey) == 1, KC_ERR_INTERNAL,
		"cannot set up ECDH");
	REQUIRE(EVP_PKEY_set1_encoded_public_key(peer, point.data, point.len) == 1, KC_ERR_PARAM,
		"a point that is not on the curve");
	*ret_peer = take(peer);
	return KC_OK;
}

enum kc_status key_operation_ecdh(EVP_PKEY *pkey, struct kc_view point, struct bytes *output)
{
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	CLEANUP(pkey_freep) EVP_PKEY *peer = NULL;
	uint8_t result[RESULT_MAX];
	size_t len = sizeof(result);

	TRY(read_peer(pkey, point, &peer));
	REQUIRE(ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
			EVP_PKEY_derive(ctx, result, &len) == 1,
		KC_ERR_PARAM, "ECDH failed");
	return append_and_wipe(output, result, len);
}

enum kc_status key_operation_cipher(const struct piv_cipher *cipher, const uint8_t *key,
				    bool is_encryption, struct kc_view input, uint8_t *output)
{
	CLEANUP(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	CLEANUP(cipher_freep)
	EVP_CIPHER *type = EVP_CIPHER_fetch(NULL, cipher->openssl_name, NULL);
	int len = 0;

	REQUIRE(ctx && type && EVP_CipherInit_ex2(ctx, type, key, NULL, is_encryption, NULL) == 1 &&
			EVP_CIPHER_CTX_set_padding(ctx, 0) == 1,
		KC_ERR_INTERNAL, "cannot set up %s", cipher->name);
	REQUIRE(EVP_CipherUpdate(ctx, output, &len, input.data, (int)input.len) == 1 &&
			(size_t)len == input.len,
		KC_ERR_INTERNAL, "%s failed", cipher->name);
	return KC_OK;
}
