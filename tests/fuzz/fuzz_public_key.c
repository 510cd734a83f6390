/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a driver may call a public key: the first byte chooses the type, the rest is the key. What
 * is taken comes back as it was.
 */
#include <stdlib.h>

#include "base/try.h"
#include "x509/bare_key_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"rsa",   "ec",   "ed25519", "x25519",
					    "ed448", "x448", "dsa"};
	CLEANUP(field_free) struct json_object *fields = NULL;
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(65536);
	struct kc_view key = view_slice(view_of(data, size), 1, size);

	error_clear();
	if (size == 0 || bare_key_inspect(types[data[0] % ARRAY_LEN(types)], key, &fields) != KC_OK)
		return 0;
	require(field_text(fields, "public_key_hash") && field_text(fields, "summary"));
	require(field_number(fields, "key_size_in_bits", 0) > 0);
	require(field_data(fields, "public_key", &again) == KC_OK);
	require(view_equal(bytes_view(&again), key));
	return 0;
}
