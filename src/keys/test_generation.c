/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys are made of each kind, and others are not. */
#include "keys/generation.h"

#include "base/try.h"
#include "harness/test.h"

static void check_made(const char *key_type, int64_t said, unsigned size_in_bits)
{
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};
	CLEANUP(private_key_done) struct private_key other = {.key_class = NULL};
	struct generation_kind kind;

	error_clear();
	CHECK_OK(generation_choose(key_type, said, &kind));
	CHECK_TEXT(kind.key_type, key_type);
	CHECK_INT(kind.size_in_bits, size_in_bits);
	CHECK_OK(generation_run(&kind, NULL, &key));
	CHECK_OK(generation_run(&kind, NULL, &other));
	CHECK_TEXT(key.key_class, "private");
	CHECK_TEXT(key.key_type, key_type);
	CHECK_INT(key.size_in_bits, size_in_bits);
	CHECK(key.external.len > 0 && key.public_key.len > 0);
	CHECK(memcmp(key.public_key_hash, other.public_key_hash, PRIVATE_KEY_HASH_BYTES) != 0);
}

TEST(keys_of_each_kind)
{
	check_made("ec", 256, 256);
	check_made("ec", 384, 384);
	check_made("ec", 521, 521);
	check_made("ed25519", 0, 256);
	check_made("ed25519", 256, 256);
	check_made("x25519", 0, 256);
	check_made("ed448", 0, 456);
	check_made("x448", 448, 448);
	check_made("rsa", 2048, 2048);
}

static void check_refused(const char *key_type, int64_t size_in_bits, enum kc_status status,
			  const char *why)
{
	struct generation_kind kind;

	error_clear();
	CHECK_STATUS(generation_choose(key_type, size_in_bits, &kind), status);
	CHECK_TEXT(error_get()->message, why);
}

TEST(sizes_that_are_not_made)
{
	enum kc_status status = KC_ERR_KEY_SIZE_NOT_ALLOWED;

	check_refused("rsa", 1024, status,
		      "an RSA key of 1024 bits is not made here: 2048 to 4096 are, in whole bytes");
	check_refused("rsa", 2047, status,
		      "an RSA key of 2047 bits is not made here: 2048 to 4096 are, in whole bytes");
	check_refused("rsa", 2049, status,
		      "an RSA key of 2049 bits is not made here: 2048 to 4096 are, in whole bytes");
	check_refused("rsa", 4104, status,
		      "an RSA key of 4104 bits is not made here: 2048 to 4096 are, in whole bytes");
	check_refused("rsa", -1, status,
		      "an RSA key of -1 bits is not made here: 2048 to 4096 are, in whole bytes");
	check_refused("ec", 192, status,
		      "an EC key of 192 bits is not made here: 256, 384 and 521 are");
	check_refused("ec", 520, status,
		      "an EC key of 520 bits is not made here: 256, 384 and 521 are");
	check_refused("ed25519", 255, status, "ed25519 keys have 256 bits");
	check_refused("x448", 456, status, "x448 keys have 448 bits");
}

TEST(types_that_are_not_made)
{
	check_refused(NULL, 0, KC_ERR_PARAM, "\"key_type\" is missing");
	check_refused("aes", 256, KC_ERR_PARAM, "no keys of type \"aes\" are made here");
	check_refused("", 256, KC_ERR_PARAM, "no keys of type \"\" are made here");
	check_refused(
		"rsa", 0, KC_ERR_PARAM,
		"\"key_size_in_bits\" is missing: 2048 to 4096 for rsa, 256, 384 or 521 for ec");
	check_refused(
		"ec", 0, KC_ERR_PARAM,
		"\"key_size_in_bits\" is missing: 2048 to 4096 for rsa, 256, 384 or 521 for ec");
}

TEST(cancelled)
{
	struct private_key key = {.key_class = NULL};
	struct generation_kind kind;
	atomic_bool is_cancelled = true;

	CHECK_OK(generation_choose("rsa", 4096, &kind));
	CHECK(generation_is_slow(&kind));
	CHECK_STATUS(generation_run(&kind, &is_cancelled, &key), KC_ERR_USER_CANCELED);
	CHECK(!key.key_class);
}
