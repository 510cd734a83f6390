/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a driver, or whoever imports one, may call a public key: the first byte chooses the type,
 * the rest is the key. What is taken comes back as it was, by each way in; keys that are named by
 * themselves (keys/public_reference.h) are read again from any such name.
 */
#include <stdlib.h>

#include "base/try.h"
#include "keys/public_key.h"
#include "keys/public_reference.h"
#include "x509/bare_key_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void try_reference(struct kc_view reference)
{
	CLEANUP(private_key_done) struct private_key key = {0};
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(PUBLIC_REFERENCE_MAX);

	if (public_reference_get(reference, &key) != KC_OK)
		return;
	require(strcmp(key.key_class, "public") == 0 && key.external.len == 0);
	require(public_reference_put(key.key_type, bytes_view(&key.public_key), &again) == KC_OK);
	require(view_equal(bytes_view(&again), reference));
}

/* What is a key to import is one to use: it can be written as everybody has it. */
static void try_import(const char *key_type, struct kc_view data)
{
	CLEANUP(private_key_done) struct private_key key = {0};
	CLEANUP(bytes_done) struct bytes info = BYTES_INIT(2 * PRIVATE_KEY_PUBLIC_MAX);
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(PUBLIC_REFERENCE_MAX);
	struct private_key_claim claim = {.key_class = "public", .key_type = key_type};
	struct key_facts facts;

	if (private_key_read(claim, data, &key) != KC_OK)
		return;
	facts = (struct key_facts){.key_type = key.key_type,
				   .size_in_bits = key.size_in_bits,
				   .public_key = bytes_view(&key.public_key)};
	require(public_key_put_info(&facts, &info) == KC_OK && info.len > facts.public_key.len);
	require(public_reference_put(key.key_type, facts.public_key, &reference) == KC_OK);
	try_reference(bytes_view(&reference));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"rsa",   "ec",   "ed25519", "x25519",
					    "ed448", "x448", "dsa"};
	CLEANUP(field_free) struct json_object *fields = NULL;
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(65536);
	struct kc_view key = view_slice(view_of(data, size), 1, size);

	error_clear();
	if (size == 0)
		return 0;
	try_import(types[data[0] % ARRAY_LEN(types)], key);
	try_reference(key);
	if (bare_key_inspect(types[data[0] % ARRAY_LEN(types)], key, &fields) != KC_OK)
		return 0;
	require(field_text(fields, "public_key_hash") && field_text(fields, "summary"));
	require(field_number(fields, "key_size_in_bits", 0) > 0);
	require(field_data(fields, "public_key", &again) == KC_OK);
	require(view_equal(bytes_view(&again), key));
	return 0;
}
