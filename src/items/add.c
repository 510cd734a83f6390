/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adding (reference/keychain.md 2.7, 2.11): attributes are completed and sealed first, so that what
 * is locked or wrong is said before anybody looks whether there is such an item already; then one
 * transaction.
 */
#include "items/add_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "items/copy_impl.h"
#include "items/draft_impl.h"
#include "items/group_impl.h"
#include "items/permit_impl.h"
#include "items/place_impl.h"

enum {
	PARTS_MAX = 2, /* of an identity: certificate, key */
};

struct adding {
	const struct engine *engine;
	struct engine_request *request;
	struct addition addition;
	const struct engine_part *parts;
	size_t n_parts;
	bool may_be_there;
	bool is_new;		    /* out */
	struct row rows[PARTS_MAX]; /* one for each part, at least one */
	struct json_object *item;   /* the answer; owned */
};

/* --- one row --------------------------------------------------------------------------------- */

/* The application's attributes that an item of this class has. */
static enum kc_status take_attributes(const struct addition *addition, struct row *row)
{
	TRY(field_new_object(&row->attributes));
	json_object_object_foreach(addition->attributes, name, value)
	{
		if (vocabulary_has(vocabulary_find(name), row->item_class))
			TRY(field_put(row->attributes, name, json_object_get(value)));
	}
	return KC_OK;
}

/* Those of an identity, as its certificate has them. */
static enum kc_status free_certificate(const struct adding *adding, struct row *row)
{
	struct access_control access = {.flags = 0};
	struct json_object *value = field_get(row->attributes, "access_control");

	if (!value || adding->addition.item_class != VOCABULARY_IDENTITY ||
	    row->item_class != VOCABULARY_CERTIFICATE)
		return KC_OK;
	TRY(access_control_parse(value, &access));
	access = access_control_of_certificate(&access);
	TRY(access_control_make(&access, &value));
	return field_put(row->attributes, "access_control", value);
}

static enum kc_status make_row(const struct adding *adding, const struct engine_part *part,
			       struct row *row)
{
	const struct engine_caller *caller = &adding->request->caller;
	struct access_control access = {.flags = 0};
	bool has_data = part && part->has_data;

	row->place = SCHEMA_FILE;
	TRY(take_attributes(&adding->addition, row));
	TRY(free_certificate(adding, row));
	if (part)
		TRY(draft_describe(row, part));
	TRY(draft_complete(row, caller->groups[0]));
	TRY(draft_finish(adding->engine, row, &access));
	TRY(permit_check_access(adding->request, adding->addition.ui, row->attributes, &access,
				ACCESS_CONTROL_ADD));
	TRY(row_new_id(row->item_id));
	return draft_seal(adding->engine, row, &access, &adding->request->proof,
			  has_data ? &part->data : NULL);
}

static enum kc_status make_rows(struct adding *adding)
{
	if (adding->n_parts == 0) {
		adding->rows[0].item_class = adding->addition.item_class;
		return make_row(adding, NULL, &adding->rows[0]);
	}
	for (size_t i = 0; i < adding->n_parts; i++)
		TRY(make_row(adding, &adding->parts[i], &adding->rows[i]));
	return KC_OK;
}

/* --- in the file ----------------------------------------------------------------------------- */

static bool wants_answer(const struct adding *adding)
{
	const struct query_return *wants = &adding->addition.wants;

	return wants->data || wants->attributes || wants->ref || wants->persistent_ref;
}

/* What is there already tells of itself what it would tell whoever searches for it. */
static enum kc_status check_found(const struct adding *adding, struct row *row)
{
	if (!wants_answer(adding))
		return KC_OK;
	TRY(row_open(adding->engine, row));
	return permit_check(adding->request, adding->addition.ui, row, ACCESS_CONTROL_READ);
}

/* @row becomes what is in the way, when the same item is there. */
static enum kc_status insert_or_find(const struct adding *adding, struct row *row, bool *ret_is_new)
{
	CLEANUP(row_done) struct row other = {0};
	struct error_record before = *error_get();
	enum kc_status status = place_make_free(adding->engine, row, &other);

	*ret_is_new = status == KC_OK;
	if (status == KC_OK)
		return row_insert(adding->engine->database, row);
	if (status != KC_ERR_DUPLICATE_ITEM)
		return status;
	error_adopt(&before);
	row_done(row);
	*row = other;
	other = (struct row){.place = SCHEMA_FILE};
	return check_found(adding, row);
}

/*
 * reference/keychain.md 2.11: "Cert duplicate is tolerated; key duplicate is tolerated only if the
 * cert was new", so at least one of them is new.
 */
static enum kc_status insert_identity(struct adding *adding)
{
	bool is_new_certificate = false;
	bool is_new_key = false;

	TRY(insert_or_find(adding, &adding->rows[0], &is_new_certificate));
	TRY(insert_or_find(adding, &adding->rows[1], &is_new_key));
	adding->is_new = is_new_certificate || is_new_key;
	REQUIRE(adding->is_new || adding->may_be_there, KC_ERR_DUPLICATE_ITEM,
		"there is such an identity already");
	return KC_OK;
}

/* --- the whole ------------------------------------------------------------------------------- */

static enum kc_status check_part(const struct engine_part *part, enum vocabulary_class expected,
				 struct row *row)
{
	enum vocabulary_class item_class = VOCABULARY_N_CLASSES;

	REQUIRE(part->class_name && vocabulary_find_class(part->class_name, &item_class) &&
			item_class == expected,
		KC_ERR_PARAM, "\"value_data\" is not that of a %s",
		vocabulary_class_name(expected));
	row->item_class = item_class;
	return KC_OK;
}

static enum kc_status check_parts(struct adding *adding)
{
	enum vocabulary_class item_class = adding->addition.item_class;

	if (item_class == VOCABULARY_IDENTITY) {
		REQUIRE(adding->n_parts == 2, KC_ERR_PARAM,
			"an identity needs its certificate and its key as \"value_data\"");
		TRY(check_part(&adding->parts[0], VOCABULARY_CERTIFICATE, &adding->rows[0]));
		TRY(check_part(&adding->parts[1], VOCABULARY_KEY, &adding->rows[1]));
		REQUIRE(adding->parts[0].public_key.len > 0 &&
				view_equal(adding->parts[0].public_key,
					   adding->parts[1].public_key),
			KC_ERR_PARAM, "the key does not belong to the certificate");
		return KC_OK;
	}
	REQUIRE(adding->n_parts <= 1, KC_ERR_PARAM, "\"value_data\" is more than one item");
	return adding->n_parts ? check_part(&adding->parts[0], item_class, &adding->rows[0])
			       : KC_OK;
}

/* reference/keychain.md 2.7, 4.2. */
static enum kc_status check_group(const struct adding *adding)
{
	const struct engine_caller *caller = &adding->request->caller;
	const char *group = field_text(adding->addition.attributes, "access_group");

	TRY(group_require_any(caller, true));
	return group ? group_require(caller, group, true) : KC_OK;
}

static enum kc_status answer(struct adding *adding)
{
	bool is_identity = adding->addition.item_class == VOCABULARY_IDENTITY;
	struct result_item item = {adding->addition.item_class, &adding->rows[0],
				   is_identity ? &adding->rows[1] : NULL};

	if (!wants_answer(adding))
		return KC_OK;
	TRY(row_open(adding->engine, item.row));
	if (item.key)
		TRY(row_open(adding->engine, item.key));
	return copy_item(adding->engine, adding->request, &adding->addition.wants, &item,
			 &adding->item);
}

static enum kc_status insert_item(struct adding *adding)
{
	if (adding->addition.item_class == VOCABULARY_IDENTITY)
		return insert_identity(adding);
	if (adding->may_be_there)
		return insert_or_find(adding, &adding->rows[0], &adding->is_new);
	adding->is_new = true;
	TRY(place_make_free(adding->engine, &adding->rows[0], NULL));
	return row_insert(adding->engine->database, &adding->rows[0]);
}

static bool is_asymmetric(struct json_object *attributes)
{
	const char *key_class = field_text(attributes, "key_class");

	return key_class && (strcmp(key_class, "private") == 0 || strcmp(key_class, "public") == 0);
}

/* A password may follow; a certificate or a key is its data, and would only be in the way. */
static enum kc_status check_data(const struct adding *adding)
{
	const struct addition *addition = &adding->addition;

	if (adding->n_parts == 0 || adding->parts[0].has_data)
		return KC_OK;
	REQUIRE(addition->item_class != VOCABULARY_CERTIFICATE, KC_ERR_PARAM,
		"a certificate needs a \"value_data\": its DER");
	REQUIRE(addition->item_class != VOCABULARY_KEY || !is_asymmetric(addition->attributes),
		KC_ERR_PARAM, "a %s key needs a \"value_data\": its external representation",
		field_text(addition->attributes, "key_class"));
	return KC_OK;
}

static enum kc_status prepare(struct adding *adding, struct json_object *dictionary)
{
	TRY(addition_init(&adding->addition, dictionary));
	TRY(engine_need_file(adding->engine, true));
	TRY(check_group(adding));
	TRY(check_data(adding));
	TRY(check_parts(adding));
	return make_rows(adding);
}

static void adding_done(struct adding *adding)
{
	addition_done(&adding->addition);
	for (size_t i = 0; i < PARTS_MAX; i++)
		row_done(&adding->rows[i]);
	field_free(&adding->item);
}

/* --- several --------------------------------------------------------------------------------- */

struct batch {
	struct adding *addings;
	size_t n;
};

static void batch_done(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		adding_done(&batch->addings[i]);
	free(batch->addings);
}

/* Who hears that it has failed finds nothing added: the answers are made before the end. */
static enum kc_status run(struct database *database, const void *work)
{
	const struct batch *batch = work;

	(void)database;
	for (size_t i = 0; i < batch->n; i++) {
		TRY(insert_item(&batch->addings[i]));
		TRY(answer(&batch->addings[i]));
	}
	return KC_OK;
}

static enum kc_status prepare_all(struct batch *batch, const struct engine *engine,
				  struct engine_request *request,
				  const struct engine_addition *additions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct adding *adding = &batch->addings[batch->n++];

		adding->engine = engine;
		adding->request = request;
		adding->parts = additions[i].parts;
		adding->n_parts = additions[i].n_parts;
		adding->may_be_there = additions[i].may_be_there;
		TRY(prepare(adding, additions[i].dictionary));
	}
	return KC_OK;
}

enum kc_status add_items(const struct engine *engine, struct engine_request *request,
			 struct engine_addition *additions, size_t n)
{
	CLEANUP(batch_done)
	struct batch batch = {.addings = calloc(n, sizeof(*batch.addings))};

	REQUIRE(batch.addings, KC_ERR_ALLOCATE, "out of memory");
	TRY(prepare_all(&batch, engine, request, additions, n));
	TRY(database_transact_file(engine->database, run, &batch));
	for (size_t i = 0; i < n; i++) {
		additions[i].item = take(batch.addings[i].item);
		additions[i].is_new = batch.addings[i].is_new;
	}
	return KC_OK;
}

/* --- before there is anything ----------------------------------------------------------------- */

static enum kc_status check_attributes(const struct addition *addition,
				       const struct engine_part *part, struct row *row)
{
	row->item_class = addition->item_class;
	TRY(take_attributes(addition, row));
	if (part)
		TRY(draft_describe(row, part));
	return row->item_class == VOCABULARY_KEY ? draft_check_kind(row->attributes) : KC_OK;
}

enum kc_status add_check(struct json_object *dictionary, const struct engine_part *part)
{
	CLEANUP(addition_done) struct addition addition = {0};
	CLEANUP(row_done) struct row row = {0};

	TRY(addition_init(&addition, dictionary));
	return check_attributes(&addition, part, &row);
}
