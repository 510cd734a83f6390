/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile driver's answer to Enumerate: {"objects": […], "inspected": {…}}, where inspected is
 * what keycask-x509 says of the first certificate or public key.
 */
#include <assert.h>
#include <string.h>

#include "base/try.h"
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

static void inspect_first(struct contents *contents, struct json_object *inspected)
{
	CLEANUP(field_free) struct json_object *reply = json_object_new_object();
	struct contents_question question = {NULL, NULL};

	if (!json_object_is_type(inspected, json_type_object) ||
	    contents_n_questions(contents) == 0 ||
	    contents_question(contents, 0, &question) != KC_OK)
		return;
	field_free(&question.parameters);
	ignore(field_put(reply, "certificate", json_object_get(inspected)));
	ignore(field_put(reply, "public_key", json_object_get(inspected)));
	contents_answer(contents, 0, reply);
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
	inspect_first(contents, field_get(message, "inspected"));
	check_items(contents);
	contents_free(contents);
	return 0;
}
