/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Passwords into keys with scrypt (RFC 7914), r = 8 and p = 1 as its section 2 has them: OpenSSL
 * 3.0 has no Argon2. Runs in any thread, so it knows no keybag.
 */
#include <openssl/evp.h>

#include "base/try.h"
#include "store/keybag.h"

enum {
	BLOCK_SIZE = 8,
	PARALLEL = 1,
	SPARE_BYTES = 1 << 20, /* OpenSSL's limit counts more than the large table */
};

enum kc_status keybag_stretch(const struct keybag_stretching *stretching, struct kc_view password,
			      struct secret *ret_stretched)
{
	CLEANUP(secret_done) struct secret stretched = {0};
	uint64_t n = UINT64_C(1) << stretching->cost;
	uint64_t bytes = 128 * BLOCK_SIZE * n + SPARE_BYTES;

	REQUIRE(stretching->cost >= 1 && stretching->cost <= KEYBAG_COST_MAX, KC_ERR_PARAM,
		"a password cannot be stretched at cost %u", stretching->cost);
	TRY(secret_reserve(&stretched, SEAL_KEY_BYTES));
	if (!EVP_PBE_scrypt(password.len ? (const char *)password.data : "", password.len,
			    stretching->salt, sizeof(stretching->salt), n, BLOCK_SIZE, PARALLEL,
			    bytes, stretched.data, SEAL_KEY_BYTES))
		return fail(KC_ERR_ALLOCATE, "not enough memory to stretch a password (%llu MiB)",
			    (unsigned long long)(bytes >> 20));
	stretched.len = SEAL_KEY_BYTES;
	*ret_stretched = secret_take(&stretched);
	return KC_OK;
}
