/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key exchange with OpenSSL at the other side, and X9.63 by an implementation of the test's own. */
#include "keys/exchange.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <stdio.h>

#include "base/try.h"
#include "codec/hex.h"
#include "harness/test.h"
#include "keys/algorithms_impl.h"
#include "keys/digest_impl.h"
#include "keys/test_token.h"

static const char standard[] = "ecdh_key_exchange_standard";
static const char cofactor[] = "ecdh_key_exchange_cofactor";

static struct exchange_parameters with(struct kc_view public_key)
{
	return (struct exchange_parameters){.public_key = public_key, .requested_size = -1};
}

static enum kc_status exchange(const struct test_token *token, const char *algorithm,
			       const struct exchange_parameters *parameters,
			       struct kc_bytes *ret_secret)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes answer = {NULL, 0};

	error_clear();
	TRY(exchange_plan_new(&token->key, algorithm, parameters, &plan));
	answer = test_token_perform(token, plan_operation(plan), plan_input(plan));
	return plan_finish(plan, &token->key, view_of(answer.data, answer.len), ret_secret);
}

/* Hash(secret ‖ counter ‖ info), counter from 1 on. */
static void x963(enum algorithm_hash hash, struct kc_view secret, struct kc_view info, size_t len,
		 struct bytes *out)
{
	for (uint8_t counter = 1; out->len < len; counter++) {
		CLEANUP(bytes_done) struct bytes input = BYTES_INIT(1024);
		uint8_t number[4] = {0, 0, 0, counter};

		CHECK_OK(bytes_append(&input, secret));
		CHECK_OK(bytes_append(&input, VIEW_OF(number)));
		CHECK_OK(bytes_append(&input, info));
		CHECK_OK(digest_put(hash, bytes_view(&input), out));
	}
	out->len = len;
}

static void check_derived(const struct test_token *token, const struct algorithm *algorithm,
			  struct kc_view peer, struct kc_view secret)
{
	size_t h_len = digest_len(algorithm->hash);
	const size_t sizes[] = {1, h_len, h_len + 1, 5 * h_len};
	struct kc_view infos[] = {view_of(NULL, 0), view_of_text("info")};

	for (size_t i = 0; i < ARRAY_LEN(sizes) * 2; i++) {
		CLEANUP(bytes_done) struct bytes expected = BYTES_INIT(1024);
		CLEANUP(kc_bytes_free) struct kc_bytes derived = {NULL, 0};
		struct exchange_parameters parameters = with(peer);

		parameters.requested_size = (int64_t)sizes[i / 2];
		parameters.shared_info = infos[i % 2];
		CHECK_OK(exchange(token, algorithm->name, &parameters, &derived));
		x963(algorithm->hash, secret, infos[i % 2], sizes[i / 2], &expected);
		CHECK(view_equal(view_of(derived.data, derived.len), bytes_view(&expected)));
	}
}

static void check_curve(const char *curve)
{
	CLEANUP(test_token_done) struct test_token token = test_token_ec(curve, standard);
	CLEANUP(test_token_done) struct test_token other = test_token_ec(curve, standard);
	CLEANUP(kc_bytes_free)
	struct kc_bytes expected = test_token_perform(&other, standard, token.key.public_key);
	struct kc_view secret = view_of(expected.data, expected.len);
	struct exchange_parameters parameters = with(other.key.public_key);
	size_t n = 0;

	for (size_t i = 0; i < algorithms_count(); i++) {
		const struct algorithm *algorithm = algorithms_at(i);
		CLEANUP(kc_bytes_free) struct kc_bytes plain = {NULL, 0};

		if (algorithm->purpose != ALGORITHM_EXCHANGE)
			continue;
		n++;
		CHECK(exchange_is_supported(&token.key, algorithm->name));
		if (algorithm->hash != ALGORITHM_NO_HASH) {
			check_derived(&token, algorithm, other.key.public_key, secret);
			continue;
		}
		CHECK_OK(exchange(&token, algorithm->name, &parameters, &plain));
		CHECK(view_equal(view_of(plain.data, plain.len), secret));
	}
	CHECK_INT(n, 12);
}

TEST(exchange_all_curves)
{
	static const char *const curves[] = {"P-256",	  "P-384",	     "P-521",
					     "secp256k1", "brainpoolP256r1", "brainpoolP512r1"};

	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		check_curve(curves[i]);
}

/* What keys of 32 bytes, or 56, agree on; @peer derives it with OpenSSL. */
static void check_raw(const char *key_type)
{
	CLEANUP(test_token_done) struct test_token token = test_token_raw(key_type, standard);
	CLEANUP(test_token_done) struct test_token other = test_token_raw(key_type, standard);
	CLEANUP(kc_bytes_free)
	struct kc_bytes expected = test_token_perform(&other, standard, token.key.public_key);
	struct kc_view secret = view_of(expected.data, expected.len);
	struct exchange_parameters parameters = with(other.key.public_key);
	CLEANUP(kc_bytes_free) struct kc_bytes plain = {NULL, 0};
	size_t n = 0;

	CHECK_OK(exchange(&token, standard, &parameters, &plain));
	CHECK(view_equal(view_of(plain.data, plain.len), secret));
	for (size_t i = 0; i < algorithms_count(); i++) {
		const struct algorithm *algorithm = algorithms_at(i);

		if (!exchange_is_supported(&token.key, algorithm->name))
			continue;
		n++;
		if (algorithm->hash != ALGORITHM_NO_HASH)
			check_derived(&token, algorithm, other.key.public_key, secret);
	}
	CHECK_INT(n, 6); /* standard, and with five hashes */
}

TEST(exchange_curves_of_bytes)
{
	check_raw("x25519");
	check_raw("x448");
}

/* NIST CAVP, ansx963_2001.rsp, SHA-256: a secret of 192 bits, as P-192 has it. */
TEST(exchange_x963_as_published)
{
	CLEANUP(test_token_done) struct test_token token = test_token_ec("P-192", standard);
	CLEANUP(test_token_done) struct test_token other = test_token_ec("P-192", standard);
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes derived = {NULL, 0};
	struct exchange_parameters parameters = with(other.key.public_key);
	static const uint8_t secret[] = {0x96, 0xc0, 0x56, 0x19, 0xd5, 0x6c, 0x32, 0x8a,
					 0xb9, 0x5f, 0xe8, 0x4b, 0x18, 0x26, 0x4b, 0x08,
					 0x72, 0x5b, 0x85, 0xe3, 0x3f, 0xd3, 0x4f, 0x08};

	parameters.requested_size = 16;
	CHECK_OK(exchange_plan_new(&token.key, "ecdh_key_exchange_standard_x963_sha256",
				   &parameters, &plan));
	CHECK_OK(plan_finish(plan, &token.key, VIEW_OF(secret), &derived));
	CHECK_HEX(view_of(derived.data, derived.len), "443024C3DAE66B95E6F5670601558F71");
}

static void check_refused(const struct test_token *token, const char *algorithm,
			  struct exchange_parameters parameters, const char *message)
{
	struct kc_bytes secret = {NULL, 0};

	CHECK_STATUS(exchange(token, algorithm, &parameters, &secret), KC_ERR_PARAM);
	CHECK(!secret.data);
	if (!strstr(error_get()->message, message))
		CHECK_TEXT(error_get()->message, message);
}

TEST(exchange_checks_its_parameters)
{
	CLEANUP(test_token_done) struct test_token token = test_token_ec("P-256", standard);
	CLEANUP(test_token_done) struct test_token other = test_token_ec("P-256", standard);
	const char *derived = "ecdh_key_exchange_cofactor_x963_sha1";
	struct exchange_parameters good = with(other.key.public_key);
	static const int64_t sizes[] = {0, -2, 65537, INT64_MAX, INT64_MIN};
	static uint8_t long_info[65537];
	struct kc_bytes most = {NULL, 0};

	check_refused(&token, derived, good, "must be told how many bytes");
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		good.requested_size = sizes[i];
		check_refused(&token, derived, good, "derives 1 to 65536 bytes");
	}
	good.requested_size = 65536;
	CHECK_OK(exchange(&token, derived, &good, &most));
	CHECK_INT(most.len, 65536);
	kc_bytes_free(&most);
	check_refused(&token, standard, good, "derives nothing");
	good.shared_info = VIEW_OF(long_info);
	check_refused(&token, derived, good, "more than 65536 bytes of shared info");
	good = with(other.key.public_key);
	good.shared_info = view_of("x", 1);
	check_refused(&token, cofactor, good, "derives nothing");
}

/* A point elsewhere would have the token multiply in a group of the attacker's choice. */
TEST(exchange_takes_points_of_its_curve_only)
{
	CLEANUP(test_token_done) struct test_token token = test_token_ec("P-256", standard);
	static const char *const others[] = {"secp256k1", "brainpoolP256r1"};
	uint8_t point[66] = {0};
	size_t len = token.key.public_key.len;

	CHECK_INT(len, 65);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		CLEANUP(test_token_done)
		struct test_token other = test_token_ec(others[i], standard);

		check_refused(&token, standard, with(other.key.public_key),
			      "not on the curve of this key");
	}
	memcpy(point, token.key.public_key.data, len);
	check_refused(&token, standard, with(view_of(point, 64)), "a point of 65 bytes");
	check_refused(&token, standard, with(view_of(point, 66)), "a point of 65 bytes");
	check_refused(&token, standard, with(view_of(point, 0)), "a point of 65 bytes");
	point[64] ^= 1;
	check_refused(&token, standard, with(view_of(point, len)), "not on the curve");
	point[64] ^= 1;
	point[0] = (uint8_t)(0x02 | (point[64] & 1));
	check_refused(&token, standard, with(view_of(point, 33)), "a point of 65 bytes");
	point[0] |= 0x04; /* hybrid */
	check_refused(&token, standard, with(view_of(point, len)), "a point of 65 bytes");
	memset(point, 0, sizeof(point)); /* infinity, spun out */
	check_refused(&token, standard, with(view_of(point, len)), "a point of 65 bytes");
	memset(point, 0xff, sizeof(point)); /* coordinates beyond the field */
	point[0] = 0x04;
	check_refused(&token, standard, with(view_of(point, len)), "not on the curve");
}

/* RFC 7748, 6.1: u of order 1, 2, 4 and 8, and 0 and 1 once more as they are above the prime. */
TEST(exchange_x25519_refuses_points_of_small_order)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ECFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
		"E0EB7A7C3B41B8AE1656E3FAF19FC46ADA098DEB9C32B1FD866205165F49B800",
		"5F9C95BCA3508C24B1D0B1559C83EF5B04445CC4581C8E86D8224EDDD09F1157",
		"EDFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
		"EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
	};
	CLEANUP(test_token_done) struct test_token token = test_token_raw("x25519", standard);

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		CLEANUP(bytes_done) struct bytes point = BYTES_INIT(32);

		CHECK_OK(hex_decode(points[i], &point));
		check_refused(&token, standard, with(bytes_view(&point)), "every secret is zero");
	}
}

TEST(exchange_x25519_checks_its_parameters)
{
	CLEANUP(test_token_done) struct test_token token = test_token_raw("x25519", standard);
	CLEANUP(test_token_done) struct test_token ec = test_token_ec("P-256", standard);
	CLEANUP(test_token_done) struct test_token ed = test_token_raw("ed25519", standard);
	CLEANUP(plan_freep) struct plan *plan = NULL;
	struct exchange_parameters good = with(token.key.public_key);
	static const uint8_t answer[33] = {0};
	struct kc_bytes secret = {NULL, 0};

	check_refused(&token, standard, with(ec.key.public_key), "must be 32 bytes, as of x25519");
	check_refused(&token, standard, with(view_of(token.public_key, 31)), "must be 32 bytes");
	check_refused(&token, cofactor, good, "is for ec keys, this one is x25519");
	check_refused(&ed, standard, good, "is for ec keys, this one is ed25519");
	check_refused(&ec, standard, good, "a point of 65 bytes");
	CHECK_OK(exchange_plan_new(&token.key, standard, &good, &plan));
	CHECK_STATUS(plan_finish(plan, &token.key, VIEW_OF(answer), &secret), KC_ERR_DECODE);
	error_clear();
	CHECK_STATUS(plan_finish(plan, &token.key, view_of(answer, 32), &secret), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "the token answers with zero, which is no secret");
	CHECK(!secret.data);
}

TEST(exchange_finds_out_a_lying_token)
{
	CLEANUP(test_token_done) struct test_token token = test_token_ec("P-256", standard);
	struct exchange_parameters parameters = with(token.key.public_key);
	CLEANUP(plan_freep) struct plan *plan = NULL;
	struct kc_bytes secret = {NULL, 0};
	uint8_t data[5000] = {0};
	static const size_t sizes[] = {0, 31, 33, 65, sizeof(data)};

	CHECK_OK(exchange_plan_new(&token.key, standard, &parameters, &plan));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		CHECK_STATUS(plan_finish(plan, &token.key, view_of(data, sizes[i]), &secret),
			     KC_ERR_DECODE);
	CHECK(!secret.data);
}

TEST(exchange_uses_what_the_token_has)
{
	CLEANUP(test_token_done) struct test_token token = test_token_ec("P-256", cofactor);
	CLEANUP(test_token_done) struct test_token rsa = test_token_rsa(1024, "rsa_encryption_raw");
	struct exchange_parameters parameters = with(token.key.public_key);

	/* Whoever declares the one only has declared the one only. */
	CHECK(exchange_is_supported(&token.key, cofactor));
	CHECK(exchange_is_supported(&token.key, "ecdh_key_exchange_cofactor_x963_sha512"));
	CHECK(!exchange_is_supported(&token.key, standard));
	CHECK(!exchange_is_supported(&token.key, "ecdh_key_exchange_standard_x963_sha512"));
	check_refused(&token, standard, parameters, "cannot exchange keys with");
	/* A token that derives cannot be told how much. */
	test_token_offer(&token, "ecdh_key_exchange_standard_x963_sha256");
	CHECK(!exchange_is_supported(&token.key, "ecdh_key_exchange_standard_x963_sha256"));
	check_refused(&rsa, standard, parameters, "is for ec keys, this one is rsa");
	test_token_offer(&token, standard);
	check_refused(&token, "ecdsa_signature_digest_x962", parameters,
		      "is no key exchange algorithm");
	check_refused(&token, "ecdh_key_exchange", parameters,
		      "no key exchange algorithm \"ecdh_key_exchange\"");
}
