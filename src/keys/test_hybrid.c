/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ends in _aesgcm: there and back through a token with the base operation, at the borders and
 * with every part of a ciphertext changed. Another implementation judges the formats in
 * test_known_answers.c and in tests/integration/test_algorithms.py.
 */
#include "base/try.h"
#include "harness/test.h"
#include "keys/aes_gcm_impl.h"
#include "keys/algorithms_impl.h"
#include "keys/decryption.h"
#include "keys/encryption.h"
#include "keys/test_token.h"

static const char oaep[] = "rsa_encryption_oaep_sha256_aesgcm";
static const char ecies[] = "ecies_encryption_standard_variable_iv_x963_sha256_aesgcm";
static const char foreign[] = "this was not encrypted with this key and this algorithm";

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

static void check_there_and_back(const struct test_token *token, const char *name, size_t head,
				 struct kc_view data)
{
	CLEANUP(kc_bytes_free) struct kc_bytes ciphertext = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};

	CHECK_OK(encryption_run(&token->key, name, data, &ciphertext));
	CHECK_INT(ciphertext.len, head + data.len + AES_GCM_TAG_BYTES);
	CHECK_OK(decrypt(token, name, view_of(ciphertext.data, ciphertext.len), &plaintext));
	CHECK(view_equal(view_of(plaintext.data, plaintext.len), data));
}

static bool is_hybrid(const struct algorithm *algorithm, const struct test_token *token)
{
	return strstr(algorithm->name, "_aesgcm") &&
	       algorithms_is_for(algorithm, token->key.key_type);
}

/* @head: bytes before the ciphertext itself. */
static void check_all(const struct test_token *token, size_t head, size_t n_expected)
{
	static const uint8_t data[70000] = {1, 2, 3};
	size_t n = 0;

	for (size_t i = 0; i < algorithms_count(); i++) {
		const char *name = algorithms_at(i)->name;

		if (!is_hybrid(algorithms_at(i), token))
			continue;
		CHECK(encryption_is_supported(&token->key, name));
		CHECK(decryption_is_supported(&token->key, name));
		check_there_and_back(token, name, head, view_of(data, 0));
		check_there_and_back(token, name, head, view_of(data, 1));
		check_there_and_back(token, name, head, VIEW_OF(data));
		n++;
	}
	CHECK_INT(n, n_expected);
}

TEST(hybrid_ec_all_curves)
{
	static const struct {
		const char *curve;
		size_t point_len;
	} curves[] = {{"P-192", 49},
		      {"P-256", 65},
		      {"secp256k1", 65},
		      {"P-384", 97},
		      {"brainpoolP512r1", 129},
		      {"P-521", 133}};

	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		CLEANUP(test_token_done)
		struct test_token token =
			test_token_ec(curves[i].curve, "ecdh_key_exchange_standard");

		check_all(&token, curves[i].point_len, 18); /* 5 + 4, standard and cofactor */
	}
}

TEST(hybrid_rsa)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_rsa(2048, "rsa_encryption_raw");

	check_all(&token, 256, 5);
}

static void check_foreign(const struct test_token *token, const char *name, struct kc_view data)
{
	struct kc_bytes plaintext = {NULL, 0};

	CHECK_STATUS(decrypt(token, name, data, &plaintext), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, foreign);
	CHECK(!plaintext.data);
}

/* One status and one message, wherever it was found out. */
TEST(hybrid_refuses_whatever_was_changed)
{
	CLEANUP(test_token_done)
	struct test_token rsa = test_token_rsa(1024, "rsa_encryption_raw");
	CLEANUP(test_token_done)
	struct test_token ec = test_token_ec("P-256", "ecdh_key_exchange_standard");
	struct {
		const struct test_token *token;
		const char *name;
	} cases[] = {{&rsa, oaep}, {&ec, ecies}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(kc_bytes_free) struct kc_bytes out = {NULL, 0};
		struct kc_view data;

		CHECK_OK(encryption_run(&cases[i].token->key, cases[i].name, view_of_text("secret"),
					&out));
		data = view_of(out.data, out.len);
		for (size_t at = 1; at < out.len; at++) {
			out.data[at] ^= 1;
			check_foreign(cases[i].token, cases[i].name, data);
			out.data[at] ^= 1;
		}
	}
}

static void check_too_short(const struct test_token *token, const char *name, size_t shortest)
{
	CLEANUP(kc_bytes_free) struct kc_bytes out = {NULL, 0};
	struct kc_bytes none = {NULL, 0};

	CHECK_OK(encryption_run(&token->key, name, view_of(NULL, 0), &out));
	CHECK_INT(out.len, shortest);
	for (size_t len = 0; len < shortest; len += len + 1 < shortest ? shortest - 1 : 1) {
		CHECK_STATUS(decrypt(token, name, view_of(out.data, len), &none), KC_ERR_PARAM);
		CHECK(strstr(error_get()->message, "bytes or more with this key"));
	}
}

/* reference/keychain.md 5.3: input shorter than point and tag is no input. */
TEST(hybrid_needs_all_its_parts)
{
	CLEANUP(test_token_done)
	struct test_token rsa = test_token_rsa(1024, "rsa_encryption_raw");
	CLEANUP(test_token_done)
	struct test_token ec = test_token_ec("P-384", "ecdh_key_exchange_standard");

	check_too_short(&rsa, oaep, 128 + 16);
	check_too_short(&ec, ecies, 97 + 16);
}

/* Both would decrypt with it, so the ciphertext has to say for whom it is: RSA's public key is
 * authenticated, the ephemeral point is in the derivation. */
TEST(hybrid_is_for_one_key_and_one_algorithm)
{
	CLEANUP(test_token_done)
	struct test_token ec = test_token_ec("P-256", "ecdh_key_exchange_standard");
	CLEANUP(test_token_done)
	struct test_token other = test_token_ec("P-256", "ecdh_key_exchange_standard");
	CLEANUP(test_token_done)
	struct test_token larger = test_token_ec("P-384", "ecdh_key_exchange_standard");
	CLEANUP(kc_bytes_free) struct kc_bytes out = {NULL, 0};
	struct kc_view data;

	CHECK_OK(
		encryption_run(&ec.key, ecies, view_of_text("a secret that is long enough"), &out));
	data = view_of(out.data, out.len);
	check_foreign(&other, ecies, data);
	check_foreign(&ec, "ecies_encryption_standard_x963_sha256_aesgcm", data);
	check_foreign(&ec, "ecies_encryption_standard_variable_iv_x963_sha384_aesgcm", data);
	/* What reads past the end of the point finds no point either. */
	out.len = out.len < 97 + 16 ? out.len : 97 + 16;
	CHECK_STATUS(decrypt(&larger, ecies, data, &(struct kc_bytes){NULL, 0}), KC_ERR_PARAM);
}

/* A session key of another length would be one of another algorithm. */
TEST(hybrid_session_keys_have_their_length)
{
	static const size_t lengths[] = {0, 15, 17, 24, 32};
	CLEANUP(test_token_done)
	struct test_token token = test_token_rsa(1024, "rsa_encryption_raw");
	uint8_t session[32] = {0};

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		CLEANUP(kc_bytes_free) struct kc_bytes wrapped = {NULL, 0};
		CLEANUP(bytes_done) struct bytes message = BYTES_INIT(1024);
		struct aes_gcm gcm = {.key = VIEW_OF(session), .aad = token.key.public_key};

		CHECK_OK(encryption_run(&token.key, "rsa_encryption_oaep_sha256",
					view_of(session, lengths[i]), &wrapped));
		CHECK_OK(bytes_append(&message, view_of(wrapped.data, wrapped.len)));
		CHECK_OK(aes_gcm_seal(&gcm, view_of_text("secret"), &message));
		check_foreign(&token, oaep, bytes_view(&message));
	}
}

/* 2 hLen + 2 bytes for OAEP and 16 for the session key. */
TEST(hybrid_needs_a_long_modulus)
{
	CLEANUP(test_token_done)
	struct test_token fits = test_token_rsa(1161, "rsa_encryption_raw");
	CLEANUP(test_token_done)
	struct test_token short_one = test_token_rsa(1160, "rsa_encryption_raw");
	const char *name = "rsa_encryption_oaep_sha512_aesgcm";
	struct kc_bytes out = {NULL, 0};

	check_there_and_back(&fits, name, 146, view_of_text("secret"));
	CHECK(!encryption_is_supported(&short_one.key, name));
	CHECK(!decryption_is_supported(&short_one.key, name));
	error_clear();
	CHECK_STATUS(encryption_run(&short_one.key, name, view_of_text("secret"), &out),
		     KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "a key of 1160 bits is too short"));
}

/* Of Curve25519 and its kind Apple has no ECIES, and neither have we. */
TEST(hybrid_is_for_ec_and_rsa)
{
	CLEANUP(test_token_done)
	struct test_token x25519 = test_token_raw("x25519", "ecdh_key_exchange_standard");
	struct kc_bytes out = {NULL, 0};

	CHECK(!encryption_is_supported(&x25519.key, ecies));
	CHECK(!decryption_is_supported(&x25519.key, ecies));
	error_clear();
	CHECK_STATUS(encryption_run(&x25519.key, ecies, view_of_text("secret"), &out),
		     KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "is for ec keys, this one is x25519"));
}

/* A token that does all of it, or that takes the padding off. */
TEST(hybrid_by_tokens_that_do_more)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_rsa(1024, "rsa_encryption_oaep_sha256_aesgcm");
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes sealed = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};
	struct kc_bytes none = {NULL, 0};

	CHECK_OK(encryption_run(&token.key, oaep, view_of_text("secret"), &sealed));
	CHECK_OK(decryption_plan_new(&token.key, oaep, view_of(sealed.data, sealed.len), &plan));
	CHECK_INT(plan_kind(plan), PLAN_DECRYPT);
	CHECK_INT(plan_input(plan).len, sealed.len);
	CHECK_OK(plan_finish(plan, &token.key, view_of_text("secret"), &plaintext));
	CHECK_INT(plaintext.len, 6);
	CHECK_STATUS(plan_finish(plan, &token.key, view_of(sealed.data, sealed.len), &none),
		     KC_ERR_DECODE);
	plan = plan_free(plan);
	test_token_offer(&token, "rsa_encryption_oaep_sha256");
	CHECK_OK(decryption_plan_new(&token.key, oaep, view_of(sealed.data, sealed.len), &plan));
	CHECK_INT(plan_input(plan).len, 128);
	error_clear();
	CHECK_STATUS(plan_finish(plan, &token.key, view_of_text("0123456789abcdef"), &none),
		     KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, foreign);
	CHECK(!none.data);
}

/* A token whose answer is no block, or no secret, is found out. */
TEST(hybrid_finds_out_a_lying_token)
{
	static const size_t lengths[] = {0, 31, 32, 33, 127, 129}; /* of zeros */
	CLEANUP(test_token_done)
	struct test_token rsa = test_token_rsa(1024, "rsa_encryption_raw");
	CLEANUP(test_token_done)
	struct test_token ec = test_token_ec("P-256", "ecdh_key_exchange_standard");
	const struct test_token *tokens[] = {&rsa, &ec};
	const char *names[] = {oaep, ecies};
	static const uint8_t answer[129] = {0};

	for (size_t i = 0; i < ARRAY_LEN(lengths) * 2; i++) {
		const struct key_facts *key = &tokens[i % 2]->key;
		CLEANUP(plan_freep) struct plan *plan = NULL;
		CLEANUP(kc_bytes_free) struct kc_bytes sealed = {NULL, 0};
		struct kc_bytes none = {NULL, 0};

		CHECK_OK(encryption_run(key, names[i % 2], view_of_text("secret"), &sealed));
		CHECK_OK(decryption_plan_new(key, names[i % 2], view_of(sealed.data, sealed.len),
					     &plan));
		CHECK_STATUS(plan_finish(plan, key, view_of(answer, lengths[i / 2]), &none),
			     KC_ERR_DECODE);
		CHECK(!none.data);
	}
}
