/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys as applications hand them over: the first byte chooses how, the rest is the key, or PEM text
 * of an identity. What is taken is taken again as it is kept, and is the same then.
 */
#include <stdlib.h>

#include "base/try.h"
#include "keys/pem_identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_kept(const struct private_key *key)
{
	CLEANUP(private_key_done) struct private_key again = {.key_class = NULL};
	CLEANUP(field_free) struct json_object *attributes = NULL;
	struct private_key_claim claim = {.key_class = key->key_class, .key_type = key->key_type};

	require(private_key_describe(key, &attributes) == KC_OK);
	require(key->size_in_bits > 0);
	require(private_key_read(claim, private_key_data(key), &again) == KC_OK);
	require(view_equal(private_key_data(key), private_key_data(&again)));
	require(view_equal(bytes_view(&key->public_key), bytes_view(&again.public_key)));
	require(memcmp(key->public_key_hash, again.public_key_hash, PRIVATE_KEY_HASH_BYTES) == 0);
}

static enum kc_status take_key(uint8_t way, struct kc_view input, struct private_key *ret_key)
{
	static const char *const types[] = {NULL,     "rsa",   "ec",   "ed25519",
					    "x25519", "ed448", "x448", "aes"};
	static const char *const classes[] = {NULL, "private", "public", "symmetric"};
	struct private_key_claim claim = {.key_class = classes[way >> 3 & 3],
					  .key_type = types[way & 7]};
	CLEANUP(bytes_done) struct bytes certificate = BYTES_INIT(65536);

	if (way & 0x80)
		return pem_identity_read(input, &certificate, ret_key);
	if (way & 0x40)
		return private_key_import(input, ret_key);
	return private_key_read(claim, input, ret_key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};

	error_clear();
	if (size > 0 && take_key(data[0], view_slice(view_of(data, size), 1, size), &key) == KC_OK)
		check_kept(&key);
	return 0;
}
