/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whoever asks for all of a hundred thousand items hears at once that they are too many: to collect
 * them first would keep everybody waiting, and take the memory for an answer that cannot be sent.
 */
#include "items/answer_size_impl.h"

#include <string.h>

#include "base/try.h"
#include "wire/message.h"

static void measure(struct answer_size *size, struct json_object *value);

static void measure_object(struct answer_size *size, struct json_object *object)
{
	json_object_object_foreach(object, name, member)
	{
		size->n_bytes += strlen(name) + strlen("\"\":");
		measure(size, member);
	}
}

/* At most what it takes to write @value: what would fit must not be refused here. */
static void measure(struct answer_size *size, struct json_object *value)
{
	size->n_values++;
	size->n_bytes++;
	if (json_object_is_type(value, json_type_string))
		size->n_bytes += (size_t)json_object_get_string_len(value);
	if (json_object_is_type(value, json_type_object))
		measure_object(size, value);
	if (!json_object_is_type(value, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(value); i++)
		measure(size, json_object_array_get_idx(value, i));
}

enum kc_status answer_size_add(struct answer_size *size, struct json_object *item)
{
	measure(size, item);
	if (size->n_values <= WIRE_VALUES_MAX && size->n_bytes <= WIRE_MESSAGE_MAX)
		return KC_OK;
	error_set_hint(
		"take fewer with match_limit, or ask for return_persistent_ref alone and then "
		"for each of them");
	return fail(KC_ERR_NOT_AVAILABLE, "more items match than one answer can hold");
}
