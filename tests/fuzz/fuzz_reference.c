/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Persistent references from anywhere: what is taken for one is exactly what we would write. */
#include <stdlib.h>

#include "base/error.h"
#include "items/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(REFERENCE_MAX);
	struct reference reference;

	error_clear();
	if (reference_get(view_of(data, size), &reference) != KC_OK) {
		if (error_get()->status != KC_ERR_PARAM)
			abort();
		return 0;
	}
	if (reference_put(&reference, &again) != KC_OK ||
	    !view_equal(bytes_view(&again), view_of(data, size)))
		abort();
	return 0;
}
