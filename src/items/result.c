/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One item as the caller asked for it (reference/keychain.md 2.2). Attributes that an item does not
 * have are left out, as is the data of an item without any: a key on a token never has some, an
 * identity has its certificate's.
 */
#include "items/result_impl.h"

#include <string.h>

#include "base/try.h"

/* What both have, an identity has from its certificate: relabelling a key changes nothing
 * (reference/keychain.md 2.11). Who may use it is the key's to say. */
static const struct row *row_of(const struct result_item *item,
				const struct vocabulary_attribute *attribute)
{
	if (!item->key || (vocabulary_has(attribute, VOCABULARY_CERTIFICATE) &&
			   strcmp(attribute->name, "access_control") != 0))
		return item->row;
	return item->key;
}

static enum kc_status put_attributes(struct json_object *object, const struct result_item *item)
{
	for (size_t i = 0; i < vocabulary_count(); i++) {
		const struct vocabulary_attribute *attribute = vocabulary_at(i);
		struct json_object *value = NULL;

		if (!vocabulary_has(attribute, item->item_class))
			continue;
		value = field_get(row_of(item, attribute)->attributes, attribute->name);
		if (value)
			TRY(field_put(object, attribute->name, json_object_get(value)));
	}
	return KC_OK;
}

enum kc_status result_put_reference(const struct result_item *item, struct bytes *bytes)
{
	struct reference reference = {.item_class = item->item_class};

	if (item->row->place == SCHEMA_FILE) {
		reference.item_id = VIEW_OF(item->row->item_id);
	} else {
		reference.token_id = view_of_text(item->row->token);
		reference.object_id = item->row->object_id;
	}
	return reference_put(&reference, bytes);
}

static enum kc_status put_references(struct json_object *object, const struct query_return *wants,
				     const struct result_item *item)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);

	if (!wants->ref && !wants->persistent_ref)
		return KC_OK;
	TRY(result_put_reference(item, &bytes));
	if (wants->ref)
		TRY(field_put_data(object, "value_ref", bytes_view(&bytes)));
	if (wants->persistent_ref)
		TRY(field_put_data(object, "value_persistent_ref", bytes_view(&bytes)));
	return KC_OK;
}

/* A private key is for use inside the daemon, unless it was added as one to be given away. */
bool result_gives_data(const struct result_item *item)
{
	const struct row *row = item->row;

	if (!row->has_secret || field_flag(row->attributes, ROW_NO_DATA, false))
		return false;
	return row->item_class != VOCABULARY_KEY ||
	       field_flag(row->attributes, "is_extractable", false);
}

/* Beside a reference in any case, so that whoever has both knows what it is a reference of. */
static bool tells_class(const struct query_return *wants)
{
	return wants->attributes || (wants->ref && (wants->data || wants->persistent_ref));
}

enum kc_status result_new(const struct query_return *wants, const struct result_item *item,
			  const struct kc_view *data, struct json_object **ret_item)
{
	CLEANUP(field_free) struct json_object *object = NULL;

	TRY(field_new_object(&object));
	if (tells_class(wants))
		TRY(field_put_text(object, "class", vocabulary_class_name(item->item_class)));
	if (wants->attributes)
		TRY(put_attributes(object, item));
	if (wants->data && data)
		TRY(field_put_data(object, "value_data", *data));
	TRY(put_references(object, wants, item));
	*ret_item = take(object);
	return KC_OK;
}
