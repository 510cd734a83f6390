/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Framing and text of one message; scan.c has looked at a text before json-c gets it. */
#include "wire/message.h"

#include <math.h>

#include "base/try.h"
#include "wire/reading.h"
#include "wire/render_impl.h"
#include "wire/scan_impl.h"

/* The last string stays in the tokener's buffer: it may have been a PIN. */
static void tokener_done(struct json_tokener **tokener)
{
	if (!*tokener)
		return;
	if ((*tokener)->pb)
		explicit_bzero((*tokener)->pb->buf, (size_t)(*tokener)->pb->size);
	json_tokener_free(*tokener);
}

static enum kc_status settle(struct json_object *value);

static enum kc_status settle_array(struct json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		TRY(settle(json_object_array_get_idx(array, i)));
	return KC_OK;
}

static enum kc_status settle_object(struct json_object *object)
{
	struct json_object_iterator i = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);

	while (!json_object_iter_equal(&i, &end)) {
		TRY(settle(json_object_iter_peek_value(&i)));
		json_object_iter_next(&i);
	}
	return KC_OK;
}

/* Texts are wiped when freed; 1e999, which json-c reads as infinity, is no number. */
static enum kc_status settle(struct json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		return settle_object(value);
	if (json_object_is_type(value, json_type_array))
		return settle_array(value);
	if (json_object_is_type(value, json_type_string))
		field_wipe_on_free(value);
	if (json_object_is_type(value, json_type_double))
		REQUIRE(isfinite(json_object_get_double(value)), KC_ERR_DECODE, "number too large");
	return KC_OK;
}

enum kc_status message_parse(struct kc_view text, struct json_object **ret_message)
{
	CLEANUP(tokener_done) struct json_tokener *tokener = NULL;
	CLEANUP(field_free) struct json_object *message = NULL;

	REQUIRE(text.len <= WIRE_MESSAGE_MAX, KC_ERR_DECODE, "message too long");
	TRY(scan_text(text));
	/* json-c counts the values within the innermost array or object as a level of their own. */
	tokener = json_tokener_new_ex(WIRE_DEPTH_MAX + 1);
	REQUIRE(tokener, KC_ERR_ALLOCATE, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	reading_begin();
	message = json_tokener_parse_ex(tokener, (const char *)text.data, (int)text.len);
	reading_end();
	REQUIRE(json_tokener_get_error(tokener) == json_tokener_success &&
			json_object_is_type(message, json_type_object),
		KC_ERR_DECODE, "not JSON: %s",
		json_tokener_error_desc(json_tokener_get_error(tokener)));
	TRY(settle(message));
	*ret_message = take(message);
	return KC_OK;
}

/* Take back what was appended after @len. */
static void cut(struct bytes *bytes, size_t len)
{
	if (bytes->len > len)
		explicit_bzero(bytes->data + len, bytes->len - len);
	bytes->len = len;
}

static enum kc_status put_whole(struct bytes *bytes, struct json_object *message)
{
	size_t start = bytes->len;

	TRY(render_value(bytes, message));
	REQUIRE(bytes->len - start <= WIRE_MESSAGE_MAX, KC_ERR_PARAM, "message too long");
	return bytes_append_byte(bytes, 0);
}

enum kc_status message_put(struct bytes *bytes, struct json_object *message)
{
	size_t start = bytes->len;
	enum kc_status status = put_whole(bytes, message);

	if (status != KC_OK)
		cut(bytes, start);
	return status;
}

enum kc_status message_put_value(struct bytes *bytes, struct json_object *value)
{
	return render_all(bytes, value);
}

bool message_find(struct kc_view input, struct kc_view *ret_text, size_t *ret_used)
{
	const uint8_t *end = input.len > 0 ? memchr(input.data, 0, input.len) : NULL;

	if (!end)
		return false;
	*ret_text = view_of(input.data, (size_t)(end - input.data));
	*ret_used = ret_text->len + 1;
	return true;
}
