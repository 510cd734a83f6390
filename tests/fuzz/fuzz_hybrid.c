/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ciphertexts of ECIES and of RSA with AES-GCM that a stranger sent: the first byte chooses which,
 * the rest is the ciphertext. The token's answer is always the same; of RSA the block that it would
 * decrypt to stands in the ciphertext, so that the fuzzer sees what it does. Nothing comes out but
 * what is authentic, and that has its length.
 */
#include "base/try.h"
#include "keys/decryption.h"
#include "known_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
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

/* What keys/test_known_answers.c has for it: the secret shared with the reader. */
static const uint8_t secret[] = {0xaa, 0xa0, 0x93, 0xa5, 0xfc, 0xce, 0xc2, 0x37, 0x18, 0xf3, 0xa6,
				 0x9b, 0x83, 0xef, 0x28, 0xe6, 0xc2, 0x58, 0xa9, 0x69, 0x2e, 0x18,
				 0xc4, 0x3b, 0x95, 0xe2, 0x87, 0x4e, 0x87, 0x8b, 0x2e, 0x8e};

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
