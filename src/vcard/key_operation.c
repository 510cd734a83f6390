/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RSA raw and padded, ECDSA over a given hash, Ed25519, ECDH to the x coordinate, ECB for 9B. */
#include "vcard/key_operation.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
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

static void signature_freep(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}

static void digest_ctx_freep(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
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

enum kc_status key_operation_rsa_sign_padded(EVP_PKEY *pkey, struct kc_view input,
					     struct bytes *output)
{
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	uint8_t result[RESULT_MAX];
	size_t len = sizeof(result);

	REQUIRE(ctx && EVP_PKEY_sign_init(ctx) == 1 &&
			EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1,
		KC_ERR_INTERNAL, "cannot set up RSA");
	REQUIRE(EVP_PKEY_sign(ctx, result, &len, input.data, input.len) == 1, KC_ERR_PARAM,
		"RSA input of %zu bytes", input.len);
	return append_and_wipe(output, result, len);
}

enum kc_status key_operation_rsa_decrypt_padded(EVP_PKEY *pkey, struct kc_view input,
						struct bytes *output)
{
	CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	uint8_t result[RESULT_MAX];
	size_t len = sizeof(result);

	REQUIRE(ctx && EVP_PKEY_decrypt_init(ctx) == 1 &&
			EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1,
		KC_ERR_INTERNAL, "cannot set up RSA");
	REQUIRE(EVP_PKEY_decrypt(ctx, result, &len, input.data, input.len) == 1, KC_ERR_PARAM,
		"no RSA cryptogram");
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

enum kc_status key_operation_ecdsa_plain(EVP_PKEY *pkey, size_t field_bytes, struct kc_view digest,
					 struct bytes *output)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(RESULT_MAX);
	CLEANUP(signature_freep) ECDSA_SIG *signature = NULL;
	const uint8_t *cursor = NULL;
	uint8_t plain[RESULT_MAX];
	int len = (int)field_bytes;

	TRY(key_operation_ecdsa(pkey, digest, &der));
	cursor = der.data;
	signature = d2i_ECDSA_SIG(NULL, &cursor, (long)der.len);
	REQUIRE(signature && 2 * field_bytes <= sizeof(plain) &&
			BN_bn2binpad(ECDSA_SIG_get0_r(signature), plain, len) == len &&
			BN_bn2binpad(ECDSA_SIG_get0_s(signature), plain + len, len) == len,
		KC_ERR_INTERNAL, "ECDSA failed");
	return bytes_append(output, view_of(plain, 2 * field_bytes));
}

enum kc_status key_operation_eddsa(EVP_PKEY *pkey, struct kc_view message, struct bytes *output)
{
	CLEANUP(digest_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t result[RESULT_MAX];
	size_t len = sizeof(result);

	REQUIRE(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
			EVP_DigestSign(ctx, result, &len, message.data, message.len) == 1,
		KC_ERR_INTERNAL, "Ed25519 failed");
	return bytes_append(output, view_of(result, len));
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
