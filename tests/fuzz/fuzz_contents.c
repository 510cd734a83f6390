/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile driver's answer to Enumerate: {"objects": […], "inspected": {…}}, where inspected is
 * what keycask-x509 said of the first certificate.
 */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "tokens/contents.h"
#include "wire/message.h"

static void check_items(struct contents *contents)
{
	size_t n = 0;
	const struct token_item *items = contents_items(contents, &n);

	for (size_t i = 0; i < n; i++) {
		assert(items[i].inspected && items[i].object_id.len > 0);
		if (strcmp(items[i].class_name, "key") == 0)
			assert(items[i].constraint && items[i].object_id.len > 20);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	struct json_object *objects = NULL;
	struct contents *contents = NULL;

	error_clear();
	if (message_parse(view_of(data, size), &message) != KC_OK)
		return 0;
	objects = field_get(message, "objects");
	if (!json_object_is_type(objects, json_type_array) ||
	    contents_new(objects, &contents) != KC_OK)
		return 0;
	if (json_object_is_type(field_get(message, "inspected"), json_type_object))
		contents_set_inspected(contents, 0, field_get(message, "inspected"));
	check_items(contents);
	contents_free(contents);
	return 0;
}
