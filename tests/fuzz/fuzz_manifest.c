/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a driver manifest; one that is accepted keeps its promises. */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "tokens/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest *manifest = NULL;

	error_clear();
	if (manifest_parse(view_of(data, size), NULL, &manifest) != KC_OK) {
		assert(error_get()->message[0] != '\0');
		return 0;
	}
	assert(manifest->n_aids <= MANIFEST_AIDS_MAX);
	assert(!strchr(manifest->executable, '/') && manifest->executable[0] != '.');
	for (size_t i = 0; i < manifest->n_aids; i++)
		assert(strlen(manifest->aids[i]) >= 10 && strlen(manifest->aids[i]) <= 32);
	manifest_free(manifest);
	return 0;
}
