/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public references from anywhere: what is taken for one is exactly what we would write of that
 * key, and nothing but "param" is said of the rest.
 */
#include <stdlib.h>

#include "base/error.h"
#include "keys/public_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct private_key *key, struct kc_view view)
{
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(PUBLIC_REFERENCE_MAX);

	if (public_reference_put(key->key_type, bytes_view(&key->public_key), &again) != KC_OK ||
	    !view_equal(bytes_view(&again), view))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};

	error_clear();
	if (public_reference_get(view_of(data, size), &key) == KC_OK)
		check_same(&key, view_of(data, size));
	else if (error_get()->status != KC_ERR_PARAM || key.key_class)
		abort();
	return 0;
}
