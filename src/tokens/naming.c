/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that outlive a process: they stand in persistent references, and must be the same again
 * when the token is back.
 */
#include "tokens/naming.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"

enum {
	INSTANCE_MAX = 64,
	CLASS_MAX = 64,
};

bool naming_is_instance_id(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > INSTANCE_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool is_plain = (text[i] >= '0' && text[i] <= '9') ||
				(text[i] >= 'A' && text[i] <= 'Z') ||
				(text[i] >= 'a' && text[i] <= 'z') || strchr("-_.", text[i]);

		if (!is_plain)
			return false;
	}
	return true;
}

char *naming_token_id(const char *class_id, const char *instance)
{
	char text[CLASS_MAX + INSTANCE_MAX + 2];

	(void)snprintf(text, sizeof(text), "%s:%s", class_id, instance);
	return strdup(text);
}

enum kc_status naming_driver_object_id(struct kc_view published, struct kc_view *ret_object_id)
{
	REQUIRE(published.len > NAMING_HASH_BYTES, KC_ERR_PARAM, "a key's object ID of %zu bytes",
		published.len);
	*ret_object_id = view_of(published.data, published.len - NAMING_HASH_BYTES);
	return KC_OK;
}
