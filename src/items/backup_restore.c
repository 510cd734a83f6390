/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Items from a backup. Its password proves who has made it, not that what is in it makes sense:
 * each attribute is one of the vocabulary, in its one form, and hashes, identity and seals are made
 * anew. reference/keychain.md 6: errors of one item do not stop the rest, references are kept, and
 * what loses a conflict leaves the existing row.
 */
#include <stdlib.h>

#include "base/try.h"
#include "items/backup.h"
#include "items/draft_impl.h"
#include "items/place_impl.h"
#include "items/value_impl.h"

enum {
	DEPTH_MAX = 16,
};

struct restoring {
	const struct engine *engine;
	const struct kc_view *records;
	size_t n;
	struct backup_counts *counts;
};

/* --- what it says of itself ------------------------------------------------------------------ */

static bool is_column_of_ours(enum vocabulary_class item_class, const char *name)
{
	const struct schema_columns *columns = schema_columns(item_class);

	for (size_t i = 0; i < columns->n; i++) {
		if (!columns->attributes[i] && strcmp(columns->names[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_list_of_names(enum vocabulary_class item_class, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *name = json_object_array_get_idx(value, i);

		if (!json_object_is_type(name, json_type_string) ||
		    (!vocabulary_find(json_object_get_string(name)) &&
		     !is_column_of_ours(item_class, json_object_get_string(name))))
			return false;
	}
	return true;
}

/* What the engine keeps beside the attributes. */
static enum kc_status check_own(const struct row *row, const char *name, struct json_object *value)
{
	bool is_right = false;

	if (is_column_of_ours(row->item_class, name))
		return value_check(name, VOCABULARY_DATA, value);
	if (strcmp(name, ROW_CONTENT) == 0)
		is_right = is_list_of_names(row->item_class, value);
	else if (strcmp(name, ROW_NO_DATA) == 0)
		is_right = json_object_is_type(value, json_type_boolean);
	REQUIRE(is_right, KC_ERR_DECODE, "an item of the backup has a wrong \"%.40s\"", name);
	return KC_OK;
}

static enum kc_status take_attribute(struct row *row, const char *name, struct json_object *value)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	struct json_object *normal = NULL;

	if (!attribute || !vocabulary_has(attribute, row->item_class)) {
		TRY(check_own(row, name, value));
		return field_put(row->attributes, name, json_object_get(value));
	}
	TRY(value_normalize(attribute, value, &normal));
	return field_put(row->attributes, name, normal);
}

/* Only what a backup takes in the first place. */
static enum kc_status check_kind(const struct row *row, const struct access_control *access)
{
	const char *group = field_text(row->attributes, "access_group");
	const char *token = field_text(row->attributes, "token_id");

	REQUIRE(group && group[0] && strcmp(group, ENGINE_TOKEN_GROUP) != 0, KC_ERR_DECODE,
		"an item of the backup is in no group");
	REQUIRE(!token || !token[0], KC_ERR_DECODE, "an item of the backup is a token's");
	REQUIRE(access->flags == 0 && !keybag_class_is_for_this_device(row->protection),
		KC_ERR_DECODE, "an item of the backup must not be in one");
	return KC_OK;
}

static enum kc_status parse(struct kc_view text, struct json_object **ret_attributes)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *attributes = NULL;
	bool is_whole = false;

	REQUIRE(tokener, KC_ERR_ALLOCATE, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (text.len > 0 && text.len <= ROW_ATTRIBUTES_MAX)
		attributes = json_tokener_parse_ex(tokener, (const char *)text.data, (int)text.len);
	is_whole = json_tokener_get_parse_end(tokener) == text.len;
	json_tokener_free(tokener);
	if (is_whole && json_object_is_type(attributes, json_type_object)) {
		*ret_attributes = attributes;
		return KC_OK;
	}
	json_object_put(attributes);
	return fail(KC_ERR_DECODE, "an item of the backup is damaged");
}

static enum kc_status read_item(const struct engine *engine, struct kc_view bytes, struct row *row)
{
	CLEANUP(field_free) struct json_object *attributes = NULL;
	struct backup_record record;
	struct access_control access = {.flags = 0};

	TRY(backup_record_get(bytes, &record));
	row->place = SCHEMA_FILE;
	row->item_class = record.item_class;
	memcpy(row->item_id, record.item_id, SCHEMA_ID_BYTES);
	TRY(parse(record.attributes, &attributes));
	TRY(field_new_object(&row->attributes));
	json_object_object_foreach(attributes, name, value) TRY(take_attribute(row, name, value));
	TRY(draft_finish(engine, row, &access));
	TRY(check_kind(row, &access));
	return row_seal(engine, row, record.has_secret ? &record.secret : NULL, view_of(NULL, 0));
}

/* --- into the file --------------------------------------------------------------------------- */

/* Of one item: it makes no sense, or it is there. */
static bool is_of_the_item(enum kc_status status)
{
	return status == KC_ERR_DECODE || status == KC_ERR_PARAM || status == KC_ERR_NO_SUCH_ATTR ||
	       status == KC_ERR_UNIMPLEMENTED || status == KC_ERR_DUPLICATE_ITEM;
}

static enum kc_status add_item_of(const struct restoring *restoring, struct kc_view record)
{
	CLEANUP(row_done) struct row row = {.place = SCHEMA_FILE};

	TRY(read_item(restoring->engine, record, &row));
	TRY(place_make_id_free(restoring->engine, &row));
	TRY(place_make_free(restoring->engine, &row, NULL));
	return row_insert(restoring->engine->database, &row);
}

static enum kc_status add_all(struct database *database, const void *work)
{
	const struct restoring *restoring = work;
	struct backup_counts counts = *restoring->counts;

	(void)database;
	for (size_t i = 0; i < restoring->n; i++) {
		enum kc_status status = add_item_of(restoring, restoring->records[i]);

		if (status != KC_OK && !is_of_the_item(status))
			return status;
		error_clear();
		counts.n_added += status == KC_OK;
		counts.n_kept += status == KC_ERR_DUPLICATE_ITEM;
		counts.n_failed += status != KC_OK && status != KC_ERR_DUPLICATE_ITEM;
	}
	*restoring->counts = counts;
	return KC_OK;
}

enum kc_status backup_restore(struct engine *engine, const struct kc_view *records, size_t n,
			      struct backup_counts *counts)
{
	struct backup_counts after = *counts;
	struct restoring restoring = {engine, records, n, &after};

	TRY(backup_require_open(engine, true));
	TRY(database_transact_file(engine->database, add_all, &restoring));
	*counts = after;
	return KC_OK;
}
