/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decryption of what OpenSSL and we have encrypted, above a token with one base operation; and
 * encryption, judged by OpenSSL. Every length at its border and one past it.
 */
#include "keys/decryption.h"

#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "harness/test.h"
#include "keys/algorithms_impl.h"
#include "keys/digest_impl.h"
#include "keys/encryption.h"
#include "keys/test_token.h"

enum {
	BUFFER = 512,
	LIE_MAX = 5000,
};

static const char raw[] = "rsa_encryption_raw";
static const char pkcs1[] = "rsa_encryption_pkcs1";

static EVP_PKEY_CTX *context_of(const struct test_token *token, const struct algorithm *algorithm,
				bool encrypts)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(token->pkey, NULL);
	const EVP_MD *type = digest_type(algorithm->hash);

	CHECK(context);
	CHECK((encrypts ? EVP_PKEY_encrypt_init(context) : EVP_PKEY_decrypt_init(context)) == 1);
	if (!type) {
		CHECK(EVP_PKEY_CTX_set_rsa_padding(context,
						   algorithm->family == ALGORITHM_RSA_ENCRYPTION_RAW
							   ? RSA_NO_PADDING
							   : RSA_PKCS1_PADDING) == 1);
		return context;
	}
	CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1);
	CHECK(EVP_PKEY_CTX_set_rsa_oaep_md(context, type) == 1);
	CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md(context, type) == 1);
	return context;
}

static struct kc_bytes openssl_encrypt(const struct test_token *token,
				       const struct algorithm *algorithm, struct kc_view data)
{
	EVP_PKEY_CTX *context = context_of(token, algorithm, true);
	struct kc_bytes out = {calloc(1, BUFFER), BUFFER};

	CHECK(EVP_PKEY_encrypt(context, out.data, &out.len, data.data, data.len) == 1);
	EVP_PKEY_CTX_free(context);
	return out;
}

static struct kc_bytes openssl_decrypt(const struct test_token *token,
				       const struct algorithm *algorithm, struct kc_view data)
{
	EVP_PKEY_CTX *context = context_of(token, algorithm, false);
	struct kc_bytes out = {calloc(1, BUFFER), BUFFER};

	CHECK(EVP_PKEY_decrypt(context, out.data, &out.len, data.data, data.len) == 1);
	EVP_PKEY_CTX_free(context);
	return out;
}

static enum kc_status decrypt(const struct test_token *token, const char *algorithm,
			      struct kc_view data, struct kc_bytes *ret_plaintext)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes answer = {NULL, 0};

	error_clear();
	TRY(decryption_plan_new(&token->key, algorithm, data, &plan));
	answer = test_token_perform(token, plan_operation(plan), plan_input(plan));
	return plan_finish(plan, &token->key, view_of(answer.data, answer.len), ret_plaintext);
}

static void check_decrypts(const struct test_token *token, const char *algorithm,
			   const struct kc_bytes *ciphertext, struct kc_view expected)
{
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};

	CHECK_OK(decrypt(token, algorithm, view_of(ciphertext->data, ciphertext->len), &plaintext));
	CHECK(view_equal(view_of(plaintext.data, plaintext.len), expected));
}

/* There and back: OpenSSL's to us, ours to us, ours to OpenSSL. */
static void check_both_ways(const struct test_token *token, const struct algorithm *algorithm,
			    struct kc_view data)
{
	CLEANUP(kc_bytes_free) struct kc_bytes theirs = openssl_encrypt(token, algorithm, data);
	CLEANUP(kc_bytes_free) struct kc_bytes ours = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};

	check_decrypts(token, algorithm->name, &theirs, data);
	CHECK_OK(encryption_run(&token->key, algorithm->name, data, &ours));
	CHECK_INT(ours.len, key_facts_len(&token->key));
	check_decrypts(token, algorithm->name, &ours, data);
	plaintext = openssl_decrypt(token, algorithm, view_of(ours.data, ours.len));
	CHECK(view_equal(view_of(plaintext.data, plaintext.len), data));
}

static void check_too_long(const struct test_token *token, const char *algorithm, size_t len)
{
	CLEANUP(kc_bytes_free) struct kc_bytes out = {NULL, 0};
	uint8_t data[BUFFER] = {0};

	error_clear();
	CHECK_STATUS(encryption_run(&token->key, algorithm, view_of(data, len), &out),
		     KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, algorithm) || strstr(error_get()->message, "raw RSA"));
}

static size_t longest(const struct algorithm *algorithm, size_t len)
{
	return algorithm->hash == ALGORITHM_NO_HASH ? len - 11
						    : len - 2 * digest_len(algorithm->hash) - 2;
}

static void check_all(unsigned n_bits)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(n_bits, raw);
	size_t n = 0;

	for (size_t i = 0; i < algorithms_count(); i++) {
		const struct algorithm *algorithm = algorithms_at(i);
		uint8_t data[BUFFER];
		size_t most = 0;

		if (algorithm->family != ALGORITHM_RSA_ENCRYPTION_PKCS1 &&
		    algorithm->family != ALGORITHM_RSA_ENCRYPTION_OAEP)
			continue;
		most = longest(algorithm, key_facts_len(&token.key));
		memset(data, 0xa5, sizeof(data));
		CHECK(decryption_is_supported(&token.key, algorithm->name));
		CHECK(encryption_is_supported(&token.key, algorithm->name));
		check_both_ways(&token, algorithm, view_of(data, 0));
		check_both_ways(&token, algorithm, view_of(data, 1));
		check_both_ways(&token, algorithm, view_of(data, most));
		check_too_long(&token, algorithm->name, most + 1);
		n++;
	}
	CHECK_INT(n, 6);
}

TEST(decryption_all_algorithms)
{
	check_all(2048);
}

/* A modulus whose first byte is not full. */
TEST(decryption_of_odd_sizes)
{
	check_all(1153);
	check_all(1159);
}

/* RSA of a number: short ones have leading zeros, and the result is as long as the modulus. */
TEST(decryption_raw)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(1024, raw);
	CLEANUP(kc_bytes_free) struct kc_bytes one = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};
	uint8_t data[129] = {0};

	memset(data + 1, 0xff, sizeof(data) - 1);
	check_both_ways(&token, algorithms_find(raw), view_of(data, 128));
	CHECK_OK(encryption_run(&token.key, raw, view_of("\x01", 1), &one));
	CHECK_INT(one.len, 128);
	CHECK_INT(one.data[127], 1); /* 1 to any power */
	CHECK_OK(decrypt(&token, raw, view_of("\x01", 1), &plaintext));
	CHECK_INT(plaintext.len, 128);
	CHECK_INT(plaintext.data[127], 1);
	check_too_long(&token, raw, 129);
	check_too_long(&token, raw, 0);
	CHECK_STATUS(encryption_run(&token.key, raw, view_of(data + 1, 128), &one), KC_ERR_PARAM);
	CHECK_STATUS(decrypt(&token, raw, view_of(data, 129), &one), KC_ERR_PARAM);
	CHECK_STATUS(decrypt(&token, raw, view_of(data + 1, 128), &one), KC_ERR_PARAM);
	CHECK_STATUS(decrypt(&token, raw, view_of(data, 0), &one), KC_ERR_PARAM);
}

TEST(decryption_takes_whole_ciphertexts)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(1024, raw);
	struct kc_bytes plaintext = {NULL, 0};
	uint8_t data[129] = {0};
	static const char *const names[] = {pkcs1, "rsa_encryption_oaep_sha1"};

	data[0] = 1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CHECK_STATUS(decrypt(&token, names[i], view_of(data, 127), &plaintext),
			     KC_ERR_PARAM);
		CHECK(strstr(error_get()->message, "takes 128 bytes with this key, not 127"));
		CHECK_STATUS(decrypt(&token, names[i], view_of(data, 129), &plaintext),
			     KC_ERR_PARAM);
		CHECK_STATUS(decrypt(&token, names[i], view_of(data, 0), &plaintext), KC_ERR_PARAM);
		memset(data, 0xff, sizeof(data)); /* not below the modulus */
		CHECK_STATUS(decrypt(&token, names[i], view_of(data, 128), &plaintext),
			     KC_ERR_PARAM);
	}
	CHECK(!plaintext.data);
}

/* The ciphertext of a block that is badly padded in some way: no failure, and always the same. */
static void check_hidden(const struct test_token *token, const uint8_t *block)
{
	CLEANUP(kc_bytes_free)
	struct kc_bytes ciphertext =
		openssl_encrypt(token, algorithms_find(raw), view_of(block, 128));
	CLEANUP(kc_bytes_free) struct kc_bytes one = {NULL, 0};
	struct kc_view data = view_of(ciphertext.data, ciphertext.len);

	CHECK_OK(decrypt(token, pkcs1, data, &one));
	CHECK(one.len <= 117);
	check_decrypts(token, pkcs1, &ciphertext, view_of(one.data, one.len));
}

TEST(decryption_pkcs1_is_no_oracle)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(1024, raw);
	uint8_t block[128];

	memset(block, 0x11, sizeof(block));
	check_hidden(&token, block);
	block[0] = 0;
	check_hidden(&token, block);
	block[1] = 2; /* no separator */
	check_hidden(&token, block);
	block[9] = 0; /* too early */
	check_hidden(&token, block);
	block[1] = 1; /* a signature's */
	check_hidden(&token, block);
}

TEST(decryption_oaep_refuses_other_padding)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(1024, raw);
	CLEANUP(kc_bytes_free) struct kc_bytes ciphertext = {NULL, 0};
	struct kc_bytes plaintext = {NULL, 0};
	static const char *const names[] = {"rsa_encryption_oaep_sha224", pkcs1, raw};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		kc_bytes_free(&ciphertext);
		CHECK_OK(encryption_run(&token.key, names[i], view_of("secret", 6), &ciphertext));
		CHECK_STATUS(decrypt(&token, "rsa_encryption_oaep_sha256",
				     view_of(ciphertext.data, ciphertext.len), &plaintext),
			     KC_ERR_PARAM);
		CHECK_TEXT(error_get()->message,
			   "this was not encrypted with this key and this algorithm");
	}
	CHECK(!plaintext.data);
}

/* A card that unpads does that, and nothing else can be had from it. */
TEST(decryption_by_a_token_that_unpads)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(1024, pkcs1);
	size_t n_supported = 0;

	for (size_t i = 0; i < algorithms_count(); i++)
		n_supported += decryption_is_supported(&token.key, algorithms_at(i)->name);
	CHECK_INT(n_supported, 1);
	check_both_ways(&token, algorithms_find(pkcs1), view_of_text("secret"));
	check_both_ways(&token, algorithms_find(pkcs1), view_of_text(""));
	for (size_t i = 0; i < 2; i++) {
		struct plan *plan = NULL;
		uint8_t data[128] = {0, 1};

		error_clear();
		CHECK_STATUS(decryption_plan_new(&token.key, i ? raw : "rsa_encryption_oaep_sha1",
						 VIEW_OF(data), &plan),
			     KC_ERR_PARAM);
		CHECK(strstr(error_get()->message, "cannot decrypt with"));
	}
}

/* It tells good padding from bad; we do not. Other failures are failures. */
TEST(decryption_hides_what_a_token_refuses)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(1024, pkcs1);
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes one = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes again = {NULL, 0};
	struct kc_bytes none = {NULL, 0};
	uint8_t data[128] = {0, 1};

	CHECK_OK(decryption_plan_new(&token.key, pkcs1, VIEW_OF(data), &plan));
	CHECK_OK(plan_recover(plan, &token.key, KC_ERR_PARAM, &one));
	CHECK_OK(plan_recover(plan, &token.key, KC_ERR_DECODE, &again));
	CHECK(view_equal(view_of(one.data, one.len), view_of(again.data, again.len)));
	kc_bytes_free(&again);
	error_clear();
	CHECK_STATUS(plan_recover(plan, &token.key, KC_ERR_INTERNAL, &none), KC_ERR_INTERNAL);
	error_set_sw(0x6f00);
	CHECK_OK(plan_recover(plan, &token.key, KC_ERR_INTERNAL, &again));
	CHECK(view_equal(view_of(one.data, one.len), view_of(again.data, again.len)));
	CHECK_STATUS(plan_recover(plan, &token.key, KC_ERR_ITEM_NOT_FOUND, &none),
		     KC_ERR_ITEM_NOT_FOUND);
	CHECK_STATUS(plan_recover(plan, &token.key, KC_ERR_AUTH_FAILED, &none), KC_ERR_AUTH_FAILED);
	plan = plan_free(plan);
	test_token_offer(&token, raw);
	CHECK_OK(decryption_plan_new(&token.key, pkcs1, VIEW_OF(data), &plan));
	CHECK_STATUS(plan_recover(plan, &token.key, KC_ERR_PARAM, &none), KC_ERR_PARAM);
	CHECK(!none.data);
}

TEST(decryption_finds_out_a_lying_token)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(1024, raw);
	struct kc_bytes plaintext = {NULL, 0};
	uint8_t data[LIE_MAX] = {0, 1};
	static const size_t sizes[] = {0, 1, 127, 129, LIE_MAX};

	for (size_t i = 0; i < ARRAY_LEN(sizes) * 2; i++) {
		CLEANUP(plan_freep) struct plan *plan = NULL;
		size_t len = sizes[i / 2];

		test_token_offer(&token, i % 2 ? pkcs1 : raw);
		CHECK_OK(decryption_plan_new(&token.key, pkcs1, view_of(data, 128), &plan));
		error_clear();
		if (i % 2 && len <= 128)
			continue;
		CHECK_STATUS(plan_finish(plan, &token.key, view_of(data, len), &plaintext),
			     KC_ERR_DECODE);
	}
	CHECK(!plaintext.data);
}

/* 2 hLen + 2 bytes and not one fewer; with just those the message is empty. */
TEST(decryption_oaep_needs_a_long_modulus)
{
	struct key_facts key = {.key_type = "rsa", .public_key = {NULL, 0}};
	static const struct {
		const char *hash;
		unsigned smallest;
	} borders[] = {
		{"sha1", 329}, {"sha224", 457}, {"sha256", 521}, {"sha384", 777}, {"sha512", 1033}};

	for (size_t i = 0; i < ARRAY_LEN(borders); i++) {
		char name[64];

		snprintf(name, sizeof(name), "rsa_encryption_oaep_%s", borders[i].hash);
		key.size_in_bits = borders[i].smallest;
		CHECK(encryption_is_supported(&key, name));
		key.size_in_bits = borders[i].smallest - 1;
		CHECK(!encryption_is_supported(&key, name));
	}
	CHECK_INT(error_get()->status, KC_OK);
}

TEST(decryption_oaep_at_the_border)
{
	CLEANUP(test_token_done) struct test_token fits = test_token_rsa(1033, raw);
	CLEANUP(test_token_done) struct test_token short_one = test_token_rsa(1032, raw);
	const char *name = "rsa_encryption_oaep_sha512";
	struct kc_bytes out = {NULL, 0};
	uint8_t data[129] = {0};

	check_both_ways(&fits, algorithms_find(name), view_of(data, 0));
	check_too_long(&fits, name, 1);
	CHECK(!decryption_is_supported(&short_one.key, name));
	CHECK_STATUS(encryption_run(&short_one.key, name, view_of(data, 0), &out), KC_ERR_PARAM);
	CHECK_STATUS(decrypt(&short_one, name, VIEW_OF(data), &out), KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "a key of 1032 bits is too short"));
}

TEST(decryption_refuses_what_is_not_for_the_key)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_ec("P-256", "ecdsa_signature_digest_x962");
	CLEANUP(test_token_done) struct test_token rsa = test_token_rsa(1024, raw);
	struct kc_bytes out = {NULL, 0};

	CHECK_STATUS(decrypt(&token, pkcs1, view_of("x", 1), &out), KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "is for rsa keys, this one is ec"));
	CHECK_STATUS(encryption_run(&token.key, pkcs1, view_of("x", 1), &out), KC_ERR_PARAM);
	CHECK_STATUS(decrypt(&rsa, "rsa_signature_raw", view_of("x", 1), &out), KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "rsa_signature_raw is no encryption algorithm"));
	CHECK_STATUS(decrypt(&rsa, "rsa_encryption_oap_sha256", view_of("x", 1), &out),
		     KC_ERR_PARAM);
	CHECK(strstr(error_get()->hint, "rsa_encryption_oaep_sha256"));
	CHECK_STATUS(decrypt(&rsa, "", view_of("x", 1), &out), KC_ERR_PARAM);
	CHECK(strstr(error_get()->hint, "rsa_encryption_oaep_sha256 and others"));
	CHECK(!decryption_is_supported(&rsa.key, "ecdh_key_exchange_standard"));
}
