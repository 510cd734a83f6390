/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes get memory of their own even when there are none: a copy that is NULL is one that nobody
 * has made.
 */
#include "base/copy.h"

#include <stdlib.h>

#include "base/try.h"

enum kc_status copy_text(const char *text, char **ret_copy)
{
	char *copy = text ? strdup(text) : NULL;

	REQUIRE(copy || !text, KC_ERR_ALLOCATE, "out of memory");
	*ret_copy = copy;
	return KC_OK;
}

enum kc_status copy_bytes(struct kc_view view, struct kc_bytes *ret_copy)
{
	uint8_t *copy = malloc(view.len > 0 ? view.len : 1);

	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	if (view.len > 0)
		memcpy(copy, view.data, view.len);
	*ret_copy = (struct kc_bytes){copy, view.len};
	return KC_OK;
}
