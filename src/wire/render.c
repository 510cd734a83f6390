/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our own writer instead of json-c's: json-c keeps the text it made inside the object, unwiped, and
 * a PIN may be part of it; it has no limits; and it would send text that is not UTF-8.
 */
#include "wire/render_impl.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/try.h"
#include "codec/utf8.h"
#include "wire/message.h"

struct render {
	struct bytes *bytes;
	size_t n_values;
	size_t values_max;
	unsigned depth;
};

static enum kc_status put_text(struct render *render, const char *text)
{
	return bytes_append(render->bytes, view_of_text(text));
}

static enum kc_status put_escape(struct render *render, uint8_t byte)
{
	char text[8];

	if (byte == '\n')
		return put_text(render, "\\n");
	if (byte < 0x20)
		(void)snprintf(text, sizeof(text), "\\u%04x", (unsigned)byte);
	else
		(void)snprintf(text, sizeof(text), "\\%c", byte);
	return put_text(render, text);
}

static bool stands_for_itself(uint8_t byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* How many bytes of @rest can be copied as they are. */
static size_t plain_length(struct kc_view rest)
{
	size_t n = utf8_quotable_length(rest);

	while (n < rest.len && stands_for_itself(rest.data[n])) {
		size_t len = utf8_length(view_slice(rest, n, rest.len));

		if (len == 0)
			break;
		n += len;
	}
	return n;
}

static enum kc_status put_string(struct render *render, struct kc_view text)
{
	TRY(bytes_append_byte(render->bytes, '"'));
	while (text.len > 0) {
		size_t n = plain_length(text);

		TRY(bytes_append(render->bytes, view_slice(text, 0, n)));
		text = view_slice(text, n, text.len);
		if (text.len == 0)
			break;
		if (text.data[0] == 0 || text.data[0] >= 0x80)
			TRY(put_text(render, "\\ufffd"));
		else
			TRY(put_escape(render, text.data[0]));
		text = view_slice(text, 1, text.len);
	}
	return bytes_append_byte(render->bytes, '"');
}

static enum kc_status put_number(struct render *render, struct json_object *value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, json_object_get_int64(value));
	return put_text(render, text);
}

static enum kc_status put_fraction(struct render *render, struct json_object *value)
{
	REQUIRE(isfinite(json_object_get_double(value)), KC_ERR_PARAM, "number that is not finite");
	return put_text(render, json_object_to_json_string(value));
}

static enum kc_status put_value(struct render *render, struct json_object *value);

static enum kc_status put_array(struct render *render, struct json_object *array)
{
	size_t n = json_object_array_length(array);

	TRY(bytes_append_byte(render->bytes, '['));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			TRY(bytes_append_byte(render->bytes, ','));
		TRY(put_value(render, json_object_array_get_idx(array, i)));
	}
	return bytes_append_byte(render->bytes, ']');
}

static enum kc_status put_object(struct render *render, struct json_object *object)
{
	struct json_object_iterator i = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);
	const char *separator = "";

	TRY(bytes_append_byte(render->bytes, '{'));
	while (!json_object_iter_equal(&i, &end)) {
		TRY(put_text(render, separator));
		TRY(put_string(render, view_of_text(json_object_iter_peek_name(&i))));
		TRY(bytes_append_byte(render->bytes, ':'));
		TRY(put_value(render, json_object_iter_peek_value(&i)));
		separator = ",";
		json_object_iter_next(&i);
	}
	return bytes_append_byte(render->bytes, '}');
}

static enum kc_status put_nested(struct render *render, struct json_object *value)
{
	enum kc_status status = KC_OK;

	render->depth++;
	REQUIRE(render->depth <= WIRE_DEPTH_MAX, KC_ERR_PARAM, "message nested too deeply");
	status = json_object_is_type(value, json_type_array) ? put_array(render, value)
							     : put_object(render, value);
	render->depth--;
	return status;
}

static enum kc_status put_value(struct render *render, struct json_object *value)
{
	render->n_values++;
	REQUIRE(render->n_values <= render->values_max, KC_ERR_PARAM, "message of too many values");
	switch (json_object_get_type(value)) {
	case json_type_null:
		return put_text(render, "null");
	case json_type_boolean:
		return put_text(render, json_object_get_boolean(value) ? "true" : "false");
	case json_type_int:
		return put_number(render, value);
	case json_type_double:
		return put_fraction(render, value);
	case json_type_string:
		return put_string(render, view_of(json_object_get_string(value),
						  (size_t)json_object_get_string_len(value)));
	case json_type_array:
	case json_type_object:
		return put_nested(render, value);
	}
	return fail(KC_ERR_INTERNAL, "JSON value of no known type");
}

enum kc_status render_value(struct bytes *bytes, struct json_object *value)
{
	struct render render = {.bytes = bytes, .values_max = WIRE_VALUES_MAX};

	return put_value(&render, value);
}

enum kc_status render_all(struct bytes *bytes, struct json_object *value)
{
	struct render render = {.bytes = bytes, .values_max = SIZE_MAX};

	return put_value(&render, value);
}
