/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The size of what wire/render.c will write, without writing it: items are measured while they are
 * found, so that a page ends before the item that does not fit any more.
 */
#include "items/answer_size_impl.h"

#include <string.h>

#include "codec/utf8.h"

enum {
	NUMBER_MAX = 20, /* of 64 bits, with its sign */
	LITERAL_MAX = 5,
	CONTROL = 6, /* \u001f */
	ESCAPED = 2,
};

/* What json-c has parsed is UTF-8, which stands for itself. */
static size_t length_of_byte(unsigned char byte)
{
	if (byte == '"' || byte == '\\' || byte == '\n')
		return ESCAPED;
	return byte < 0x20 ? CONTROL : 1;
}

static size_t length_of_text(const char *text, size_t len)
{
	size_t n_plain = utf8_quotable_length(view_of(text, len));
	size_t sum = strlen("\"\"") + n_plain;

	for (size_t i = n_plain; i < len; i++)
		sum += length_of_byte((unsigned char)text[i]);
	return sum;
}

static void measure(struct answer_size *size, struct json_object *value);

static void measure_object(struct answer_size *size, struct json_object *object)
{
	size->n_bytes += strlen("{}");
	json_object_object_foreach(object, name, member)
	{
		size->n_bytes += length_of_text(name, strlen(name)) + strlen(":,");
		measure(size, member);
	}
}

static void measure_array(struct answer_size *size, struct json_object *array)
{
	size->n_bytes += strlen("[]");
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		size->n_bytes += strlen(",");
		measure(size, json_object_array_get_idx(array, i));
	}
}

static void measure(struct answer_size *size, struct json_object *value)
{
	size->n_values++;
	if (json_object_is_type(value, json_type_object))
		measure_object(size, value);
	else if (json_object_is_type(value, json_type_array))
		measure_array(size, value);
	else if (json_object_is_type(value, json_type_string))
		size->n_bytes += length_of_text(json_object_get_string(value),
						(size_t)json_object_get_string_len(value));
	else if (json_object_is_type(value, json_type_int))
		size->n_bytes += NUMBER_MAX;
	else
		size->n_bytes += LITERAL_MAX;
}

void answer_size_add(struct answer_size *size, struct json_object *item)
{
	measure(size, item);
	size->n_bytes += strlen(",");
}
