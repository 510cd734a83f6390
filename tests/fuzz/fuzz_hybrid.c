/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ciphertexts of ECIES and of RSA with AES-GCM that a stranger sent: the first byte chooses which,
 * the rest is the ciphertext. The token's answer is always the same; of RSA the block that it would
 * decrypt to stands in the ciphertext, so that the fuzzer sees what it does. Nothing comes out but
 * what is authentic, and that has its length.
 */
#include <stdlib.h>

#include "base/try.h"
#include "keys/decryption.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	RSA_BYTES = 128,
	POINT_BYTES = 65,
	TAG_BYTES = 16,
};

static const char *const names[] = {
	"ecies_encryption_standard_x963_sha256_aesgcm",
	"ecies_encryption_standard_variable_iv_x963_sha256_aesgcm",
	"ecies_encryption_cofactor_x963_sha1_aesgcm",
	"ecies_encryption_cofactor_variable_iv_x963_sha512_aesgcm",
	"rsa_encryption_oaep_sha1_aesgcm",
	"rsa_encryption_oaep_sha256_aesgcm",
};

/* What keys/test_known_answers.c has for P-256: the reader's point, the shared secret. */
static const uint8_t point[] = {0x04, 0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61,
				0xeb, 0x74, 0xc6, 0x35, 0x6d, 0x68, 0xc0, 0x49, 0xb8, 0x92, 0x3b,
				0x61, 0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6,
				0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99, 0xa4, 0x1a, 0xe9,
				0xe9, 0x56, 0x28, 0xbc, 0x64, 0xf2, 0xf1, 0xb2, 0x0c, 0x2d, 0x7e,
				0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99};
static const uint8_t secret[] = {0xaa, 0xa0, 0x93, 0xa5, 0xfc, 0xce, 0xc2, 0x37, 0x18, 0xf3, 0xa6,
				 0x9b, 0x83, 0xef, 0x28, 0xe6, 0xc2, 0x58, 0xa9, 0x69, 0x2e, 0x18,
				 0xc4, 0x3b, 0x95, 0xe2, 0x87, 0x4e, 0x87, 0x8b, 0x2e, 0x8e};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* RFC 8017 A.1.1: SEQUENCE { INTEGER 00 ff…ff, INTEGER 65537 }; nobody needs the factors. */
static struct kc_view rsa_key(void)
{
	static uint8_t key[7 + RSA_BYTES + 5] = {0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00};
	static const uint8_t exponent[] = {0x02, 0x03, 0x01, 0x00, 0x01};

	memset(key + 7, 0xff, RSA_BYTES);
	memcpy(key + 7 + RSA_BYTES, exponent, sizeof(exponent));
	return VIEW_OF(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {0};
	const char *name = size > 0 ? names[data[0] % ARRAY_LEN(names)] : names[0];
	bool is_rsa = strncmp(name, "rsa", 3) == 0;
	struct kc_view ciphertext = view_slice(view_of(data, size), 1, size);
	size_t head = is_rsa ? RSA_BYTES : POINT_BYTES;
	struct key_facts key = {.key_type = is_rsa ? "rsa" : "ec",
				.size_in_bits = is_rsa ? 1024 : 256,
				.public_key = is_rsa ? rsa_key() : VIEW_OF(point),
				.is_software = true};
	enum kc_status status = KC_OK;

	error_clear();
	status = decryption_plan_new(&key, name, ciphertext, &plan);
	require(status == KC_OK || status == KC_ERR_PARAM);
	if (status != KC_OK)
		return 0;
	require(ciphertext.len >= head + TAG_BYTES);
	require(plan_kind(plan) == (is_rsa ? PLAN_DECRYPT : PLAN_EXCHANGE));
	status = plan_finish(plan, &key, is_rsa ? plan_input(plan) : VIEW_OF(secret), &plaintext);
	require(status == KC_OK || status == KC_ERR_PARAM);
	require(status == KC_OK ? plaintext.len == ciphertext.len - head - TAG_BYTES
				: !plaintext.data);
	return 0;
}
