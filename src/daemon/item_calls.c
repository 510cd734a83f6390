/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Items, all but Add and CopyMatching: from the wire to the engine. */
#include <string.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/item_call.h"
#include "items/reference.h"
#include "wire/message.h"

static enum kc_status delete_items(struct item_call *call, struct engine_request *request)
{
	return engine_delete(call->daemon->engine, request, call->dictionary);
}

void item_calls_delete(struct wire_call *call)
{
	static const struct item_verb verb = {.dictionary = "query", .run = delete_items};

	item_call_begin(call, &verb, item_call_proceed);
}

/* --- update -------------------------------------------------------------------------------- */

static enum kc_status update(struct item_call *call, struct engine_request *request)
{
	const struct engine_part *part = NULL;
	size_t n_parts = 0;

	if (call->content)
		part = item_content_parts(call->content, &n_parts);
	return engine_update(call->daemon->engine, request, call->dictionary, call->written, part);
}

/* What a reference names, when the query does not say; what is no class is the engine's to say. */
static bool find_class(struct json_object *query, enum vocabulary_class *ret_class)
{
	static const char *const names[] = {"value_persistent_ref", "value_ref"};
	const char *name = field_text(query, "class");

	if (name)
		return vocabulary_find_class(name, ret_class);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
		struct reference reference;

		if (field_data(query, names[i], &bytes) == KC_OK && bytes.len > 0 &&
		    reference_get(bytes_view(&bytes), &reference) == KC_OK) {
			*ret_class = reference.item_class;
			return true;
		}
	}
	error_clear();
	return false;
}

static const char *said_of_key(const struct item_call *call, const char *name)
{
	const char *text = field_text(call->written, name);

	return text ? text : field_text(call->dictionary, name);
}

static enum kc_status read_changes(struct item_call *call)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);
	enum vocabulary_class item_class = VOCABULARY_GENERIC_PASSWORD;
	struct item_content_source source;
	bool has_data = false;

	TRY(item_call_value(call->written, &data, &has_data));
	if (!has_data || !find_class(call->dictionary, &item_class))
		return KC_OK;
	REQUIRE(item_class != VOCABULARY_IDENTITY, KC_ERR_PARAM,
		"an identity has no value_data to change: change its certificate or its key");
	source = (struct item_content_source){
		.class_name = vocabulary_class_name(item_class),
		.data = bytes_view(&data),
		.key_class = said_of_key(call, "key_class"),
		.key_type = said_of_key(call, "key_type"),
		.label = field_text(call->written, "label"),
	};
	return item_call_read(call, &source);
}

static void start_update(struct item_call *call)
{
	enum kc_status status = read_changes(call);

	if (status == KC_OK)
		item_call_proceed(call);
	else
		item_call_end(call, status);
}

void item_calls_update(struct wire_call *call)
{
	static const struct item_verb verb = {
		.dictionary = "query", .written = "changes", .run = update};

	item_call_begin(call, &verb, start_update);
}
