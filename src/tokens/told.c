/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A driver calls its objects by their places, which other programs fill with other objects: what is
 * to be deleted is also held against what the driver has told of it before.
 */
#include "tokens/told.h"

#include <string.h>

#include "base/try.h"

bool told_is_text_equal(struct json_object *one, struct json_object *other, const char *name)
{
	const char *a = field_text(one, name);
	const char *b = field_text(other, name);

	return a && b && strcmp(a, b) == 0;
}

static bool is_text(struct json_object *object, const char *name, const char *text)
{
	const char *told = field_text(object, name);

	return told && text && strcmp(told, text) == 0;
}

struct json_object *told_find(struct json_object *objects, const char *kind, const char *object_id)
{
	size_t n = objects ? json_object_array_length(objects) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *object = json_object_array_get_idx(objects, i);

		if (is_text(object, "kind", kind) && is_text(object, "object_id", object_id))
			return object;
	}
	return NULL;
}

enum kc_status told_identify(struct json_object *objects, const char *kind, const char *object_id,
			     struct json_object **ret_identity)
{
	CLEANUP(field_free) struct json_object *identity = NULL;
	struct json_object *object = told_find(objects, kind, object_id);
	const char *certificate_id = field_text(object, "certificate_id");
	struct json_object *source = object;

	if (object) {
		if (certificate_id)
			source = told_find(objects, "certificate", certificate_id);
		TRY(field_new_object(&identity));
		TRY(field_put_text(identity, "data", field_text(source, "data")));
		TRY(field_put_text(identity, "public_key", field_text(object, "public_key")));
	}
	*ret_identity = take(identity);
	return KC_OK;
}
