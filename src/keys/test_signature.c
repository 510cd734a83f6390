/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every algorithm over a token that has only the raw operation, checked by OpenSSL's one-call
 * verification; and OpenSSL's signatures checked by ours. The token is a private key of OpenSSL.
 */
#include "keys/signature.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/curve.h"
#include "harness/test.h"
#include "keys/algorithms_impl.h"
#include "keys/digest_impl.h"
#include "keys/ecdsa_form_impl.h"
#include "keys/padding_impl.h"
#include "keys/test_token.h"

static const char eddsa[] = "eddsa_signature_message_ed25519";

static struct kc_bytes sign(const struct test_token *token, const char *algorithm,
			    struct kc_view data)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	struct kc_bytes signature = {NULL, 0};
	struct kc_bytes answer = {NULL, 0};

	CHECK_OK(signature_plan_new(&token->key, algorithm, data, &plan));
	answer = test_token_perform(token, plan_operation(plan), plan_input(plan));
	CHECK_OK(plan_finish(plan, &token->key, view_of(answer.data, answer.len), &signature));
	kc_bytes_free(&answer);
	return signature;
}

/* As an outsider would verify a signature over a message. */
static bool openssl_verifies(EVP_PKEY *pkey, const struct algorithm *algorithm,
			     struct kc_view message, struct kc_view signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	bool is_valid = false;

	CHECK(EVP_DigestVerifyInit(context, &options, digest_type(algorithm->hash), NULL, pkey) ==
	      1);
	if (algorithm->family == ALGORITHM_RSA_PSS) {
		CHECK(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
		CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
	}
	is_valid = EVP_DigestVerify(context, signature.data, signature.len, message.data,
				    message.len) == 1;
	EVP_MD_CTX_free(context);
	return is_valid;
}

static void check_with_openssl(const struct test_token *token, const struct algorithm *algorithm,
			       struct kc_view message, struct kc_view signature)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(4096);

	if (algorithm->family == ALGORITHM_ECDSA_RFC4754) {
		CHECK_INT(signature.len, 2 * curve_width(token->key.size_in_bits));
		CHECK_OK(ecdsa_form_put_der(signature, token->key.size_in_bits, &der));
		signature = bytes_view(&der);
	}
	CHECK(openssl_verifies(token->pkey, algorithm, message, signature));
}

/* Signature over @data by @algorithm: ours says yes to it, and no to it with one bit changed. */
static void check_verify(const struct test_token *token, const char *algorithm, struct kc_view data,
			 struct kc_bytes *signature)
{
	struct kc_view view = view_of(signature->data, signature->len);

	CHECK_OK(signature_verify(&token->key, algorithm, data, view));
	signature->data[signature->len / 2] ^= 0x10;
	error_clear();
	CHECK_STATUS(signature_verify(&token->key, algorithm, data, view), KC_ERR_VERIFY_FAILED);
	signature->data[signature->len / 2] ^= 0x10;
	view.len--;
	error_clear();
	CHECK_STATUS(signature_verify(&token->key, algorithm, data, view), KC_ERR_VERIFY_FAILED);
}

static void check_algorithm(const struct test_token *token, const struct algorithm *algorithm)
{
	struct kc_view message = view_of_text("what a person signs");
	CLEANUP(bytes_done) struct bytes digest = BYTES_INIT(64);
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct kc_view data = message;

	if (!algorithm->takes_message) {
		CHECK_OK(digest_put(algorithm->hash, message, &digest));
		data = bytes_view(&digest);
	}
	CHECK(signature_is_supported(&token->key, algorithm->name, true));
	CHECK(signature_is_supported(&token->key, algorithm->name, false));
	signature = sign(token, algorithm->name, data);
	check_with_openssl(token, algorithm, message, view_of(signature.data, signature.len));
	check_verify(token, algorithm->name, data, &signature);
}

/* @n_expected: two families, digest and message, five hashes; and MD5 with PKCS#1 v1.5. */
static void check_all(struct test_token *token, size_t n_expected)
{
	size_t n = 0;

	for (size_t i = 0; i < algorithms_count(); i++) {
		const struct algorithm *algorithm = algorithms_at(i);

		if (algorithm->purpose != ALGORITHM_SIGNATURE ||
		    algorithm->hash == ALGORITHM_NO_HASH ||
		    strcmp(algorithm->key_type, token->key.key_type) != 0)
			continue;
		check_algorithm(token, algorithm);
		n++;
	}
	CHECK_INT(n, n_expected);
}

TEST(signature_rsa_all_algorithms)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_rsa(2048, "rsa_signature_raw");

	check_all(&token, 22);
}

/* A modulus one bit over a whole byte: the PSS block is one byte shorter than it. */
TEST(signature_rsa_of_odd_sizes)
{
	static const unsigned sizes[] = {1153, 1160, 1159};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		CLEANUP(test_token_done)
		struct test_token token = test_token_rsa(sizes[i], "rsa_signature_raw");

		check_all(&token, 22);
	}
}

TEST(signature_ec_all_curves)
{
	static const char *const curves[] = {"P-224",	  "P-256",	     "P-384", "P-521",
					     "secp256k1", "brainpoolP256r1", "P-192"};

	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		CLEANUP(test_token_done)
		struct test_token token = test_token_ec(curves[i], "ecdsa_signature_digest_x962");

		check_all(&token, 20);
	}
}

/* What comes from elsewhere verifies too; PSS with another salt length is another algorithm. */
TEST(signature_verifies_foreign_signatures)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_rsa(2048, "rsa_signature_raw");
	struct kc_view message = view_of_text("from elsewhere");
	uint8_t out[256];

	for (int salt_len = 20; salt_len <= 32; salt_len += 12) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		EVP_PKEY_CTX *options = NULL;
		size_t len = sizeof(out);

		CHECK(EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, token.pkey) == 1);
		CHECK(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
		CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt_len) == 1);
		CHECK(EVP_DigestSign(context, out, &len, message.data, message.len) == 1);
		EVP_MD_CTX_free(context);
		error_clear();
		CHECK_STATUS(signature_verify(&token.key, "rsa_signature_message_pss_sha256",
					      message, view_of(out, len)),
			     salt_len == 32 ? KC_OK : KC_ERR_VERIFY_FAILED);
	}
}

static void check_plan_fails(const struct test_token *token, const char *algorithm, size_t len)
{
	struct plan *plan = NULL;
	uint8_t data[1024] = {0};

	CHECK(len <= sizeof(data));
	error_clear();
	CHECK_STATUS(signature_plan_new(&token->key, algorithm, view_of(data, len), &plan),
		     KC_ERR_PARAM);
	CHECK(!plan);
	CHECK_INT(error_get()->status, KC_ERR_PARAM);
	error_clear();
	CHECK_STATUS(
		signature_verify(&token->key, algorithm, view_of(data, len), view_of(data, 256)),
		KC_ERR_PARAM);
}

TEST(signature_holds_digests_to_their_length)
{
	CLEANUP(test_token_done) struct test_token rsa = test_token_rsa(2048, "rsa_signature_raw");
	CLEANUP(test_token_done)
	struct test_token ec = test_token_ec("P-256", "ecdsa_signature_digest_x962");

	for (size_t i = 0; i < algorithms_count(); i++) {
		const struct algorithm *algorithm = algorithms_at(i);
		bool is_rsa = strcmp(algorithm->key_type, "rsa") == 0;
		size_t len = digest_len(algorithm->hash);

		if (algorithm->purpose != ALGORITHM_SIGNATURE || algorithm->takes_message ||
		    len == 0)
			continue;
		check_plan_fails(is_rsa ? &rsa : &ec, algorithm->name, len - 1);
		check_plan_fails(is_rsa ? &rsa : &ec, algorithm->name, len + 1);
		check_plan_fails(is_rsa ? &rsa : &ec, algorithm->name, 0);
	}
}

/* DigestInfo of the caller's own making: up to k - 11 bytes. */
TEST(signature_rsa_digest_raw)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_rsa(1024, "rsa_signature_raw");
	const char *name = "rsa_signature_digest_pkcs1v15_raw";
	uint8_t data[118];
	static const size_t sizes[] = {1, 36, 117};

	memset(data, 0xab, sizeof(data));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		CLEANUP(kc_bytes_free)
		struct kc_bytes signature = sign(&token, name, view_of(data, sizes[i]));

		check_verify(&token, name, view_of(data, sizes[i]), &signature);
	}
	check_plan_fails(&token, name, 118);
	check_plan_fails(&token, name, 0);
}

/* A DigestInfo signed "raw" is the signature of the algorithm with that hash. */
TEST(signature_rsa_digest_raw_is_the_lower_step)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_rsa(1024, "rsa_signature_raw");
	CLEANUP(bytes_done) struct bytes info = BYTES_INIT(128);
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct kc_view message = view_of_text("m");

	CHECK_OK(bytes_append(&info, digest_info_prefix(ALGORITHM_SHA384)));
	CHECK_OK(digest_put(ALGORITHM_SHA384, message, &info));
	signature = sign(&token, "rsa_signature_digest_pkcs1v15_raw", bytes_view(&info));
	check_verify(&token, "rsa_signature_message_pkcs1v15_sha384", message, &signature);
}

TEST(signature_rsa_raw)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_rsa(1024, "rsa_signature_raw");
	const char *name = "rsa_signature_raw";
	CLEANUP(kc_bytes_free) struct kc_bytes one = sign(&token, name, view_of("\x01", 1));
	CLEANUP(kc_bytes_free) struct kc_bytes full = {NULL, 0};
	struct plan *plan = NULL;
	uint8_t data[129];

	CHECK_INT(one.len, 128);
	CHECK_INT(one.data[127], 1); /* 1 to any power */
	check_verify(&token, name, view_of("\x01", 1), &one);
	memset(data, 0xff, sizeof(data));
	CHECK_STATUS(signature_plan_new(&token.key, name, view_of(data, 128), &plan),
		     KC_ERR_PARAM); /* not below the modulus */
	data[0] = 0;
	full = sign(&token, name, view_of(data, 128));
	check_verify(&token, name, view_of(data, 128), &full);
	check_plan_fails(&token, name, 129);
	check_plan_fails(&token, name, 0);
}

static void check_any_length(const char *curve)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_ec(curve, "ecdsa_signature_digest_x962");
	uint8_t data[100];
	static const size_t sizes[] = {1, 20, 31, 32, 33, 64, 100};
	static const char *const names[] = {"ecdsa_signature_digest_x962",
					    "ecdsa_signature_digest_rfc4754",
					    "ecdsa_signature_rfc4754"};

	memset(data, 0xcd, sizeof(data));
	for (size_t i = 0; i < ARRAY_LEN(sizes) * ARRAY_LEN(names); i++) {
		const char *name = names[i % ARRAY_LEN(names)];
		struct kc_view digest = view_of(data, sizes[i / ARRAY_LEN(names)]);
		CLEANUP(kc_bytes_free) struct kc_bytes signature = sign(&token, name, digest);

		check_verify(&token, name, digest, &signature);
	}
	check_plan_fails(&token, names[0], 0);
}

TEST(signature_ec_takes_digests_of_any_length)
{
	check_any_length("P-256");
	check_any_length("P-521"); /* its order does not end at a byte */
}

TEST(signature_ec_cuts_long_digests)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_ec("P-256", "ecdsa_signature_digest_x962");
	CLEANUP(plan_freep) struct plan *plan = NULL;
	uint8_t data[64];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	CHECK_OK(signature_plan_new(&token.key, "ecdsa_signature_digest_x962_sha512", VIEW_OF(data),
				    &plan));
	CHECK(view_equal(plan_input(plan), view_of(data, 32)));
	plan = plan_free(plan);
	CHECK_OK(signature_plan_new(&token.key, "ecdsa_signature_digest_x962_sha1",
				    view_of(data, 20), &plan));
	CHECK(view_equal(plan_input(plan), view_of(data, 20))); /* not padded */
}

/* RFC 8017 9.1.1: 2 * 64 + 2 bytes of 8 bits, less the first byte's surplus, plus one bit. */
TEST(signature_pss_needs_a_long_modulus)
{
	struct key_facts key = {.key_type = "rsa", .public_key = {NULL, 0}};
	static const struct {
		const char *hash;
		unsigned smallest;
	} borders[] = {
		{"sha1", 330}, {"sha224", 458}, {"sha256", 522}, {"sha384", 778}, {"sha512", 1034}};

	for (size_t i = 0; i < ARRAY_LEN(borders); i++) {
		char name[64];

		snprintf(name, sizeof(name), "rsa_signature_message_pss_%s", borders[i].hash);
		key.size_in_bits = borders[i].smallest;
		CHECK(signature_is_supported(&key, name, false));
		key.size_in_bits = borders[i].smallest - 1;
		CHECK(!signature_is_supported(&key, name, false));
	}
	CHECK_INT(error_get()->status, KC_OK);
}

TEST(signature_pss_at_the_border)
{
	CLEANUP(test_token_done) struct test_token fits = test_token_rsa(1034, "rsa_signature_raw");
	CLEANUP(test_token_done)
	struct test_token short_one = test_token_rsa(1033, "rsa_signature_raw");

	check_algorithm(&fits, algorithms_find("rsa_signature_message_pss_sha512"));
	check_plan_fails(&short_one, "rsa_signature_message_pss_sha512", 5);
	check_plan_fails(&short_one, "rsa_signature_digest_pss_sha512", 64);
}

TEST(signature_pkcs1v15_needs_room)
{
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(512, "rsa_signature_raw");

	/* 64 bytes: 19 + 32 + 11 = 62 fit, 19 + 48 + 11 do not. */
	check_algorithm(&token, algorithms_find("rsa_signature_message_pkcs1v15_sha256"));
	CHECK(!signature_is_supported(&token.key, "rsa_signature_digest_pkcs1v15_sha384", true));
	check_plan_fails(&token, "rsa_signature_digest_pkcs1v15_sha384", 48);
}

static void check_operation(struct test_token *token, const char *offered, const char *asked,
			    const char *expected)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	const struct algorithm *algorithm = algorithms_find(asked);
	uint8_t data[64] = {1};
	size_t len = algorithm->takes_message ? 3 : digest_len(algorithm->hash);
	enum kc_status status = KC_OK;

	test_token_offer(token, offered);
	error_clear();
	status = signature_plan_new(&token->key, asked, view_of(data, len ? len : 32), &plan);
	CHECK_STATUS(status, expected ? KC_OK : KC_ERR_PARAM);
	CHECK_INT(signature_is_supported(&token->key, asked, true), expected != NULL);
	if (expected)
		CHECK_TEXT(plan_operation(plan), expected);
	if (expected && strcmp(offered, asked) == 0)
		CHECK_INT(plan_input(plan).len, len ? len : 32);
}

TEST(signature_uses_the_highest_operation)
{
	CLEANUP(test_token_done) struct test_token rsa = test_token_rsa(2048, "rsa_signature_raw");
	CLEANUP(test_token_done)
	struct test_token ec = test_token_ec("P-256", "ecdsa_signature_digest_x962");
	const char *digest = "ecdsa_signature_digest_x962_sha256";
	const char *pss = "rsa_signature_message_pss_sha256";

	check_operation(&rsa, pss, pss, pss);
	check_operation(&rsa, pss, "rsa_signature_digest_pss_sha256", NULL);
	check_operation(&rsa, "rsa_signature_digest_pkcs1v15_raw",
			"rsa_signature_message_pkcs1v15_sha256",
			"rsa_signature_digest_pkcs1v15_raw");
	check_operation(&rsa, "rsa_signature_digest_pkcs1v15_raw", pss, NULL);
	check_operation(&ec, digest, "ecdsa_signature_message_x962_sha256", digest);
	check_operation(&ec, digest, "ecdsa_signature_message_rfc4754_sha256", digest);
	check_operation(&ec, digest, "ecdsa_signature_digest_rfc4754_sha256", digest);
	check_operation(&ec, digest, "ecdsa_signature_digest_x962", NULL);
	check_operation(&ec, digest, "ecdsa_signature_message_x962_sha384", NULL);
}

/* A card that pads what it is given: a DigestInfo of the right hash, and nothing but PKCS#1. */
TEST(signature_by_a_token_that_pads)
{
	const char *operation = "rsa_signature_digest_pkcs1v15_raw";
	CLEANUP(test_token_done) struct test_token token = test_token_rsa(1024, operation);
	CLEANUP(kc_bytes_free) struct kc_bytes plain = {NULL, 0};
	uint8_t info[118] = {0x30};
	size_t n = 0;

	for (size_t i = 0; i < algorithms_count(); i++) {
		const struct algorithm *algorithm = algorithms_at(i);
		bool is_pkcs1v15 = algorithm->family == ALGORITHM_RSA_PKCS1V15;

		if (strcmp(algorithm->key_type, "rsa") != 0)
			continue;
		CHECK_INT(signature_is_supported(&token.key, algorithm->name, true), is_pkcs1v15);
		if (!is_pkcs1v15 || algorithm->hash == ALGORITHM_NO_HASH)
			continue;
		check_algorithm(&token, algorithm);
		n++;
	}
	CHECK_INT(n, 12);
	plain = sign(&token, operation, view_of(info, 117));
	check_verify(&token, operation, view_of(info, 117), &plain);
	check_plan_fails(&token, operation, 118);
}

TEST(signature_refuses_what_is_not_for_the_key)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_ec("P-256", "ecdsa_signature_digest_x962");

	check_plan_fails(&token, "rsa_signature_message_pss_sha256", 3);
	check_plan_fails(&token, "eddsa_signature_message_ed25519", 3);
	check_plan_fails(&token, "", 3);
	check_plan_fails(&token, "ecdsa_signature_message_x962_sha265", 3);
	CHECK_TEXT(error_get()->hint, "did you mean \"ecdsa_signature_message_x962_sha256\"?");
	CHECK(!signature_is_supported(&token.key, "rsa_signature_raw", false));
	error_clear();
	CHECK_STATUS(signature_verify(&token.key, "ecdsa_signature_mesage_x962_sha256",
				      view_of_text("m"), view_of_text("s")),
		     KC_ERR_PARAM);
	CHECK(strstr(error_get()->hint, "ecdsa_signature_message_x962_sha256"));
	error_clear();
	CHECK_STATUS(signature_verify(&token.key, "rsa_signature_message_pkcs1v15_sha256",
				      view_of_text("m"), view_of_text("s")),
		     KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "is for rsa keys"));
	CHECK(strstr(error_get()->hint, "ecdsa_signature_message_x962_sha256 and others"));
}

/* A token that answers with somebody else's signature, or with noise, is found out. */
TEST(signature_finds_out_a_lying_token)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_ec("P-256", "ecdsa_signature_digest_x962");
	CLEANUP(test_token_done)
	struct test_token other = test_token_ec("P-256", "ecdsa_signature_digest_x962");
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes answer = {NULL, 0};
	struct kc_bytes signature = {NULL, 0};
	uint8_t long_answer[5000] = {0};

	CHECK_OK(signature_plan_new(&token.key, "ecdsa_signature_message_rfc4754_sha256",
				    view_of_text("m"), &plan));
	answer = test_token_perform(&other, plan_operation(plan), plan_input(plan));
	CHECK_STATUS(plan_finish(plan, &token.key, view_of(answer.data, answer.len), &signature),
		     KC_ERR_VERIFY_FAILED);
	CHECK_STATUS(plan_finish(plan, &token.key, view_of("0", 1), &signature),
		     KC_ERR_VERIFY_FAILED);
	CHECK_STATUS(plan_finish(plan, &token.key, view_of(NULL, 0), &signature),
		     KC_ERR_VERIFY_FAILED);
	CHECK_STATUS(plan_finish(plan, &token.key, VIEW_OF(long_answer), &signature),
		     KC_ERR_VERIFY_FAILED);
	CHECK(strstr(error_get()->message, "what the token signed"));
	CHECK(!signature.data);
}

TEST(signature_refuses_damaged_public_keys)
{
	CLEANUP(test_token_done) struct test_token rsa = test_token_rsa(1024, "rsa_signature_raw");
	CLEANUP(test_token_done)
	struct test_token ec = test_token_ec("P-256", "ecdsa_signature_digest_x962");

	rsa.key.size_in_bits = 2048;
	check_plan_fails(&rsa, "rsa_signature_raw", 5);
	rsa.key.size_in_bits = 1024;
	rsa.key.public_key.len--;
	check_plan_fails(&rsa, "rsa_signature_raw", 5);
	ec.public_key[40] ^= 1; /* off the curve */
	error_clear();
	CHECK_STATUS(signature_verify(&ec.key, "ecdsa_signature_message_x962_sha256",
				      view_of_text("m"), view_of_text("s")),
		     KC_ERR_PARAM);
}

/* RFC 8032, 7.1: a private key, its public key, and the signature over two bytes. */
TEST(signature_eddsa_as_published)
{
	static const uint8_t message[] = {0xaf, 0x82};
	static const uint8_t public_key[] = {0xfc, 0x51, 0xcd, 0x8e, 0x62, 0x18, 0xa1, 0xa3,
					     0x8d, 0xa4, 0x7e, 0xd0, 0x02, 0x30, 0xf0, 0x58,
					     0x08, 0x16, 0xed, 0x13, 0xba, 0x33, 0x03, 0xac,
					     0x5d, 0xeb, 0x91, 0x15, 0x48, 0x90, 0x80, 0x25};
	static const uint8_t signature[] = {
		0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02, 0x48, 0x27, 0xe6, 0x9c, 0x3a,
		0xbe, 0x01, 0xa3, 0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44, 0x5e, 0x36,
		0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac, 0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2,
		0x90, 0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59, 0x4a, 0x7c, 0x15, 0xe9,
		0x71, 0x6e, 0xd2, 0x8d, 0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a};
	const struct key_facts key = {
		.key_type = "ed25519", .size_in_bits = 256, .public_key = VIEW_OF(public_key)};

	CHECK_OK(signature_verify(&key, eddsa, VIEW_OF(message), VIEW_OF(signature)));
	CHECK_STATUS(signature_verify(&key, eddsa, view_of(message, 1), VIEW_OF(signature)),
		     KC_ERR_VERIFY_FAILED);
}

static void check_cannot_sign(const struct test_token *token, const char *algorithm,
			      struct kc_view message, const char *complaint)
{
	struct plan *plan = NULL;

	error_clear();
	CHECK_STATUS(signature_plan_new(&token->key, algorithm, message, &plan), KC_ERR_PARAM);
	CHECK(!plan);
	CHECK_TEXT(error_get()->message, complaint);
}

TEST(signature_eddsa_is_over_the_message)
{
	static const char *const types[] = {"ed25519", "ed448"};
	static uint8_t message[65536];
	static const size_t sizes[] = {0, 1, 5000, 65535};

	for (size_t i = 0; i < ARRAY_LEN(types) * ARRAY_LEN(sizes); i++) {
		const char *type = types[i % 2];
		struct kc_view data = view_of(message, sizes[i / 2]);
		char name[64];

		snprintf(name, sizeof(name), "eddsa_signature_message_%s", type);
		CLEANUP(test_token_done) struct test_token token = test_token_raw(type, name);
		CLEANUP(kc_bytes_free) struct kc_bytes signature = sign(&token, name, data);

		CHECK(signature_is_supported(&token.key, name, true));
		check_verify(&token, name, data, &signature);
		check_cannot_sign(
			&token, name, VIEW_OF(message),
			"a message of 65536 bytes; a token signs messages of up to 65535");
	}
}

TEST(signature_eddsa_and_nothing_else)
{
	CLEANUP(test_token_done) struct test_token token = test_token_raw("ed25519", eddsa);
	CLEANUP(test_token_done) struct test_token other = test_token_raw("ed25519", eddsa);
	CLEANUP(test_token_done) struct test_token mute = test_token_raw("ed25519", "none");
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes answer = {NULL, 0};
	struct kc_bytes signature = {NULL, 0};

	check_plan_fails(&token, "ecdsa_signature_message_x962_sha256", 3);
	CHECK(strstr(error_get()->hint, eddsa));
	check_plan_fails(&token, "eddsa_signature_message_ed448", 3);
	check_cannot_sign(&mute, eddsa, view_of_text("m"),
			  "the token of this key cannot sign with eddsa_signature_message_ed25519");
	CHECK(signature_is_supported(&mute.key, eddsa, false));
	CHECK(!signature_is_supported(&mute.key, eddsa, true));
	CHECK_OK(signature_plan_new(&token.key, eddsa, view_of_text("m"), &plan));
	answer = test_token_perform(&other, eddsa, plan_input(plan));
	CHECK_STATUS(plan_finish(plan, &token.key, view_of(answer.data, answer.len), &signature),
		     KC_ERR_VERIFY_FAILED);
	CHECK_STATUS(plan_finish(plan, &token.key, view_of(answer.data, 63), &signature),
		     KC_ERR_VERIFY_FAILED);
	CHECK(!signature.data);
	token.key.public_key.len--;
	CHECK_STATUS(signature_verify(&token.key, eddsa, view_of_text("m"),
				      view_of(answer.data, answer.len)),
		     KC_ERR_PARAM);
	token.key.public_key.len++;
	token.key.size_in_bits = 255;
	CHECK_STATUS(signature_verify(&token.key, eddsa, view_of_text("m"),
				      view_of(answer.data, answer.len)),
		     KC_ERR_PARAM);
}

/* RFC 4754 8.1's form: fixed width, so a small r keeps its leading zeros. */
TEST(ecdsa_form_keeps_leading_zeros)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(256);
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(256);
	static const uint8_t small[] = {0x30, 0x07, 0x02, 0x01, 0x05, 0x02, 0x02, 0x00, 0x80};

	CHECK_OK(ecdsa_form_put_plain(VIEW_OF(small), 256, &plain));
	CHECK_INT(plain.len, 64);
	CHECK_INT(plain.data[31], 5);
	CHECK_INT(plain.data[63], 0x80);
	CHECK_OK(ecdsa_form_put_der(bytes_view(&plain), 256, &der));
	CHECK(view_equal(bytes_view(&der), VIEW_OF(small)));
	CHECK_STATUS(ecdsa_form_put_der(view_of(plain.data, 63), 256, &der), KC_ERR_VERIFY_FAILED);
	CHECK_STATUS(ecdsa_form_put_plain(view_of(small, 8), 256, &plain), KC_ERR_VERIFY_FAILED);
}
