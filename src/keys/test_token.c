/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base operations by OpenSSL. */
#include "keys/test_token.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/curve.h"
#include "harness/test.h"

enum {
	ANSWER_MAX = 4096,
};

void test_token_done(struct test_token *token)
{
	EVP_PKEY_free(token->pkey);
	free(token->public_key);
	json_object_put(token->key.algorithms);
}

void test_token_offer(struct test_token *token, const char *operation)
{
	json_object_put(token->key.algorithms);
	token->key.algorithms = json_object_new_array();
	CHECK_OK(field_append_text(token->key.algorithms, operation));
}

static struct test_token new_token(EVP_PKEY *pkey, const char *key_type, const char *operation)
{
	struct test_token token = {.pkey = pkey};
	uint8_t *at = NULL;
	int len = 0;

	CHECK(pkey);
	len = i2d_PublicKey(pkey, NULL);
	CHECK(len > 0);
	token.public_key = malloc((size_t)len);
	CHECK(token.public_key);
	at = token.public_key;
	CHECK_INT(i2d_PublicKey(pkey, &at), len);
	token.key.key_type = key_type;
	token.key.size_in_bits = (unsigned)EVP_PKEY_get_bits(pkey);
	token.key.public_key = view_of(token.public_key, (size_t)len);
	test_token_offer(&token, operation);
	return token;
}

struct test_token test_token_rsa(unsigned n_bits, const char *operation)
{
	return new_token(EVP_RSA_gen(n_bits), "rsa", operation);
}

struct test_token test_token_ec(const char *curve, const char *operation)
{
	return new_token(EVP_EC_gen(curve), "ec", operation);
}

/* X25519 has 253 bits for OpenSSL; everybody else counts its bytes. */
struct test_token test_token_raw(const char *key_type, const char *operation)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, key_type);
	struct test_token token = {.pkey = pkey};
	size_t len = 0;

	CHECK(pkey && EVP_PKEY_get_raw_public_key(pkey, NULL, &len) == 1);
	token.public_key = malloc(len);
	CHECK(token.public_key);
	CHECK(EVP_PKEY_get_raw_public_key(pkey, token.public_key, &len) == 1);
	token.key.key_type = key_type;
	token.key.size_in_bits = len == 57 ? 456 : (unsigned)len * 8;
	token.key.public_key = view_of(token.public_key, len);
	test_token_offer(&token, operation);
	return token;
}

static void sign_message(const struct test_token *token, struct kc_view message,
			 struct kc_bytes *out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	CHECK(context && EVP_DigestSignInit(context, NULL, NULL, NULL, token->pkey) == 1);
	CHECK(EVP_DigestSign(context, out->data, &out->len, message.data, message.len) == 1);
	EVP_MD_CTX_free(context);
}

static void sign(const struct test_token *token, EVP_PKEY_CTX *context, const char *operation,
		 struct kc_view input, struct kc_bytes *out)
{
	bool pads = strcmp(operation, "rsa_signature_digest_pkcs1v15_raw") == 0;

	CHECK(EVP_PKEY_sign_init(context) == 1);
	if (strcmp(token->key.key_type, "rsa") != 0)
		CHECK(input.len <= curve_width(token->key.size_in_bits));
	else
		CHECK(EVP_PKEY_CTX_set_rsa_padding(context,
						   pads ? RSA_PKCS1_PADDING : RSA_NO_PADDING) == 1);
	if (strcmp(operation, "rsa_signature_raw") == 0)
		CHECK_INT(input.len, EVP_PKEY_get_size(token->pkey));
	CHECK(EVP_PKEY_sign(context, out->data, &out->len, input.data, input.len) == 1);
}

static void decrypt(const struct test_token *token, EVP_PKEY_CTX *context, const char *operation,
		    struct kc_view input, struct kc_bytes *out)
{
	bool pads = strcmp(operation, "rsa_encryption_pkcs1") == 0;

	CHECK_INT(input.len, EVP_PKEY_get_size(token->pkey));
	CHECK(EVP_PKEY_decrypt_init(context) == 1);
	CHECK(EVP_PKEY_CTX_set_rsa_padding(context, pads ? RSA_PKCS1_PADDING : RSA_NO_PADDING) ==
	      1);
	CHECK(EVP_PKEY_decrypt(context, out->data, &out->len, input.data, input.len) == 1);
}

static void exchange(EVP_PKEY_CTX *context, EVP_PKEY *pkey, struct kc_view point,
		     struct kc_bytes *out)
{
	EVP_PKEY *peer = EVP_PKEY_new();

	CHECK(peer && EVP_PKEY_copy_parameters(peer, pkey) == 1);
	CHECK(EVP_PKEY_set1_encoded_public_key(peer, point.data, point.len) == 1);
	CHECK(EVP_PKEY_derive_init(context) == 1);
	CHECK(EVP_PKEY_derive_set_peer(context, peer) == 1);
	CHECK(EVP_PKEY_derive(context, out->data, &out->len) == 1);
	EVP_PKEY_free(peer);
}

struct kc_bytes test_token_perform(const struct test_token *token, const char *operation,
				   struct kc_view input)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(token->pkey, NULL);
	struct kc_bytes out = {calloc(1, ANSWER_MAX), ANSWER_MAX};

	CHECK(context && out.data);
	CHECK_TEXT(operation,
		   json_object_get_string(json_object_array_get_idx(token->key.algorithms, 0)));
	if (strstr(operation, "eddsa_signature_"))
		sign_message(token, input, &out);
	else if (strstr(operation, "_signature_"))
		sign(token, context, operation, input, &out);
	else if (strstr(operation, "_encryption_"))
		decrypt(token, context, operation, input, &out);
	else
		exchange(context, token->pkey, input, &out);
	EVP_PKEY_CTX_free(context);
	return out;
}
