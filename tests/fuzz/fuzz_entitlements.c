/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a file of entitlements.d; one that is accepted keeps its promises. */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "daemon/entitlements.h"
#include "items/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct entitlements *entitlements = NULL;

	error_clear();
	if (entitlements_parse(view_of(data, size), &entitlements) != KC_OK) {
		assert(error_get()->message[0] != '\0');
		return 0;
	}
	assert(entitlements->subject && entitlements->subject[0] != '\0');
	assert((entitlements->kind == ENTITLEMENTS_EXECUTABLE) ==
	       (entitlements->subject[0] == '/'));
	assert(entitlements->n_groups <= ENTITLEMENTS_GROUPS_MAX);
	for (size_t i = 0; i < entitlements->n_groups; i++) {
		assert(strcmp(entitlements->groups[i], ENGINE_TOKEN_GROUP) != 0);
		assert(strlen(entitlements->groups[i]) - 1 < ENTITLEMENTS_GROUP_MAX - 1);
	}
	assert(entitlements_free(entitlements) == NULL);
	return 0;
}
