/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The front door of the items: which part answers what. The store is in memory and holds the
 * items of present tokens; passwords have no items yet, so a query for one finds nothing.
 */
#include "items/engine.h"

#include <stdlib.h>

#include "base/try.h"
#include "items/locate_impl.h"
#include "items/publish_impl.h"
#include "items/query_impl.h"
#include "items/reference.h"
#include "items/search_impl.h"
#include "store/database.h"
#include "store/schema.h"

struct engine {
	struct database *database;
};

enum kc_status engine_new(const struct engine_settings *settings, struct engine **ret_engine)
{
	CLEANUP(engine_freep) struct engine *engine = calloc(1, sizeof(*engine));

	(void)settings;
	REQUIRE(engine, KC_ERR_ALLOCATE, "out of memory");
	TRY(database_new(&engine->database));
	TRY(schema_create(engine->database));
	*ret_engine = take(engine);
	return KC_OK;
}

struct engine *engine_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	database_free(engine->database);
	free(engine);
	return NULL;
}

static enum kc_status check_token_id(const char *token_id)
{
	struct reference reference = {VOCABULARY_KEY, view_of_text(token_id), VIEW_OF("x")};
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);

	return reference_put(&reference, &bytes);
}

enum kc_status engine_publish(struct engine *engine, const char *token_id,
			      const struct engine_item *items, size_t n_items)
{
	TRY(check_token_id(token_id));
	return publish_replace(engine->database, token_id, items, n_items);
}

enum kc_status engine_withdraw(struct engine *engine, const char *token_id)
{
	return publish_remove(engine->database, token_id);
}

static enum kc_status fail_not_found(struct engine *engine, const struct query *query)
{
	if (query->has_reference)
		return locate_fail_missing(engine->database, &query->reference);
	return fail(KC_ERR_ITEM_NOT_FOUND, "no %s matches",
		    vocabulary_class_name(query->item_class));
}

static bool is_password(enum vocabulary_class item_class)
{
	return item_class == VOCABULARY_GENERIC_PASSWORD ||
	       item_class == VOCABULARY_INTERNET_PASSWORD;
}

static enum kc_status answer(struct engine *engine, const struct query *query,
			     struct json_object **ret_items)
{
	CLEANUP(field_free) struct json_object *items = NULL;

	if (is_password(query->item_class))
		return fail_not_found(engine, query);
	TRY(search_run(engine->database, query, &items));
	if (json_object_array_length(items) == 0)
		return fail_not_found(engine, query);
	*ret_items = take(items);
	return KC_OK;
}

enum kc_status engine_copy_matching(struct engine *engine, struct engine_request *request,
				    struct json_object *dictionary, struct json_object **ret_items)
{
	CLEANUP(query_done) struct query query = {0};

	(void)request;
	TRY(query_init(&query, dictionary));
	return answer(engine, &query, ret_items);
}

struct engine_file engine_file(const struct engine *engine)
{
	(void)engine;
	return (struct engine_file){.reason = "there is no keychain file yet"};
}

struct keybag *engine_keybag(struct engine *engine)
{
	(void)engine;
	return NULL;
}

void engine_need_done(struct engine_need *need)
{
	field_free(&need->certificates);
}

enum kc_status engine_add(struct engine *engine, struct engine_request *request,
			  struct json_object *dictionary, const struct engine_part *parts,
			  size_t n_parts, struct json_object **ret_item)
{
	(void)engine, (void)request, (void)dictionary, (void)parts, (void)n_parts, (void)ret_item;
	return fail(KC_ERR_UNIMPLEMENTED, "items cannot be added yet");
}

enum kc_status engine_update(struct engine *engine, struct engine_request *request,
			     struct json_object *query, struct json_object *changes,
			     const struct engine_part *part)
{
	(void)engine, (void)request, (void)query, (void)changes, (void)part;
	return fail(KC_ERR_UNIMPLEMENTED, "items cannot be changed yet");
}

enum kc_status engine_delete(struct engine *engine, struct engine_request *request,
			     struct json_object *query)
{
	(void)engine, (void)request, (void)query;
	return fail(KC_ERR_UNIMPLEMENTED, "items cannot be deleted yet");
}

void engine_key_done(struct engine_key *key)
{
	secret_done(&key->private_key);
	free(key->token_id);
	kc_bytes_free(&key->object_id);
	kc_bytes_free(&key->public_key);
	free(key->label);
	free(key->key_type);
	free(key->constraint);
	json_object_put(key->algorithms);
	*key = (struct engine_key){0};
}

enum kc_status engine_find_key(struct engine *engine, struct engine_request *request,
			       struct kc_view persistent_ref, enum engine_use use,
			       struct engine_key *ret_key)
{
	struct reference reference;

	(void)request;
	(void)use;

	TRY(reference_get(persistent_ref, &reference));
	return locate_key(engine->database, &reference, ret_key);
}
