/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificate and key with equal public keys become one identity, whatever is left an item of its
 * own.
 */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/import_attributes.h"
#include "daemon/import_set_impl.h"

static struct engine_part key_part(const struct found_key *found)
{
	return (struct engine_part){.class_name = "key",
				    .data = private_key_data(&found->key),
				    .has_data = true,
				    .attributes = found->attributes,
				    .public_key = bytes_view(&found->key.public_key)};
}

/* Only private keys make identities; each certificate makes one. */
static struct found_key *find_key(struct import_set *set, struct kc_view public_key)
{
	for (size_t i = 0; i < set->n_private_keys; i++)
		if (view_equal(bytes_view(&set->keys[i].key.public_key), public_key))
			return &set->keys[i];
	return NULL;
}

/* What the file does not name is called as its certificate. */
static enum kc_status name_key(struct found_key *found, struct json_object *certificate)
{
	const char *label = found->name ? found->name : field_text(certificate, "label");

	if (field_get(found->attributes, "label"))
		return KC_OK;
	return field_put_text(found->attributes, "label", label);
}

/* A file of certificates alone is about each of them. */
static bool is_main(const struct import_set *set, const struct import_entry *entry)
{
	return strcmp(entry->class_name, "certificate") != 0 || set->n_keys == 0;
}

static enum kc_status add_entry(struct import_set *set, const struct engine_part *certificate,
				struct found_key *found)
{
	struct import_entry *entry = &set->entries[set->n_entries];

	if (certificate)
		entry->parts[entry->n_parts++] = *certificate;
	if (found) {
		TRY(name_key(found, certificate ? certificate->attributes : NULL));
		found->is_used = true;
		entry->parts[entry->n_parts++] = key_part(found);
	}
	entry->class_name = !found ? "certificate" : certificate ? "identity" : "key";
	set->additions[set->n_entries] = (struct engine_addition){
		.parts = entry->parts, .n_parts = entry->n_parts, .may_be_there = true};
	set->n_entries++;
	TRY(import_attributes_dictionary(set->attributes, entry->class_name, is_main(set, entry),
					 &entry->dictionary));
	set->additions[set->n_entries - 1].dictionary = entry->dictionary;
	return KC_OK;
}

enum kc_status import_set_entries_make(struct import_set *set)
{
	size_t n_most = set->n_certificates + set->n_keys;
	size_t n_parts = 0;

	set->entries = calloc(n_most, sizeof(*set->entries));
	set->additions = calloc(n_most, sizeof(*set->additions));
	REQUIRE(set->entries && set->additions, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < set->n_certificates; i++) {
		const struct engine_part *part = item_content_parts(set->certificates[i], &n_parts);

		TRY(add_entry(set, part, find_key(set, part->public_key)));
	}
	for (size_t i = 0; i < set->n_keys; i++)
		if (!set->keys[i].is_used)
			TRY(add_entry(set, NULL, &set->keys[i]));
	return KC_OK;
}
