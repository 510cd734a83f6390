/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_DICTIONARY_H
#define KEYCASK_DICTIONARY_H

/*
 * Dictionaries: what a query is, and what an item's attributes come in. Written in one expression:
 *
 *	struct kc_dictionary *query = KC_DICTIONARY(
 *		{KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)},
 *		{KC_ATTR_TOKEN_ID, KC_TEXT(token_id)},
 *		{KC_RETURN_ATTRIBUTES, KC_TRUE});
 *
 * The names are those of names.h. A dictionary keeps the order in which it was written.
 *
 * Stable since 1.0. Functions here touch no daemon; one thread at a time changes a dictionary.
 */

#include <keycask/names.h>
#include <keycask/value.h>

#ifdef __cplusplus
#include <initializer_list>
extern "C" {
#endif

/* One row of KC_DICTIONARY(). */
struct kc_entry {
	const char *name;
	struct kc_literal value;
};

/* A dictionary in place, as the value of an entry: KC_NESTED_OF({"name", KC_TEXT("a")}). Good until
 * the expression, in C the block, ends that it stands in. */
static inline struct kc_literal kc_literal_entries(const struct kc_entry *entries, size_t n_entries)
{
	return kc_literal_make(KC_TYPE_DICTIONARY, entries, n_entries, 1);
}

#ifdef __cplusplus
}
static inline struct kc_literal kc_literal_entries_of(std::initializer_list<kc_entry> entries)
{
	return kc_literal_entries(entries.begin(), entries.size());
}
#define KC_NESTED_OF(...) kc_literal_entries_of({__VA_ARGS__})
extern "C" {
#else
#define KC_NESTED_OF(...)                                                                          \
	kc_literal_entries((const struct kc_entry[]){__VA_ARGS__},                                 \
			   sizeof((const struct kc_entry[]){__VA_ARGS__}) /                        \
				   sizeof(struct kc_entry))
#endif

/* --- life cycle ---------------------------------------------------------------------------- */

/*
 * A new dictionary with copies of @entries; a name that comes twice keeps its last value.
 * Returns NULL when memory runs out or a text is not UTF-8: calls that get NULL for a dictionary
 * answer KC_ERR_PARAM, so the check may be left to them. Free with kc_dictionary_free().
 */
KC_PUBLIC KC_MUST_CHECK struct kc_dictionary *kc_dictionary_new(const struct kc_entry *entries,
								size_t n_entries);

#ifdef __cplusplus
}
static inline struct kc_dictionary *kc_dictionary_from(std::initializer_list<kc_entry> entries)
{
	return kc_dictionary_new(entries.begin(), entries.size());
}
#define KC_DICTIONARY(...) kc_dictionary_from({__VA_ARGS__})
extern "C" {
#else
#define KC_DICTIONARY(...)                                                                         \
	kc_dictionary_new((const struct kc_entry[]){__VA_ARGS__},                                  \
			  sizeof((const struct kc_entry[]){__VA_ARGS__}) /                         \
				  sizeof(struct kc_entry))
#endif

/* NULL is fine. Always returns NULL. */
KC_PUBLIC struct kc_dictionary *kc_dictionary_free(struct kc_dictionary *dictionary);

/*
 * A dictionary of its own with the same entries.
 * Expected: KC_ERR_ALLOCATE; KC_ERR_PARAM  no dictionary
 * Ownership: *ret_copy is the caller's; free with kc_dictionary_free(). Untouched on failure.
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_dictionary_copy(const struct kc_dictionary *dictionary,
							  struct kc_dictionary **ret_copy);

/* --- writing ------------------------------------------------------------------------------- */

/* Set @name, replacing what it had; @value is copied. Expected: KC_ERR_ALLOCATE, KC_ERR_PARAM */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_dictionary_set(struct kc_dictionary *dictionary,
							 const char *name, struct kc_literal value);

/* As kc_dictionary_set(), with a value that was read elsewhere; it is copied too. NULL: null. */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_dictionary_set_value(struct kc_dictionary *dictionary,
							       const char *name,
							       const struct kc_value *value);

/* Take @name out, if it is there. */
KC_PUBLIC void kc_dictionary_remove(struct kc_dictionary *dictionary, const char *name);

/* --- reading: what is borrowed lives until the dictionary changes or is freed --------------- */

/* NULL when @name is not there. */
KC_PUBLIC const struct kc_value *kc_dictionary_get(const struct kc_dictionary *dictionary,
						   const char *name);

/* The same, read at once; see kc_value_text() and its siblings. */
KC_PUBLIC const char *kc_dictionary_text(const struct kc_dictionary *dictionary, const char *name);
KC_PUBLIC int64_t kc_dictionary_number(const struct kc_dictionary *dictionary, const char *name,
				       int64_t fallback);
KC_PUBLIC bool kc_dictionary_flag(const struct kc_dictionary *dictionary, const char *name,
				  bool fallback);
KC_PUBLIC struct kc_view kc_dictionary_data(const struct kc_dictionary *dictionary,
					    const char *name);
KC_PUBLIC int64_t kc_dictionary_date_us(const struct kc_dictionary *dictionary, const char *name,
					int64_t fallback);
KC_PUBLIC const struct kc_dictionary *kc_dictionary_dictionary(
	const struct kc_dictionary *dictionary, const char *name);

/* Entry @i of kc_dictionary_count(); NULL beyond the end. */
KC_PUBLIC size_t kc_dictionary_count(const struct kc_dictionary *dictionary);
KC_PUBLIC const char *kc_dictionary_name_at(const struct kc_dictionary *dictionary, size_t i);
KC_PUBLIC const struct kc_value *kc_dictionary_value_at(const struct kc_dictionary *dictionary,
							size_t i);

/* --- JSON ---------------------------------------------------------------------------------- */

/*
 * Read one JSON object. The type of a text follows from its name (names.h): base64
 * becomes data where the attribute is data, RFC 3339 a date where it is a date.
 * Expected: KC_ERR_PARAM  not one JSON object, too large or too deep, or text that is not what
 *                         its name wants
 * Ownership: *ret_dictionary is the caller's. Untouched on failure.
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_dictionary_from_json(
	struct kc_view text, struct kc_dictionary **ret_dictionary);

/*
 * The other way, as JSON text on one line.
 * Expected: KC_ERR_ALLOCATE; KC_ERR_PARAM  no dictionary
 * Ownership: *ret_text is the caller's; release with free(). Untouched on failure.
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_dictionary_to_json(const struct kc_dictionary *dictionary,
							     char **ret_text);

#ifdef __cplusplus
}
#endif

#endif
