/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keybag's random numbers, and costs with their salts as they stand in its settings. */
#include <openssl/rand.h>

#include "base/try.h"
#include "store/keybag_impl.h"

enum kc_status keybag_numbers_random(uint8_t *ret_data, int n)
{
	REQUIRE(RAND_bytes(ret_data, n) == 1, KC_ERR_INTERNAL, "OpenSSL has no random numbers");
	return KC_OK;
}

void keybag_numbers_put(const struct keybag_stretching *stretching,
			uint8_t ret_data[KEYBAG_STRETCHING_BYTES])
{
	ret_data[0] = (uint8_t)stretching->cost;
	memcpy(ret_data + 1, stretching->salt, KEYBAG_SALT_BYTES);
}

enum kc_status keybag_numbers_get(const uint8_t data[KEYBAG_STRETCHING_BYTES],
				  struct keybag_stretching *ret_stretching)
{
	REQUIRE(data[0] >= 1 && data[0] <= KEYBAG_COST_MAX, KC_ERR_NOT_AVAILABLE,
		"the keychain's settings are damaged: passwords at cost %u", data[0]);
	ret_stretching->cost = data[0];
	memcpy(ret_stretching->salt, data + 1, KEYBAG_SALT_BYTES);
	return KC_OK;
}
