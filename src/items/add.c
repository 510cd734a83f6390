/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adding (reference/keychain.md 2.7, 2.11): attributes are completed and sealed first, so that what
 * is locked or wrong is said before anybody looks whether there is such an item already; then one
 * transaction.
 */
#include "items/add_impl.h"

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
	const struct addition *addition;
	const struct engine_part *parts;
	size_t n_parts;
	struct row *rows;	   /* one for each part, at least one */
	struct json_object **item; /* the answer */
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

	if (!value || adding->addition->item_class != VOCABULARY_IDENTITY ||
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
	TRY(take_attributes(adding->addition, row));
	TRY(free_certificate(adding, row));
	if (part)
		TRY(draft_describe(row, part));
	TRY(draft_complete(row, caller->groups[0]));
	TRY(draft_finish(adding->engine, row, &access));
	TRY(permit_check_access(adding->request, adding->addition->ui, row->attributes, &access,
				ACCESS_CONTROL_ADD));
	TRY(row_new_id(row->item_id));
	return draft_seal(adding->engine, row, &access, &adding->request->proof,
			  has_data ? &part->data : NULL);
}

static enum kc_status make_rows(const struct adding *adding)
{
	if (adding->n_parts == 0) {
		adding->rows[0].item_class = adding->addition->item_class;
		return make_row(adding, NULL, &adding->rows[0]);
	}
	for (size_t i = 0; i < adding->n_parts; i++)
		TRY(make_row(adding, &adding->parts[i], &adding->rows[i]));
	return KC_OK;
}

/* --- in the file ----------------------------------------------------------------------------- */

static bool wants_answer(const struct adding *adding)
{
	const struct query_return *wants = &adding->addition->wants;

	return wants->data || wants->attributes || wants->ref || wants->persistent_ref;
}

/* What is there already tells of itself what it would tell whoever searches for it. */
static enum kc_status check_found(const struct adding *adding, struct row *row)
{
	if (!wants_answer(adding))
		return KC_OK;
	TRY(row_open(adding->engine, row));
	return permit_check(adding->request, adding->addition->ui, row, ACCESS_CONTROL_READ);
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
static enum kc_status insert_identity(const struct adding *adding)
{
	bool is_new_certificate = false;
	bool is_new_key = false;

	TRY(insert_or_find(adding, &adding->rows[0], &is_new_certificate));
	TRY(insert_or_find(adding, &adding->rows[1], &is_new_key));
	REQUIRE(is_new_certificate || is_new_key, KC_ERR_DUPLICATE_ITEM,
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

static enum kc_status check_parts(const struct adding *adding)
{
	enum vocabulary_class item_class = adding->addition->item_class;

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
	const char *group = field_text(adding->addition->attributes, "access_group");

	TRY(group_require_any(caller, true));
	return group ? group_require(caller, group, true) : KC_OK;
}

static enum kc_status answer(const struct adding *adding)
{
	bool is_identity = adding->addition->item_class == VOCABULARY_IDENTITY;
	struct result_item item = {adding->addition->item_class, &adding->rows[0],
				   is_identity ? &adding->rows[1] : NULL};

	if (!wants_answer(adding))
		return KC_OK;
	TRY(row_open(adding->engine, item.row));
	if (item.key)
		TRY(row_open(adding->engine, item.key));
	return copy_item(adding->engine, adding->request, &adding->addition->wants, &item,
			 adding->item);
}

static enum kc_status insert_item(const struct adding *adding)
{
	if (adding->addition->item_class == VOCABULARY_IDENTITY)
		return insert_identity(adding);
	TRY(place_make_free(adding->engine, &adding->rows[0], NULL));
	return row_insert(adding->engine->database, &adding->rows[0]);
}

/* Who hears that it has failed finds nothing added: the answer is made before the end. */
static enum kc_status run(struct database *database, const void *work)
{
	(void)database;
	TRY(insert_item(work));
	return answer(work);
}

static bool is_asymmetric(struct json_object *attributes)
{
	const char *key_class = field_text(attributes, "key_class");

	return key_class && (strcmp(key_class, "private") == 0 || strcmp(key_class, "public") == 0);
}

/* A password may follow; a certificate or a key is its data, and would only be in the way. */
static enum kc_status check_data(const struct adding *adding)
{
	const struct addition *addition = adding->addition;

	if (adding->n_parts == 0 || adding->parts[0].has_data)
		return KC_OK;
	REQUIRE(addition->item_class != VOCABULARY_CERTIFICATE, KC_ERR_PARAM,
		"a certificate needs a \"value_data\": its DER");
	REQUIRE(addition->item_class != VOCABULARY_KEY || !is_asymmetric(addition->attributes),
		KC_ERR_PARAM, "a %s key needs a \"value_data\": its external representation",
		field_text(addition->attributes, "key_class"));
	return KC_OK;
}

static enum kc_status add(const struct adding *adding)
{
	TRY(check_group(adding));
	TRY(check_data(adding));
	TRY(check_parts(adding));
	TRY(make_rows(adding));
	return database_transact_file(adding->engine->database, run, adding);
}

enum kc_status add_item(const struct engine *engine, struct engine_request *request,
			struct json_object *dictionary, const struct engine_part *parts,
			size_t n_parts, struct json_object **ret_item)
{
	CLEANUP(addition_done) struct addition addition = {0};
	struct row rows[PARTS_MAX] = {{0}};
	CLEANUP(field_free) struct json_object *item = NULL;
	struct adding adding = {engine, request, &addition, parts, n_parts, rows, &item};
	enum kc_status status = addition_init(&addition, dictionary);

	if (status == KC_OK)
		status = engine_need_file(engine, true);
	if (status == KC_OK)
		status = add(&adding);
	row_done(&rows[0]);
	row_done(&rows[1]);
	if (status == KC_OK)
		*ret_item = take(item);
	return status;
}
