/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sorted array with an end: what comes later and is better pushes the worst out. */
#include "choice/shortlist.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"

static struct shortlist_entry *entry_free(struct shortlist_entry *entry)
{
	if (!entry)
		return NULL;
	field_free(&entry->value);
	free(entry);
	return NULL;
}

static void entry_freep(struct shortlist_entry **entry)
{
	*entry = entry_free(*entry);
}

void shortlist_done(struct shortlist *shortlist)
{
	for (size_t i = 0; i < shortlist->n_entries; i++)
		shortlist->entries[i] = entry_free(shortlist->entries[i]);
	shortlist->barrier = entry_free(shortlist->barrier);
	shortlist->n_entries = 0;
	shortlist->n_bytes = 0;
}

static int compare_references(const struct shortlist_entry *a, const struct shortlist_entry *b)
{
	size_t len = a->reference_len < b->reference_len ? a->reference_len : b->reference_len;
	int order = len ? memcmp(a->reference, b->reference, len) : 0;

	if (order != 0)
		return order;
	return a->reference_len < b->reference_len ? -1 : a->reference_len > b->reference_len;
}

static int compare(const struct shortlist_entry *a, const struct shortlist_entry *b)
{
	int order = order_compare(&a->rank, &b->rank);

	return order != 0 ? order : compare_references(a, b);
}

/* Nothing that is worse than what there was no room for gets any: so it does not matter in which
 * order they come. */
static void drop(struct shortlist *shortlist, struct shortlist_entry *entry)
{
	shortlist->n_dropped++;
	field_free(&entry->value);
	if (shortlist->barrier && compare(shortlist->barrier, entry) < 0) {
		ignore(entry_free(entry) != NULL);
		return;
	}
	ignore(entry_free(shortlist->barrier) != NULL);
	shortlist->barrier = entry;
}

static void drop_last(struct shortlist *shortlist)
{
	struct shortlist_entry *last = shortlist->entries[--shortlist->n_entries];

	shortlist->n_bytes -= last->size;
	drop(shortlist, last);
}

static bool has_room(const struct shortlist *shortlist)
{
	return shortlist->n_entries <= SHORTLIST_ENTRIES_MAX &&
	       (shortlist->n_entries <= 1 || shortlist->n_bytes <= shortlist->bytes_max);
}

static void insert(struct shortlist *shortlist, struct shortlist_entry *entry)
{
	size_t at = shortlist->n_entries;

	for (; at > 0 && compare(entry, shortlist->entries[at - 1]) < 0; at--)
		shortlist->entries[at] = shortlist->entries[at - 1];
	shortlist->entries[at] = entry;
	shortlist->n_entries++;
	shortlist->n_bytes += entry->size;
	while (!has_room(shortlist))
		drop_last(shortlist);
}

enum kc_status shortlist_add(struct shortlist *shortlist, const struct order_rank *rank,
			     struct kc_view reference, struct json_object *value)
{
	CLEANUP(field_free) struct json_object *taken = value;
	CLEANUP(entry_freep) struct shortlist_entry *entry = calloc(1, sizeof(*entry));

	REQUIRE(entry && value, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(reference.len <= SHORTLIST_REFERENCE_MAX, KC_ERR_PARAM, "a reference of %zu bytes",
		reference.len);
	entry->rank = *rank;
	entry->reference_len = reference.len;
	if (reference.len > 0)
		memcpy(entry->reference, reference.data, reference.len);
	entry->size = strlen(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	entry->value = take(taken);
	if (shortlist->barrier && compare(shortlist->barrier, entry) < 0)
		drop(shortlist, take(entry));
	else
		insert(shortlist, take(entry));
	return KC_OK;
}

enum kc_status shortlist_take(struct shortlist *shortlist, struct json_object **ret_values)
{
	CLEANUP(field_free) struct json_object *values = json_object_new_array();

	REQUIRE(values, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < shortlist->n_entries; i++)
		TRY(field_append(values, json_object_get(shortlist->entries[i]->value)));
	shortlist_done(shortlist);
	*ret_values = take(values);
	return KC_OK;
}
