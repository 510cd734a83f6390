/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Keys.ListAlgorithms: all that a token's private keys perform, so that who has to know
 * of many algorithms asks once. Keys of one type are one: a program wants to know what to offer,
 * before it knows which key it will be.
 */
#include <string.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "keys/repertoire.h"

enum {
	REFERENCE_MAX = 64 * 1024,
};

static const struct {
	const char *name;
	enum repertoire_use use;
} operations[] = {
	{"sign", REPERTOIRE_SIGN},
	{"decrypt", REPERTOIRE_DECRYPT},
	{"exchange", REPERTOIRE_EXCHANGE},
};

static bool may(const struct engine_key *key, enum repertoire_use use)
{
	switch (use) {
	case REPERTOIRE_SIGN:
		return key->can_sign;
	case REPERTOIRE_DECRYPT:
		return calls_may_decrypt(key);
	case REPERTOIRE_EXCHANGE:
		return key->can_derive;
	}
	return false;
}

/* --- types ------------------------------------------------------------------------------------ */

static struct json_object *find_type(struct json_object *types, const char *key_type)
{
	for (size_t i = 0; i < json_object_array_length(types); i++) {
		struct json_object *type = json_object_array_get_idx(types, i);

		if (strcmp(field_text(type, "key_type"), key_type) == 0)
			return type;
	}
	return NULL;
}

static enum kc_status add_type(struct json_object *types, const char *key_type)
{
	struct json_object *type = NULL;

	TRY(field_new_object(&type));
	TRY(field_append(types, type));
	TRY(field_put_text(type, "key_type", key_type));
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		TRY(field_put(type, operations[i].name, json_object_new_array()));
	return KC_OK;
}

static bool has_name(struct json_object *names, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(names); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(names, i)), name) == 0)
			return true;
	return false;
}

/* Of what is there already nothing is said twice. */
static enum kc_status add_names(struct json_object *names, struct json_object *more)
{
	for (size_t i = 0; i < json_object_array_length(more); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(more, i));

		if (!has_name(names, name))
			TRY(field_append_text(names, name));
	}
	return KC_OK;
}

static enum kc_status add_key(struct json_object *types, const struct engine_key *key)
{
	struct key_facts facts = key_facts_of(key);
	struct json_object *type = NULL;

	if (!find_type(types, facts.key_type))
		TRY(add_type(types, facts.key_type));
	type = find_type(types, facts.key_type);
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		CLEANUP(field_free) struct json_object *names = NULL;

		if (!may(key, operations[i].use))
			continue;
		TRY(repertoire_list(&facts, operations[i].use, &names));
		TRY(add_names(field_get(type, operations[i].name), names));
	}
	return KC_OK;
}

/* --- keys ------------------------------------------------------------------------------------- */

static enum kc_status new_query(const char *token_id, struct json_object **ret_query)
{
	CLEANUP(field_free) struct json_object *query = NULL;

	TRY(field_new_object(&query));
	TRY(field_put_text(query, "class", "key"));
	TRY(field_put_text(query, "key_class", "private"));
	TRY(field_put_text(query, "token_id", token_id));
	TRY(field_put_text(query, "match_limit", "all"));
	TRY(field_put_flag(query, "return_persistent_ref", true));
	*ret_query = take(query);
	return KC_OK;
}

/* A token without private keys is not a failure. */
static enum kc_status find_keys(struct daemon *daemon, struct engine_request *request,
				const char *token_id, struct json_object **ret_items)
{
	CLEANUP(field_free) struct json_object *query = NULL;
	struct token *token = NULL;
	enum kc_status status = KC_OK;

	TRY(registry_find_token(daemon->registry, token_id, &token));
	TRY(new_query(token_id, &query));
	status = engine_copy_matching(daemon->engine, request, query, ret_items);
	if (status != KC_ERR_ITEM_NOT_FOUND)
		return status;
	error_clear();
	return KC_OK;
}

static enum kc_status add_item(struct daemon *daemon, struct engine_request *request,
			       struct json_object *item, struct json_object *types)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(REFERENCE_MAX);

	TRY(field_data(item, "value_persistent_ref", &reference));
	TRY(engine_find_key(daemon->engine, request, bytes_view(&reference), ENGINE_USE_PUBLIC,
			    &key));
	return add_key(types, &key);
}

static enum kc_status list(struct wire_call *call, struct engine_request *request,
			   struct json_object **ret_types)
{
	CLEANUP(field_free) struct json_object *types = json_object_new_array();
	CLEANUP(field_free) struct json_object *items = NULL;
	struct daemon *daemon = wire_call_context(call);

	REQUIRE(types, KC_ERR_ALLOCATE, "out of memory");
	TRY(find_keys(daemon, request, field_text(wire_call_parameters(call), "token_id"), &items));
	for (size_t i = 0; items && i < json_object_array_length(items); i++)
		TRY(add_item(daemon, request, json_object_array_get_idx(items, i), types));
	*ret_types = take(types);
	return KC_OK;
}

void algorithm_calls_list(struct wire_call *call)
{
	struct engine_request request = calls_request(call);
	struct json_object *types = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = list(call, &request, &types);
	engine_need_done(&request.need);
	calls_answer(call, status, "types", types);
}
