/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a token must do and what its keys do then, row by row of reference/keychain.md 5.3: every
 * algorithm of the catalogue is asked of every kind of token.
 */
#include <fnmatch.h>
#include <stdio.h>

#include "base/try.h"
#include "harness/test.h"
#include "keys/algorithms_impl.h"
#include "keys/decryption.h"
#include "keys/exchange.h"
#include "keys/signature.h"
#include "keys/test_token.h"

enum {
	PATTERNS_MAX = 8,
};

/* The token's one operation, and all that is supported, as patterns. */
static const struct row {
	const char *key_type;
	const char *operation;
	const char *gives[PATTERNS_MAX];
} rows[] = {
	{"rsa", "rsa_signature_raw", {"rsa_signature_*"}},
	/* An adaptor that Apple lacks: a token that pads gets a DigestInfo. */
	{"rsa",
	 "rsa_signature_digest_pkcs1v15_raw",
	 {"rsa_signature_digest_pkcs1v15_*", "rsa_signature_message_pkcs1v15_*"}},
	{"rsa",
	 "rsa_signature_digest_pkcs1v15_sha384",
	 {"rsa_signature_digest_pkcs1v15_sha384", "rsa_signature_message_pkcs1v15_sha384"}},
	{"rsa",
	 "rsa_signature_digest_pss_sha256",
	 {"rsa_signature_digest_pss_sha256", "rsa_signature_message_pss_sha256"}},
	{"rsa", "rsa_signature_message_pss_sha1", {"rsa_signature_message_pss_sha1"}},
	{"rsa", "rsa_encryption_raw", {"rsa_encryption_*"}},
	{"rsa", "rsa_encryption_pkcs1", {"rsa_encryption_pkcs1"}},
	{"rsa",
	 "rsa_encryption_oaep_sha1",
	 {"rsa_encryption_oaep_sha1", "rsa_encryption_oaep_sha1_aesgcm"}},
	{"rsa", "rsa_encryption_oaep_sha256_aesgcm", {"rsa_encryption_oaep_sha256_aesgcm"}},
	{"ec", "ecdsa_signature_digest_x962", {"ecdsa_signature_*"}},
	{"ec",
	 "ecdsa_signature_digest_x962_sha256",
	 {"ecdsa_signature_*_x962_sha256", "ecdsa_signature_*_rfc4754_sha256"}},
	{"ec", "ecdsa_signature_message_x962_sha512", {"ecdsa_signature_message_x962_sha512"}},
	{"ec", "ecdsa_signature_digest_rfc4754", {"ecdsa_signature_digest_rfc4754"}},
	/* On curves of cofactor 1 both are the same. */
	{"ec", "ecdh_key_exchange_standard", {"ecdh_key_exchange_*", "ecies_encryption_*"}},
	{"ec",
	 "ecdh_key_exchange_cofactor",
	 {"ecdh_key_exchange_cofactor*", "ecies_encryption_cofactor_*"}},
	/* It could not be told how many bytes to derive. */
	{"ec", "ecdh_key_exchange_standard_x963_sha256", {NULL}},
	{"ec",
	 "ecies_encryption_standard_x963_sha256_aesgcm",
	 {"ecies_encryption_standard_x963_sha256_aesgcm"}},
	{"ed25519", "eddsa_signature_message_ed25519", {"eddsa_signature_message_ed25519"}},
	{"ed448", "eddsa_signature_message_ed448", {"eddsa_signature_message_ed448"}},
	{"x25519", "ecdh_key_exchange_standard", {"ecdh_key_exchange_standard*"}},
	{"x448", "ecdh_key_exchange_standard", {"ecdh_key_exchange_standard*"}},
};

static bool is_expected(const struct row *row, const char *name)
{
	for (size_t i = 0; i < PATTERNS_MAX && row->gives[i]; i++)
		if (fnmatch(row->gives[i], name, 0) == 0)
			return true;
	return false;
}

static bool is_supported(const struct key_facts *key, const struct algorithm *algorithm)
{
	switch (algorithm->purpose) {
	case ALGORITHM_SIGNATURE:
		return signature_is_supported(key, algorithm->name, true);
	case ALGORITHM_ENCRYPTION:
		return decryption_is_supported(key, algorithm->name);
	case ALGORITHM_EXCHANGE:
		break;
	}
	return exchange_is_supported(key, algorithm->name);
}

static struct test_token make_token(const struct row *row)
{
	if (strcmp(row->key_type, "rsa") == 0)
		return test_token_rsa(1536, row->operation);
	if (strcmp(row->key_type, "ec") == 0)
		return test_token_ec("P-256", row->operation);
	return test_token_raw(row->key_type, row->operation);
}

TEST(each_operation_gives_what_it_should)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(test_token_done) struct test_token token = make_token(&rows[i]);

		for (size_t j = 0; j < algorithms_count(); j++) {
			const struct algorithm *algorithm = algorithms_at(j);
			bool expected = is_expected(&rows[i], algorithm->name);

			/* The older name of the one row. */
			if (strcmp(algorithm->name, "ecdsa_signature_rfc4754") == 0 &&
			    is_expected(&rows[i], "ecdsa_signature_digest_rfc4754"))
				continue;
			if (is_supported(&token.key, algorithm) != expected)
				printf("# %s: %s\n", rows[i].operation, algorithm->name);
			CHECK_INT(is_supported(&token.key, algorithm), expected);
		}
	}
}

/* Each purpose has its verb: an algorithm of another is refused with the same status always. */
TEST(wrong_directions_are_refused)
{
	CLEANUP(test_token_done) struct test_token rsa = test_token_rsa(1024, "rsa_signature_raw");
	CLEANUP(test_token_done)
	struct test_token ec = test_token_ec("P-256", "ecdh_key_exchange_standard");
	const struct test_token *tokens[] = {&rsa, &ec};

	for (size_t i = 0; i < algorithms_count() * 2; i++) {
		const struct algorithm *algorithm = algorithms_at(i / 2);
		const struct key_facts *key = &tokens[i % 2]->key;
		struct exchange_parameters none = {.requested_size = -1};
		struct plan *plan = NULL;

		error_clear();
		if (algorithm->purpose != ALGORITHM_SIGNATURE)
			CHECK_STATUS(
				signature_plan_new(key, algorithm->name, view_of("m", 1), &plan),
				KC_ERR_PARAM);
		if (algorithm->purpose != ALGORITHM_ENCRYPTION)
			CHECK_STATUS(
				decryption_plan_new(key, algorithm->name, view_of("m", 1), &plan),
				KC_ERR_PARAM);
		if (algorithm->purpose != ALGORITHM_EXCHANGE)
			CHECK_STATUS(exchange_plan_new(key, algorithm->name, &none, &plan),
				     KC_ERR_PARAM);
		CHECK(!plan);
	}
}

/* 5.2: the same algorithm twice would be a cycle; there is none to be followed. */
TEST(every_chain_ends)
{
	for (size_t i = 0; i < algorithms_count(); i++) {
		const struct algorithm *algorithm = algorithms_at(i);
		size_t n_steps = 0;

		while ((algorithm = algorithms_below(algorithm)) != NULL)
			CHECK(++n_steps < 4);
	}
}

/* A name is one row, and what finds it is the name. */
TEST(names_are_unique)
{
	for (size_t i = 0; i < algorithms_count(); i++)
		CHECK(algorithms_find(algorithms_at(i)->name) == algorithms_at(i));
	CHECK(!algorithms_find("rsa_encryption_oaep_md5"));
	CHECK(!algorithms_find("ecies_encryption_standard_variable_iv_x963_sha1_aesgcm"));
}

/* A signature by a key of ML-DSA-87 will have 4627 bytes (FIPS 204, table 2). */
TEST(answers_may_be_longer_than_those_of_rsa)
{
	CLEANUP(test_token_done)
	struct test_token token = test_token_raw("ed25519", "eddsa_signature_message_ed25519");
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	static const uint8_t answer[4627];

	token.key.is_software = true; /* which is not verified */
	CHECK_OK(signature_plan_new(&token.key, "eddsa_signature_message_ed25519",
				    view_of_text("m"), &plan));
	CHECK_OK(plan_finish(plan, &token.key, VIEW_OF(answer), &signature));
	CHECK_INT(signature.len, sizeof(answer));
}
