/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_TEST_TOKEN_H
#define KEYS_TEST_TOKEN_H

/* For tests: a pretended token, which is a private key of OpenSSL with one base operation. */

#include <openssl/evp.h>

#include "keys/key_facts.h"

/* CLEANUP(test_token_done) struct test_token token = test_token_rsa(2048, "rsa_signature_raw"); */
struct test_token {
	EVP_PKEY *pkey;
	struct key_facts key;
	uint8_t *public_key;
};

struct test_token test_token_rsa(unsigned n_bits, const char *operation);
struct test_token test_token_ec(const char *curve, const char *operation);
/* "ed25519", "x25519", "ed448", "x448" */
struct test_token test_token_raw(const char *key_type, const char *operation);
void test_token_done(struct test_token *token);

/* It offers this operation instead. */
void test_token_offer(struct test_token *token, const char *operation);

/* What the card does: its operation over @input, nothing else. */
struct kc_bytes test_token_perform(const struct test_token *token, const char *operation,
				   struct kc_view input);

#endif
