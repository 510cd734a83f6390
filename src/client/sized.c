/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading structs of another age. Two rules make it safe: a new field stands behind the former end,
 * padding included, and means by zero what was done before it came.
 */
#include "client/sized.h"

#include <string.h>

#include "base/try.h"

static bool is_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

enum kc_status sized_read(const void *given, void *known, size_t known_size, const char *init)
{
	size_t size = 0;

	if (!given)
		return KC_OK;
	memcpy(&size, given, sizeof(size));
	REQUIRE(size > sizeof(size), KC_ERR_PARAM, "parameters that were not made from %s", init);
	if (size > known_size && !is_zero((const uint8_t *)given + known_size, size - known_size)) {
		error_set_hint("update libkeycask, or leave out what is new");
		return fail(KC_ERR_UNIMPLEMENTED, "%s has more than this library knows", init);
	}
	memcpy(known, given, size < known_size ? size : known_size);
	memcpy(known, &known_size, sizeof(known_size));
	return KC_OK;
}
