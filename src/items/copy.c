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
	const struct engine_page *page; /* NULL: all of it */
	int64_t n_before;		/* items in the pages before */
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

/* Updates may have added to an item what no message could have brought at once. */
static enum kc_status add_size(const struct copying *copying, struct json_object *object)
{
	struct answer_size size = {0};

	answer_size_add(&size, object);
	copying->size->n_bytes += size.n_bytes;
	copying->size->n_values += size.n_values;
	if (size.n_bytes <= ENGINE_ITEM_MAX)
		return KC_OK;
	error_set_hint("ask for its attributes and its data one after the other");
	return fail(KC_ERR_PARAM, "an item is larger than an answer can be");
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
	status = add_size(copying, object);
	if (status == KC_OK)
		return field_append(copying->items, object);
	field_free(&object);
	return status;
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
	return copying->n_before + (int64_t)json_object_array_length(copying->items) >=
	       copying->query->limit;
}

/* The item that made it too large is taken back, unless it is alone. */
static bool is_overfull(const struct copying *copying)
{
	const struct engine_page *page = copying->page;

	return page && json_object_array_length(copying->items) > 1 &&
	       ((page->bytes_max && copying->size->n_bytes > page->bytes_max) ||
		(page->values_max && copying->size->n_values > page->values_max));
}

/* What has been found may be all that is wanted, whatever else is not judged yet. */
static enum kc_status check_verdicts(const struct copying *copying)
{
	REQUIRE(!copying->request->need.certificates || is_enough(copying),
		KC_ERR_AUTHENTICATION_NEEDED, "certificates have to be judged");
	return KC_OK;
}

/* There is as much as there shall be now. */
static bool is_done(const struct copying *copying, size_t n_rows)
{
	const struct engine_page *page = copying->page;

	return filter_verdict_is_full(copying->request) || is_enough(copying) ||
	       (page && page->rows_max && n_rows >= page->rows_max);
}

static enum kc_status take_last_back(const struct copying *copying)
{
	size_t last = json_object_array_length(copying->items) - 1;

	REQUIRE(json_object_array_del_idx(copying->items, last, 1) == 0, KC_ERR_INTERNAL,
		"an item of a page cannot be taken back");
	return KC_OK;
}

static enum kc_status collect(const struct copying *copying, struct search *search,
			      bool *ret_is_at_end)
{
	struct error_record before = *error_get();
	bool has_row = true;

	for (size_t n_rows = 0; has_row && !is_done(copying, n_rows); n_rows++) {
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
		if (is_overfull(copying))
			return take_last_back(copying);
		search_page_note(search, &row);
	}
	*ret_is_at_end = !has_row || is_enough(copying);
	return KC_OK;
}

/* One item needs no cursor, unless there is no telling how far away it is. */
static bool is_paged(const struct query *query)
{
	return query->limit > 1 || query->filter.is_set;
}

static enum kc_status answer(struct copying *copying, struct engine_cursor *cursor)
{
	CLEANUP(search_freep) struct search *search = NULL;
	bool is_at_end = false;

	TRY(search_new(copying->engine, &copying->request->caller, copying->query, &search));
	if (copying->page)
		search_page_continue(search, cursor, copying->page->rows_max);
	TRY(filter_issuers_begin(&copying->filter));
	copying->search = search;
	copying->n_before = cursor->n_items;
	TRY(collect(copying, search, &is_at_end));
	TRY(check_verdicts(copying));
	search->cursor.n_items =
		cursor->n_items + (int64_t)json_object_array_length(copying->items);
	search->cursor.is_at_end = is_at_end;
	if (is_at_end && search->cursor.n_items == 0)
		return search_fail_empty(search);
	*cursor = search->cursor;
	return KC_OK;
}

enum kc_status copy_page(const struct engine *engine, struct engine_request *request,
			 struct json_object *dictionary, const struct engine_page *page,
			 struct engine_cursor *cursor, struct json_object **ret_items)
{
	CLEANUP(query_freep) struct query *query = NULL;
	CLEANUP(field_free) struct json_object *items = json_object_new_array();
	struct answer_size size = {0};
	struct copying copying = {
		.engine = engine, .request = request, .items = items, .size = &size};

	REQUIRE(items, KC_ERR_ALLOCATE, "out of memory");
	TRY(query_new(QUERY_COPY, dictionary, &query));
	copying.query = query;
	copying.filter = (struct filter_work){
		.engine = engine, .caller = &request->caller, .filter = &query->filter};
	copying.page = page && is_paged(query) ? page : NULL;
	TRY(answer(&copying, cursor));
	*ret_items = take(items);
	return KC_OK;
}

enum kc_status copy_matching(const struct engine *engine, struct engine_request *request,
			     struct json_object *dictionary, struct json_object **ret_items)
{
	struct engine_cursor cursor = {0};

	return copy_page(engine, request, dictionary, NULL, &cursor, ret_items);
}
