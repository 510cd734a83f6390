/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a key that is brought is taken for: the first byte says what is claimed of it. Whatever is
 * read as an external representation is said to be one, unless it is wrapped as well.
 */
#include <stdlib.h>

#include "base/error.h"
#include "keys/key_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {NULL,     "rsa",   "ec",   "ed25519",
					    "x25519", "ed448", "x448", "aes"};
	static const char *const classes[] = {NULL, "private", "public", "private"};
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};
	struct private_key_claim claim;
	struct kc_view input = view_slice(view_of(data, size), 1, size);

	if (size == 0)
		return 0;
	claim = (struct private_key_claim){.key_type = types[data[0] & 7],
					   .key_class = classes[data[0] >> 3 & 3]};
	error_clear();
	if (key_form_is_external(claim, input)) {
		if (error_get()->status != KC_OK)
			abort();
		return 0;
	}
	/* PEM, or DER that is no PKCS#1: no representation of ours is either. */
	if (private_key_read(claim, input, &key) == KC_OK)
		abort();
	return 0;
}
