/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that were looked for once are looked for once, whatever number of identities has them. */
#include "daemon/issuer_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/calls.h"

enum {
	ISSUERS_MAX = 8,    /* certificates of one name that are tried */
	SUBJECTS_MAX = 512, /* the names behind them are taken for nobody's */
};

enum kc_status issuer_pool_init(struct issuer_pool *pool)
{
	return field_new_object(&pool->pool);
}

static void end_loading(struct issuer_pool *pool)
{
	free(pool->subject);
	pool->subject = NULL;
	field_free(&pool->found);
	field_free(&pool->entries);
	pool->i_found = 0;
}

void issuer_pool_done(struct issuer_pool *pool)
{
	end_loading(pool);
	field_free(&pool->pool);
}

static enum kc_status find(struct wire_call *call, const char *subject,
			   struct json_object **ret_items)
{
	CLEANUP(field_free) struct json_object *query = NULL;
	struct engine_request request = calls_request(call);
	struct daemon *daemon = wire_call_context(call);
	enum kc_status status = KC_OK;

	TRY(field_new_object(&query));
	TRY(field_put_text(query, "class", "certificate"));
	TRY(field_put_text(query, "subject", subject));
	TRY(field_put_text(query, "synchronizable", "any"));
	TRY(field_put_text(query, "use_authentication_ui", "skip"));
	TRY(field_put_number(query, "match_limit", ISSUERS_MAX));
	TRY(field_put_flag(query, "return_data", true));
	status = engine_copy_matching(daemon->engine, &request, query, ret_items);
	engine_need_done(&request.need);
	return status;
}

static enum kc_status note_found(struct issuer_pool *pool, struct json_object *items)
{
	for (size_t i = 0; items && i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		struct json_object *data = field_get(item, "value_data");

		if (data && !field_contains(pool->found, data))
			TRY(field_append(pool->found, json_object_get(data)));
	}
	return KC_OK;
}

enum kc_status issuer_pool_load(struct issuer_pool *pool, struct wire_call *call,
				const char *subject)
{
	CLEANUP(field_free) struct json_object *items = NULL;
	bool is_full = json_object_object_length(pool->pool) >= SUBJECTS_MAX;

	end_loading(pool);
	pool->subject = strdup(subject);
	pool->found = json_object_new_array();
	pool->entries = json_object_new_array();
	REQUIRE(pool->subject && pool->found && pool->entries, KC_ERR_ALLOCATE, "out of memory");
	if (!is_full && find(call, subject, &items) != KC_OK)
		error_clear();
	return note_found(pool, items);
}

enum kc_status issuer_pool_next(struct issuer_pool *pool, const char **ret_der)
{
	const char *der = NULL;

	if (pool->subject && pool->i_found < json_object_array_length(pool->found))
		der = json_object_get_string(json_object_array_get_idx(pool->found, pool->i_found));
	if (pool->subject && !der) {
		TRY(field_put(pool->pool, pool->subject, take(pool->entries)));
		end_loading(pool);
	}
	*ret_der = der;
	return KC_OK;
}

enum kc_status issuer_pool_put(struct issuer_pool *pool, struct json_object *facts)
{
	struct json_object *der = json_object_array_get_idx(pool->found, pool->i_found++);
	CLEANUP(field_free) struct json_object *entry = NULL;

	if (!facts)
		return KC_OK;
	TRY(field_new_object(&entry));
	TRY(field_put(entry, "certificate", json_object_get(der)));
	TRY(field_put(entry, "facts", json_object_get(facts)));
	return field_append(pool->entries, take(entry));
}
