/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dictionaries: a short list of names and values in the order they were written. Queries have a
 * handful of names and items a few dozen, so a list is searched from its front.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/typed_impl.h"
#include "codec/utf8.h"

enum {
	SMALLEST_CAPACITY = 8,
};

/* --- life cycle ---------------------------------------------------------------------------- */

struct kc_dictionary *kc_dictionary_free(struct kc_dictionary *dictionary)
{
	if (!dictionary)
		return NULL;
	for (size_t i = 0; i < dictionary->n_entries; i++) {
		free(dictionary->entries[i].name);
		kc_value_free(dictionary->entries[i].value);
	}
	free(dictionary->entries);
	free(dictionary);
	return NULL;
}

void dictionary_freep(struct kc_dictionary **dictionary)
{
	*dictionary = kc_dictionary_free(*dictionary);
}

static enum kc_status check_name(const char *name)
{
	REQUIRE(name && utf8_is_text(view_of_text(name)), KC_ERR_PARAM,
		"a name that is missing or not UTF-8");
	return KC_OK;
}

enum kc_status dictionary_from_entries(const struct kc_entry *entries, size_t n_entries, int depth,
				       struct kc_dictionary **ret_dictionary)
{
	CLEANUP(dictionary_freep)
	struct kc_dictionary *dictionary = calloc(1, sizeof(struct kc_dictionary));

	REQUIRE(dictionary, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < n_entries; i++) {
		struct kc_value *value = NULL;

		TRY(check_name(entries[i].name));
		TRY(typed_from_literal(entries[i].value, depth + 1, &value));
		TRY(dictionary_put(dictionary, entries[i].name, value));
	}
	*ret_dictionary = take(dictionary);
	return KC_OK;
}

struct kc_dictionary *kc_dictionary_new(const struct kc_entry *entries, size_t n_entries)
{
	struct kc_dictionary *dictionary = NULL;

	error_clear();
	return dictionary_from_entries(entries, n_entries, 0, &dictionary) == KC_OK ? dictionary
										    : NULL;
}

enum kc_status dictionary_copy(const struct kc_dictionary *dictionary, int depth,
			       struct kc_dictionary **ret_copy)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *copy = kc_dictionary_new(NULL, 0);

	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < dictionary->n_entries; i++) {
		const struct dictionary_entry *entry = &dictionary->entries[i];
		struct kc_value *value = NULL;

		TRY(typed_copy(entry->value, depth + 1, &value));
		TRY(dictionary_put(copy, entry->name, value));
	}
	*ret_copy = take(copy);
	return KC_OK;
}

enum kc_status kc_dictionary_copy(const struct kc_dictionary *dictionary,
				  struct kc_dictionary **ret_copy)
{
	error_clear();
	REQUIRE(dictionary, KC_ERR_PARAM, "no dictionary");
	return dictionary_copy(dictionary, 0, ret_copy);
}

/* --- writing ------------------------------------------------------------------------------- */

static struct dictionary_entry *find(const struct kc_dictionary *dictionary, const char *name)
{
	if (!dictionary || !name)
		return NULL;
	for (size_t i = 0; i < dictionary->n_entries; i++)
		if (strcmp(dictionary->entries[i].name, name) == 0)
			return &dictionary->entries[i];
	return NULL;
}

static enum kc_status make_room(struct kc_dictionary *dictionary)
{
	size_t capacity = dictionary->capacity ? dictionary->capacity * 2 : SMALLEST_CAPACITY;
	struct dictionary_entry *entries = NULL;

	if (dictionary->n_entries < dictionary->capacity)
		return KC_OK;
	entries = reallocarray(dictionary->entries, capacity, sizeof(*entries));
	REQUIRE(entries, KC_ERR_ALLOCATE, "out of memory");
	dictionary->entries = entries;
	dictionary->capacity = capacity;
	return KC_OK;
}

enum kc_status dictionary_put(struct kc_dictionary *dictionary, const char *name,
			      struct kc_value *value)
{
	CLEANUP(typed_freep) struct kc_value *owned = value;
	struct dictionary_entry *entry = find(dictionary, name);
	char *copy = NULL;

	if (entry) {
		kc_value_free(entry->value);
		entry->value = take(owned);
		return KC_OK;
	}
	TRY(make_room(dictionary));
	copy = strdup(name);
	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	dictionary->entries[dictionary->n_entries++] =
		(struct dictionary_entry){.name = copy, .value = take(owned)};
	return KC_OK;
}

struct kc_value *dictionary_take(struct kc_dictionary *dictionary, const char *name)
{
	struct dictionary_entry *entry = find(dictionary, name);
	struct kc_value *value = entry ? entry->value : NULL;
	size_t i = 0;

	if (!entry)
		return NULL;
	free(entry->name);
	i = (size_t)(entry - dictionary->entries) + 1;
	memmove(entry, entry + 1, (dictionary->n_entries-- - i) * sizeof(*entry));
	return value;
}

void kc_dictionary_remove(struct kc_dictionary *dictionary, const char *name)
{
	kc_value_free(dictionary_take(dictionary, name));
}

enum kc_status kc_dictionary_set(struct kc_dictionary *dictionary, const char *name,
				 struct kc_literal value)
{
	struct kc_value *copy = NULL;

	error_clear();
	REQUIRE(dictionary, KC_ERR_PARAM, "no dictionary");
	TRY(check_name(name));
	TRY(typed_from_literal(value, 1, &copy));
	return dictionary_put(dictionary, name, copy);
}

enum kc_status kc_dictionary_set_value(struct kc_dictionary *dictionary, const char *name,
				       const struct kc_value *value)
{
	struct kc_value *copy = NULL;

	if (!value)
		return kc_dictionary_set(dictionary, name, KC_NULL);
	error_clear();
	REQUIRE(dictionary && name, KC_ERR_PARAM, "no dictionary or no name");
	TRY(typed_copy(value, 1, &copy));
	return dictionary_put(dictionary, name, copy);
}

/* --- reading ------------------------------------------------------------------------------- */

const struct kc_value *kc_dictionary_get(const struct kc_dictionary *dictionary, const char *name)
{
	const struct dictionary_entry *entry = find(dictionary, name);

	return entry ? entry->value : NULL;
}

const char *kc_dictionary_text(const struct kc_dictionary *dictionary, const char *name)
{
	return kc_value_text(kc_dictionary_get(dictionary, name));
}

int64_t kc_dictionary_number(const struct kc_dictionary *dictionary, const char *name,
			     int64_t fallback)
{
	return kc_value_number(kc_dictionary_get(dictionary, name), fallback);
}

bool kc_dictionary_flag(const struct kc_dictionary *dictionary, const char *name, bool fallback)
{
	return kc_value_flag(kc_dictionary_get(dictionary, name), fallback);
}

struct kc_view kc_dictionary_data(const struct kc_dictionary *dictionary, const char *name)
{
	return kc_value_data(kc_dictionary_get(dictionary, name));
}

int64_t kc_dictionary_date_us(const struct kc_dictionary *dictionary, const char *name,
			      int64_t fallback)
{
	return kc_value_date_us(kc_dictionary_get(dictionary, name), fallback);
}

const struct kc_dictionary *kc_dictionary_dictionary(const struct kc_dictionary *dictionary,
						     const char *name)
{
	return kc_value_dictionary(kc_dictionary_get(dictionary, name));
}

size_t kc_dictionary_count(const struct kc_dictionary *dictionary)
{
	return dictionary ? dictionary->n_entries : 0;
}

const char *kc_dictionary_name_at(const struct kc_dictionary *dictionary, size_t i)
{
	return i < kc_dictionary_count(dictionary) ? dictionary->entries[i].name : NULL;
}

const struct kc_value *kc_dictionary_value_at(const struct kc_dictionary *dictionary, size_t i)
{
	return i < kc_dictionary_count(dictionary) ? dictionary->entries[i].value : NULL;
}
