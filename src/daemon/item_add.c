/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Items.Add. What is added is in value_data, or is an item that there is already, named
 * by value_ref: a certificate, a key or an identity becomes a copy in the keychain's file
 * (reference/keychain.md 2.5, 2.7, 2.11).
 */
#include <string.h>

#include "base/try.h"
#include "codec/vocabulary.h"
#include "daemon/calls.h"
#include "daemon/item_call.h"
#include "daemon/key_lookup.h"
#include "daemon/session_keys.h"
#include "wire/message.h"

static enum kc_status add(struct item_call *call, struct engine_request *request)
{
	struct json_object *dictionary = call->added ? call->added : call->dictionary;
	struct engine_part nothing = {.class_name = field_text(dictionary, "class")};
	const struct engine_part *parts = &nothing;
	size_t n_parts = nothing.class_name ? 1 : 0;

	if (call->content)
		parts = item_content_parts(call->content, &n_parts);
	return engine_add(call->daemon->engine, request, dictionary, parts, n_parts, &call->result);
}

/* --- a copy of what there is ---------------------------------------------------------------- */

static enum kc_status new_query(struct json_object **ret_query)
{
	CLEANUP(field_free) struct json_object *query = NULL;

	TRY(field_new_object(&query));
	TRY(field_put_flag(query, "return_data", true));
	TRY(field_put_flag(query, "return_attributes", true));
	*ret_query = take(query);
	return KC_OK;
}

/* An identity gives its certificate; its key is an item of its own. */
static enum kc_status copy_key(struct item_call *call, struct engine_request *request,
			       const char *label)
{
	CLEANUP(field_free) struct json_object *query = NULL;

	field_free(&call->copied_key);
	TRY(new_query(&query));
	TRY(field_put_text(query, "class", "key"));
	TRY(field_put_text(query, "key_class", "private"));
	TRY(field_put_text(query, "application_label", label));
	TRY(field_put_text(query, "match_limit", "all"));
	return engine_copy_matching(call->daemon->engine, request, query, &call->copied_key);
}

/* --- of a key that is no item ----------------------------------------------------------------- */

static enum kc_status put_key(const struct private_key *key, struct item_call *call)
{
	CLEANUP(field_free) struct json_object *copied = NULL;

	TRY(field_new_object(&copied));
	TRY(field_put_text(copied, "class", "key"));
	TRY(field_put_text(copied, "key_class", key->key_class));
	TRY(field_put_text(copied, "key_type", key->key_type));
	TRY(field_put_data(copied, "value_data", private_key_data(key)));
	call->copied = json_object_new_array();
	return field_append(call->copied, take(copied));
}

static enum kc_status copy_public_key(struct item_call *call, struct kc_view reference)
{
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};

	TRY(public_reference_get(reference, &key));
	return put_key(&key, call);
}

/* A number is a flag to the engine too, so that whatever is not nothing is taken for a yes. */
static bool wants(struct json_object *dictionary, const char *flag)
{
	return json_object_get_boolean(field_get(dictionary, flag));
}

/* It can be copied, as whoever made it could have made it permanent; but it stays what it was. */
static enum kc_status copy_session_key(struct item_call *call, struct kc_view reference)
{
	const struct session_key *key = NULL;
	struct json_object *given = NULL;

	TRY(key_lookup_session(call->call, reference, &key));
	given = session_keys_given(key);
	REQUIRE(field_flag(given, "is_extractable", false) ||
			!wants(call->dictionary, "is_extractable"),
		KC_ERR_PARAM, "the key was made not to be extractable, and stays so");
	call->given = json_object_get(given);
	return put_key(session_keys_value(key), call);
}

/* --- of an item ------------------------------------------------------------------------------- */

/* Value and attributes; the engine says whether they may be had. */
static enum kc_status copy_item(struct item_call *call, struct engine_request *request)
{
	CLEANUP(field_free) struct json_object *query = NULL;
	struct json_object *copied = NULL;

	TRY(new_query(&query));
	TRY(field_put_text(query, "value_ref", field_text(call->dictionary, "value_ref")));
	TRY(engine_copy_matching(call->daemon->engine, request, query, &call->copied));
	copied = json_object_array_get_idx(call->copied, 0);
	if (strcmp(field_text(copied, "class"), "identity") != 0)
		return KC_OK;
	return copy_key(call, request, field_text(copied, "application_label"));
}

static enum kc_status copy_source(void *details, struct engine_request *request)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(KEY_LOOKUP_REFERENCE_MAX);
	struct item_call *call = details;

	field_free(&call->copied);
	field_free(&call->given);
	TRY(field_data(call->dictionary, "value_ref", &reference));
	switch (key_lookup_kind(bytes_view(&reference))) {
	case KEY_LOOKUP_PUBLIC:
		return copy_public_key(call, bytes_view(&reference));
	case KEY_LOOKUP_SESSION:
		return copy_session_key(call, bytes_view(&reference));
	case KEY_LOOKUP_ITEM:
		break;
	}
	return copy_item(call, request);
}

static enum kc_status fail_without_value(struct json_object *copied)
{
	const char *token_id = field_text(copied, "token_id");

	error_set_token(token_id, NULL);
	error_set_hint(token_id ? "what a token keeps to itself can only be used there"
				: "is_extractable says whether a key may be copied");
	return fail(KC_ERR_PARAM, "the value of \"%.64s\" cannot be copied",
		    field_text(copied, "label") ? field_text(copied, "label") : "(no label)");
}

/* Of several that are the same key, the one whose value can be had. */
static struct json_object *choose_key(struct json_object *keys)
{
	for (size_t i = 0; i < json_object_array_length(keys); i++)
		if (field_text(json_object_array_get_idx(keys, i), "value_data"))
			return json_object_array_get_idx(keys, i);
	return json_object_array_get_idx(keys, 0);
}

/* null too: what it means is the engine's to say. */
static enum kc_status put_same(struct json_object *object, const char *name,
			       struct json_object *value)
{
	REQUIRE(json_object_object_add(object, name, json_object_get(value)) == 0, KC_ERR_ALLOCATE,
		"out of memory");
	return KC_OK;
}

/* reference/keychain.md 2.5: "attributes the caller gave explicitly win". */
static enum kc_status put_given(struct json_object *given, struct json_object *added)
{
	if (!given)
		return KC_OK;
	json_object_object_foreach(given, name, value)
	{
		if (strcmp(name, "is_permanent") != 0 &&
		    !json_object_object_get_ex(added, name, NULL))
			TRY(put_same(added, name, value));
	}
	return KC_OK;
}

/* The dictionary as if the value had stood in it. */
static enum kc_status make_dictionary(struct item_call *call, const char *class_name)
{
	CLEANUP(field_free) struct json_object *added = NULL;
	const char *claimed = field_text(call->dictionary, "class");

	REQUIRE(!claimed || strcmp(claimed, class_name) == 0, KC_ERR_PARAM,
		"value_ref names an item of class \"%s\", not \"%.32s\"", class_name, claimed);
	TRY(field_new_object(&added));
	json_object_object_foreach(call->dictionary, name, value)
	{
		if (strcmp(name, "value_ref") != 0)
			TRY(put_same(added, name, value));
	}
	TRY(put_given(call->given, added));
	TRY(field_put_text(added, "class", class_name));
	call->added = take(added);
	return KC_OK;
}

static enum kc_status read_copied(struct item_call *call)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes key_data = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct json_object *copied = json_object_array_get_idx(call->copied, 0);
	struct json_object *key = call->copied_key ? choose_key(call->copied_key) : copied;
	struct item_content_source source = {
		.class_name = field_text(copied, "class"),
		.key_class = field_text(key, "key_class"),
		.key_type = field_text(key, "key_type"),
		.label = field_text(call->dictionary, "label"),
	};

	/* "Certificate, key, identity only; another type → param." */
	REQUIRE(strstr(source.class_name, "password") == NULL, KC_ERR_PARAM,
		"value_ref must name a certificate, a key or an identity");
	if (!field_text(copied, "value_data"))
		return fail_without_value(copied);
	if (!field_text(key, "value_data"))
		return fail_without_value(key);
	TRY(make_dictionary(call, source.class_name));
	TRY(field_data(copied, "value_data", &data));
	source.data = bytes_view(&data);
	if (call->copied_key)
		TRY(field_data(key, "value_data", &key_data));
	source.key = bytes_view(&key_data);
	return item_call_read(call, &source);
}

static void go_on(struct item_call *call, enum kc_status status)
{
	if (status == KC_OK)
		item_call_proceed(call);
	else
		item_call_end(call, status);
}

static void on_copied(void *details, enum kc_status status)
{
	struct item_call *call = details;

	go_on(call, status == KC_OK ? read_copied(call) : status);
}

/* --- the call ------------------------------------------------------------------------------ */

static bool has(struct json_object *dictionary, const char *name)
{
	return json_object_is_type(dictionary, json_type_object) &&
	       json_object_object_get_ex(dictionary, name, NULL);
}

/* Of the class, and of what is no class, the engine says what is wrong. */
static enum kc_status read_value(struct item_call *call)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);
	const char *name = field_text(call->dictionary, "class");
	enum vocabulary_class item_class = VOCABULARY_GENERIC_PASSWORD;
	struct item_content_source source;
	bool has_data = false;

	TRY(item_call_value(call->dictionary, &data, &has_data));
	if (!name || !vocabulary_find_class(name, &item_class))
		return KC_OK;
	REQUIRE(has_data || item_class != VOCABULARY_IDENTITY, KC_ERR_PARAM,
		"an identity needs a \"value_data\": PEM text with a certificate and its key");
	if (!has_data)
		return KC_OK;
	source = (struct item_content_source){
		.class_name = vocabulary_class_name(item_class),
		.data = bytes_view(&data),
		.key_class = field_text(call->dictionary, "key_class"),
		.key_type = field_text(call->dictionary, "key_type"),
		.label = field_text(call->dictionary, "label"),
	};
	return item_call_read(call, &source);
}

static enum kc_status check_references(const struct item_call *call)
{
	bool has_reference = has(call->dictionary, "value_persistent_ref");

	if (has_reference)
		error_set_hint("value_ref adds a copy of the item that it names");
	REQUIRE(!has_reference, KC_ERR_PARAM,
		"\"value_persistent_ref\" names an item that there is; an add makes a new one");
	REQUIRE(!has(call->dictionary, "value_ref") || !has(call->dictionary, "value_data"),
		KC_ERR_PARAM, "\"value_ref\" and \"value_data\" both say what is added");
	REQUIRE(!has(call->dictionary, "value_ref") || field_text(call->dictionary, "value_ref"),
		KC_ERR_PARAM, "\"value_ref\" must be base64 text");
	return KC_OK;
}

static void start(struct item_call *call)
{
	enum kc_status status = check_references(call);

	if (status == KC_OK && has(call->dictionary, "value_ref")) {
		item_call_ask(call, copy_source, on_copied);
		return;
	}
	go_on(call, status == KC_OK ? read_value(call) : status);
}

void item_calls_add(struct wire_call *call)
{
	static const struct item_verb verb = {
		.dictionary = "item", .written = "item", .result = "item", .run = add};

	item_call_begin(call, &verb, start);
}
