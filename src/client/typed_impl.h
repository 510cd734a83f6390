/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_TYPED_IMPL_H
#define CLIENT_TYPED_IMPL_H

/* What values and dictionaries are made of; applications see neither. */

#include <keycask/dictionary.h>

enum {
	TYPED_DEPTH_MAX = 14, /* nested; leaves room for the message around it (wire/message.h) */
};

struct kc_value {
	enum kc_type type;
	int64_t number; /* of a number, flag or date */
	char *text;
	struct kc_bytes data;
	struct kc_value **items; /* of an array */
	size_t n_items;
	struct kc_dictionary *dictionary;
};

struct dictionary_entry {
	char *name;
	struct kc_value *value;
};

struct kc_dictionary {
	struct dictionary_entry *entries;
	size_t n_entries;
	size_t capacity;
};

/* For CLEANUP(). */
void typed_freep(struct kc_value **value);
void dictionary_freep(struct kc_dictionary **dictionary);

/* A value without content. Expected: KC_ERR_ALLOCATE */
KC_MUST_CHECK enum kc_status typed_new_empty(enum kc_type type, struct kc_value **ret_value);

/* Append to an array value; takes @item in any case. */
KC_MUST_CHECK enum kc_status typed_append(struct kc_value *array, struct kc_value *item);

/* A deep copy of @value, as @literal would be copied. */
KC_MUST_CHECK enum kc_status typed_copy(const struct kc_value *value, int depth,
					struct kc_value **ret_copy);
KC_MUST_CHECK enum kc_status typed_from_literal(struct kc_literal literal, int depth,
						struct kc_value **ret_value);

/* A new one of @entries, @depth deep in another value. Expected: KC_ERR_ALLOCATE, KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status dictionary_from_entries(const struct kc_entry *entries,
						     size_t n_entries, int depth,
						     struct kc_dictionary **ret_dictionary);

KC_MUST_CHECK enum kc_status dictionary_copy(const struct kc_dictionary *dictionary, int depth,
					     struct kc_dictionary **ret_copy);

/* Set @name; takes @value in any case. Expected: KC_ERR_ALLOCATE, KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status dictionary_put(struct kc_dictionary *dictionary, const char *name,
					    struct kc_value *value);

/* The value of @name, taken out of the dictionary; NULL when it is not there. */
struct kc_value *dictionary_take(struct kc_dictionary *dictionary, const char *name);

#endif
