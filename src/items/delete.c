/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deleting (reference/keychain.md 2.10, 2.11): all that matches, in one transaction, by its hashes
 * alone. Nothing is opened, so it works while locked and for what is damaged.
 */
#include "items/delete_impl.h"

#include "base/try.h"
#include "items/found_impl.h"
#include "items/identity_impl.h"

struct deleting {
	const struct engine *engine;
	struct search *search;
};

static enum kc_status delete_row(const struct engine *engine, enum vocabulary_class item_class,
				 int64_t position)
{
	unreadable_forget(engine->unreadable, item_class, position);
	return row_delete(engine->database, SCHEMA_FILE, item_class, position);
}

/* The key goes with the last certificate that has it. */
static enum kc_status delete_key(const struct engine *engine, const struct found_row *row)
{
	bool is_used = false;

	if (row->key_position == 0)
		return KC_OK;
	TRY(identity_has_certificate(engine, &row->public_key_hash, &is_used));
	if (is_used)
		return KC_OK;
	return delete_row(engine, VOCABULARY_KEY, row->key_position);
}

static enum kc_status run(struct database *database, const void *work)
{
	const struct deleting *deleting = work;
	CLEANUP(found_done) struct found found = {0};

	(void)database;
	TRY(found_collect(&found, deleting->search, false));
	if (found.n == 0)
		return search_fail_empty(deleting->search);
	for (size_t i = 0; i < found.n; i++) {
		TRY(delete_row(deleting->engine, deleting->search->table, found.rows[i].position));
		TRY(delete_key(deleting->engine, &found.rows[i]));
	}
	return KC_OK;
}

enum kc_status delete_matching(const struct engine *engine, struct engine_request *request,
			       struct json_object *dictionary)
{
	CLEANUP(query_freep) struct query *query = NULL;
	CLEANUP(search_freep) struct search *search = NULL;
	struct deleting deleting = {.engine = engine};

	TRY(query_new(QUERY_DELETE, dictionary, &query));
	TRY(search_new(engine, &request->caller, query, &search));
	TRY(search_need_file(search));
	deleting.search = search;
	return database_transact_file(engine->database, run, &deleting);
}
