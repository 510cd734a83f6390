/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is found, opened and handed out (reference/keychain.md 2.2, 2.3, 4.4, 4.6). A damaged row is
 * as if it were not there; it is never removed by reading, so that nothing is lost that a backup of
 * the other half might still explain. One locked row fails the whole query: who gets an answer
 * knows that it is complete.
 */
#include "items/copy_impl.h"

#include "base/try.h"
#include "items/answer_size_impl.h"
#include "items/identity_impl.h"
#include "items/permit_impl.h"
#include "items/search_impl.h"

struct copying {
	const struct engine *engine;
	struct engine_request *request;
	const struct query *query;
	const struct search *search;
	struct filter_work filter;
	struct json_object *items;
	struct answer_size *size;
};

/* An application password is right when the secret opens with it, also when nobody wants that. */
static bool has_to_open_secret(const struct row *row, bool is_wanted)
{
	struct access_control access = {.flags = 0};

	if (!row->has_secret)
		return false;
	if (is_wanted)
		return true;
	return row->place == SCHEMA_FILE && permit_access_of(row, &access) == KC_OK &&
	       access_control_has(&access, ACCESS_CONTROL_APPLICATION_PASSWORD);
}

/* Of an identity the key has a password of its own. */
static enum kc_status check_key(const struct engine *engine, const struct engine_request *request,
				const struct row *key)
{
	CLEANUP(bytes_done) struct bytes secret = BYTES_INIT(ROW_SECRET_MAX);

	if (!key || request->proof.application_key.len == 0 || !has_to_open_secret(key, false))
		return KC_OK;
	return row_open_secret(engine, key, request->proof.application_key, &secret);
}

enum kc_status copy_item(const struct engine *engine, struct engine_request *request,
			 const struct query_return *wants, const struct result_item *item,
			 struct json_object **ret_item)
{
	CLEANUP(bytes_done) struct bytes secret = BYTES_INIT(ROW_SECRET_MAX);
	bool gives_data = wants->data && result_gives_data(item);
	struct kc_view data;

	if (has_to_open_secret(item->row, gives_data) &&
	    (gives_data || request->proof.application_key.len > 0))
		TRY(row_open_secret(engine, item->row, request->proof.application_key, &secret));
	TRY(check_key(engine, request, item->key));
	data = bytes_view(&secret);
	return result_new(wants, item, gives_data ? &data : NULL, ret_item);
}

/* Do its own proofs and the file's state allow to see it? */
static enum kc_status check_item(const struct copying *copying, const struct result_item *item)
{
	const struct query *query = copying->query;
	bool gives_data = query->wants.data && result_gives_data(item);

	TRY(permit_check(copying->request, query->ui, item->row,
			 gives_data ? ACCESS_CONTROL_READ_VALUE : ACCESS_CONTROL_READ));
	if (!item->key)
		return KC_OK;
	return permit_check(copying->request, query->ui, item->key, ACCESS_CONTROL_READ);
}

static enum kc_status add_item(const struct copying *copying, const struct result_item *item)
{
	struct json_object *object = NULL;
	enum kc_status status = KC_OK;
	bool passes = false;

	/* Before anybody is asked for anything. */
	TRY(filter_match_item(&copying->filter, item, &passes));
	if (!passes)
		return KC_OK;
	status = check_item(copying, item);
	if (status == KC_ERR_AUTHENTICATION_NEEDED && copying->query->ui == QUERY_UI_SKIP) {
		error_clear();
		return KC_OK;
	}
	TRY(status);
	TRY(filter_verdict_item(&copying->filter, copying->request, item, &passes));
	if (!passes)
		return KC_OK;
	TRY(copy_item(copying->engine, copying->request, &copying->query->wants, item, &object));
	TRY(field_append(copying->items, object));
	return answer_size_add(copying->size, object);
}

static enum kc_status add_identity(const struct copying *copying, struct row *certificate)
{
	CLEANUP(row_done) struct row key = {0};
	struct identity_terms terms = {copying->engine, &copying->request->caller, true};
	struct result_item item = {VOCABULARY_IDENTITY, certificate, &key};
	bool has_key = false;

	TRY(identity_find_key(&terms, certificate, &key, &has_key));
	if (!has_key || !search_matches_key(copying->search, &key))
		return KC_OK;
	TRY(row_open(copying->engine, &key));
	return add_item(copying, &item);
}

static enum kc_status add_row(const struct copying *copying, struct row *row)
{
	struct result_item item = {copying->query->item_class, row, NULL};

	TRY(row_open(copying->engine, row));
	if (copying->query->item_class == VOCABULARY_IDENTITY)
		return add_identity(copying, row);
	return add_item(copying, &item);
}

static bool is_enough(const struct copying *copying)
{
	return (int64_t)json_object_array_length(copying->items) >= copying->query->limit;
}

/* What has been found may be all that is wanted, whatever else is not judged yet. */
static enum kc_status check_verdicts(const struct copying *copying)
{
	REQUIRE(!copying->request->need.certificates || is_enough(copying),
		KC_ERR_AUTHENTICATION_NEEDED, "certificates have to be judged");
	return KC_OK;
}

static enum kc_status collect(const struct copying *copying, struct search *search)
{
	struct error_record before = *error_get();
	bool has_row = true;

	while (has_row && !filter_verdict_is_full(copying->request) && !is_enough(copying)) {
		CLEANUP(row_done) struct row row = {0};
		enum kc_status status = KC_OK;

		TRY(search_next(search, &row, &has_row));
		if (!has_row)
			break;
		status = add_row(copying, &row);
		if (status == KC_ERR_DECODE)
			error_adopt(&before);
		else
			TRY(status);
	}
	return KC_OK;
}

static enum kc_status answer(const struct engine *engine, struct engine_request *request,
			     const struct query *query, struct json_object **ret_items)
{
	CLEANUP(search_freep) struct search *search = NULL;
	CLEANUP(field_free) struct json_object *items = json_object_new_array();
	struct answer_size size = {0};
	struct copying copying = {
		.engine = engine,
		.request = request,
		.query = query,
		.filter = {.engine = engine, .caller = &request->caller, .filter = &query->filter},
		.items = items,
		.size = &size};

	REQUIRE(items, KC_ERR_ALLOCATE, "out of memory");
	TRY(search_new(engine, &request->caller, query, &search));
	TRY(filter_issuers_begin(&copying.filter));
	copying.search = search;
	TRY(collect(&copying, search));
	TRY(check_verdicts(&copying));
	if (json_object_array_length(items) == 0)
		return search_fail_empty(search);
	*ret_items = take(items);
	return KC_OK;
}

enum kc_status copy_matching(const struct engine *engine, struct engine_request *request,
			     struct json_object *dictionary, struct json_object **ret_items)
{
	CLEANUP(query_freep) struct query *query = NULL;

	TRY(query_new(QUERY_COPY, dictionary, &query));
	return answer(engine, request, query, ret_items);
}
