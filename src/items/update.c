/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing (reference/keychain.md 2.9): all that matches or nothing, in one transaction. An item
 * keeps its place and so its persistent reference, and is sealed anew as another revision; the
 * value is opened for that even when it stays, since the old sealing belongs to the old revision.
 */
#include "items/update_impl.h"

#include "base/try.h"
#include "items/draft_impl.h"
#include "items/found_impl.h"
#include "items/group_impl.h"
#include "items/permit_impl.h"
#include "items/place_impl.h"
#include "items/value_impl.h"

struct updating {
	const struct engine *engine;
	struct engine_request *request;
	const struct query *query;
	struct search *search;
	const struct addition *changes;
	const struct engine_part *part;
};

/* --- one row --------------------------------------------------------------------------------- */

/* What the content says stays so, unless there is new content. */
static enum kc_status check_content(const struct updating *updating, const struct row *row,
				    const struct vocabulary_attribute *attribute,
				    struct json_object *value)
{
	CLEANUP(field_free) struct json_object *name = json_object_new_string(attribute->name);
	struct json_object *content = field_get(row->attributes, ROW_CONTENT);
	struct json_object *old = field_get(row->attributes, attribute->name);

	REQUIRE(name, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(updating->part || !content || !field_contains(content, name) ||
			value_equal(attribute, old, value),
		KC_ERR_PARAM, "\"%s\" is what the %s itself says, and does not change",
		attribute->name, vocabulary_class_name(row->item_class));
	return KC_OK;
}

static enum kc_status put_changes(const struct updating *updating, struct row *row)
{
	json_object_object_foreach(updating->changes->attributes, name, value)
	{
		const struct vocabulary_attribute *attribute = vocabulary_find(name);

		if (!vocabulary_has(attribute, row->item_class))
			continue;
		TRY(check_content(updating, row, attribute, value));
		TRY(field_put(row->attributes, name, json_object_get(value)));
	}
	return KC_OK;
}

/* What the old content said of itself goes with it. */
static enum kc_status put_content(const struct updating *updating, struct row *row)
{
	struct json_object *content = field_get(row->attributes, ROW_CONTENT);

	if (!updating->part)
		return KC_OK;
	for (size_t i = 0; content && i < json_object_array_length(content); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(content, i));

		if (!field_get(updating->changes->attributes, name))
			json_object_object_del(row->attributes, name);
	}
	json_object_object_del(row->attributes, ROW_PUBLIC_KEY);
	return draft_describe(row, updating->part);
}

/*
 * "accessible" and "access_control" say in part the same: a change of one alone is one of both.
 */
static enum kc_status follow_access(const struct updating *updating, struct row *row)
{
	struct json_object *changes = updating->changes->attributes;
	struct json_object *control = field_get(row->attributes, "access_control");
	struct json_object *accessible = field_get(changes, "accessible");
	struct json_object *followed = NULL;

	if (field_get(changes, "access_control")) {
		if (!accessible)
			json_object_object_del(row->attributes, "accessible");
		return KC_OK;
	}
	if (!control || !accessible)
		return KC_OK;
	/* Shared with nobody else: what is stored was parsed for this row. */
	REQUIRE(json_object_deep_copy(control, &followed, NULL) == 0, KC_ERR_ALLOCATE,
		"out of memory");
	TRY(field_put(row->attributes, "access_control", followed));
	return field_put(followed, "accessible", json_object_get(accessible));
}

/* Who becomes synchronized loses an access control that wants nothing (it has one only in form). */
static void drop_empty_access(const struct access_control *before, const struct updating *updating,
			      struct row *row)
{
	if (before->flags == 0 && field_flag(row->attributes, "synchronizable", false) &&
	    !field_get(updating->changes->attributes, "access_control"))
		json_object_object_del(row->attributes, "access_control");
}

/* What was added to stay here does not become something to be given away; other content may be. */
static enum kc_status check_extractable(const struct updating *updating, const struct row *row)
{
	struct json_object *changes = updating->changes->attributes;

	if (row->item_class != VOCABULARY_KEY || updating->part ||
	    !field_flag(changes, "is_extractable", false) ||
	    field_flag(row->attributes, "is_extractable", false))
		return KC_OK;
	error_set_hint("\"is_extractable\" is said when a key is added");
	return fail(KC_ERR_AUTH_FAILED, "a key that is not extractable does not become "
					"\"is_extractable\"");
}

static enum kc_status change_attributes(const struct updating *updating,
					const struct access_control *before, struct row *row,
					struct access_control *ret_after)
{
	TRY(check_extractable(updating, row));
	TRY(put_changes(updating, row));
	TRY(put_content(updating, row));
	TRY(draft_check_kind(row->attributes));
	TRY(follow_access(updating, row));
	drop_empty_access(before, updating, row);
	TRY(draft_touch(row->attributes));
	TRY(draft_finish(updating->engine, row, ret_after));
	return access_control_may_become(before, ret_after);
}

/* The value that is to be sealed: a new one, or the old one opened. */
static enum kc_status take_secret(const struct updating *updating, const struct row *row,
				  struct bytes *opened, struct kc_view *secret,
				  bool *ret_has_secret)
{
	const struct engine_part *part = updating->part;
	struct kc_view application_key = updating->request->proof.application_key;

	*ret_has_secret = true;
	/* Opened in any case: it shows that the application password is the right one. */
	if (row->has_secret)
		TRY(row_open_secret(updating->engine, row, application_key, opened));
	if (part && part->has_data)
		*secret = part->data;
	else if (row->has_secret && !field_flag(row->attributes, ROW_NO_DATA, false))
		*secret = bytes_view(opened);
	else
		*ret_has_secret = false;
	return KC_OK;
}

static enum kc_status write_row(const struct updating *updating, struct row *row)
{
	CLEANUP(bytes_done) struct bytes opened = BYTES_INIT(ROW_SECRET_MAX);
	const struct engine *engine = updating->engine;
	struct engine_request *request = updating->request;
	struct access_control before = {.flags = 0};
	struct access_control after = {.flags = 0};
	struct kc_view secret;
	bool has_secret = false;

	TRY(take_secret(updating, row, &opened, &secret, &has_secret));
	TRY(permit_access_of(row, &before));
	TRY(change_attributes(updating, &before, row, &after));
	TRY(permit_check_access(request, updating->query->ui, row->attributes, &after,
				ACCESS_CONTROL_ADD));
	TRY(draft_seal(engine, row, &after, &request->proof, has_secret ? &secret : NULL));
	TRY(place_make_free(engine, row, NULL));
	return row_update(engine->database, row);
}

/* False: it is damaged, and so not there. */
static enum kc_status update_row(const struct updating *updating, enum vocabulary_class item_class,
				 int64_t position, bool *ret_is_there)
{
	CLEANUP(row_done) struct row row = {0};
	struct error_record before = *error_get();
	enum kc_status status = KC_OK;

	TRY(place_load(updating->engine, item_class, position, &row));
	status = row_open(updating->engine, &row);
	*ret_is_there = status != KC_ERR_DECODE;
	if (status == KC_ERR_DECODE) {
		error_adopt(&before);
		return KC_OK;
	}
	TRY(status);
	TRY(permit_check(updating->request, updating->query->ui, &row, ACCESS_CONTROL_CHANGE));
	return write_row(updating, &row);
}

/* --- all ------------------------------------------------------------------------------------- */

/*
 * Of an identity the certificate, then the key if that is in the file (reference/keychain.md 2.9,
 * and 7: both or none).
 */
static enum kc_status update_found(const struct updating *updating, const struct found_row *row,
				   bool *ret_is_there)
{
	bool has_key = false;

	TRY(update_row(updating, updating->search->table, row->position, ret_is_there));
	if (!*ret_is_there || row->key_position == 0)
		return KC_OK;
	return update_row(updating, VOCABULARY_KEY, row->key_position, &has_key);
}

static enum kc_status run(struct database *database, const void *work)
{
	const struct updating *updating = work;
	CLEANUP(found_done) struct found found = {0};
	size_t n_changed = 0;

	(void)database;
	TRY(found_collect(&found, updating->search, true));
	for (size_t i = 0; i < found.n; i++) {
		bool is_there = false;

		TRY(update_found(updating, &found.rows[i], &is_there));
		n_changed += is_there;
	}
	return n_changed ? KC_OK : search_fail_empty(updating->search);
}

/* reference/keychain.md 2.9: "New agrp must be writable by the caller"; so was the old one. */
static enum kc_status check_changes(const struct updating *updating)
{
	const char *group = field_text(updating->changes->attributes, "access_group");

	if (group)
		TRY(group_require(&updating->request->caller, group, true));
	REQUIRE(!updating->part || updating->query->item_class != VOCABULARY_IDENTITY, KC_ERR_PARAM,
		"an identity is as its certificate and its key are: add another one");
	return search_need_file(updating->search);
}

static enum kc_status update(const struct updating *updating, struct json_object *changes,
			     struct addition *addition)
{
	TRY(addition_init_changes(addition, updating->query->item_class, changes));
	TRY(check_changes(updating));
	return database_transact_file(updating->engine->database, run, updating);
}

enum kc_status update_matching(const struct engine *engine, struct engine_request *request,
			       struct json_object *dictionary, struct json_object *changes,
			       const struct engine_part *part)
{
	CLEANUP(query_freep) struct query *query = NULL;
	CLEANUP(search_freep) struct search *search = NULL;
	CLEANUP(addition_done) struct addition addition = {0};
	struct updating updating = {.engine = engine, .request = request, .part = part};

	TRY(query_new(QUERY_UPDATE, dictionary, &query));
	TRY(search_new(engine, &request->caller, query, &search));
	updating.query = query;
	updating.search = search;
	updating.changes = &addition;
	return update(&updating, changes, &addition);
}
