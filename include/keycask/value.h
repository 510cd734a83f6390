/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_VALUE_H
#define KEYCASK_VALUE_H

/*
 * Values as queries and items hold them. struct kc_literal is written down in code, costs nothing
 * and borrows what it names; struct kc_value is what the library gives out: opaque, unchanging,
 * and freed by whoever asked for it. Parts of a value are borrowed from it and die with it.
 *
 * Stable since 1.0. Functions here touch no daemon; any thread may use a value while no other
 * frees it.
 */

#include <stdbool.h>

#include <keycask/bytes.h>
#include <keycask/status.h>

#ifdef __cplusplus
#include <initializer_list>
extern "C" {
#endif

struct kc_dictionary;
struct kc_value;

enum kc_type {
	KC_TYPE_NULL = 0,
	KC_TYPE_TEXT = 1,	/* UTF-8 */
	KC_TYPE_NUMBER = 2,	/* int64_t */
	KC_TYPE_FLAG = 3,	/* true or false */
	KC_TYPE_DATA = 4,	/* bytes; base64 in JSON */
	KC_TYPE_DATE = 5,	/* microseconds since 1970-01-01T00:00:00Z; RFC 3339 in JSON */
	KC_TYPE_ARRAY = 6,	/* of values */
	KC_TYPE_DICTIONARY = 7, /* names and values */
};

/* --- writing values down ------------------------------------------------------------------- */

/* Make these with KC_TEXT() and its siblings; the fields are not for reading. */
struct kc_literal {
	enum kc_type type;
	const void *pointer;
	size_t len;
	int64_t number;
};

static inline struct kc_literal kc_literal_make(enum kc_type type, const void *pointer, size_t len,
						int64_t number)
{
	struct kc_literal literal;

	literal.type = type;
	literal.pointer = pointer;
	literal.len = len;
	literal.number = number;
	return literal;
}

static inline struct kc_literal kc_literal_text(const char *text)
{
	return kc_literal_make(text ? KC_TYPE_TEXT : KC_TYPE_NULL, text, 0, 0);
}

static inline struct kc_literal kc_literal_data(struct kc_view data)
{
	return kc_literal_make(KC_TYPE_DATA, data.data, data.len, 0);
}

static inline struct kc_literal kc_literal_dictionary(const struct kc_dictionary *dictionary)
{
	return kc_literal_make(dictionary ? KC_TYPE_DICTIONARY : KC_TYPE_NULL, dictionary, 0, 0);
}

static inline struct kc_literal kc_literal_array(const struct kc_literal *items, size_t n_items)
{
	return kc_literal_make(KC_TYPE_ARRAY, items, n_items, 0);
}

#define KC_NULL		      kc_literal_make(KC_TYPE_NULL, NULL, 0, 0)
#define KC_TRUE		      kc_literal_make(KC_TYPE_FLAG, NULL, 0, 1)
#define KC_FALSE	      kc_literal_make(KC_TYPE_FLAG, NULL, 0, 0)
#define KC_FLAG(flag)	      kc_literal_make(KC_TYPE_FLAG, NULL, 0, (flag) ? 1 : 0)
#define KC_NUMBER(number)     kc_literal_make(KC_TYPE_NUMBER, NULL, 0, (number))
#define KC_TEXT(text)	      kc_literal_text(text) /* NULL: null */
#define KC_DATA(view)	      kc_literal_data(view)
#define KC_DATE(date_us)      kc_literal_make(KC_TYPE_DATE, NULL, 0, (date_us))
#define KC_NESTED(dictionary) kc_literal_dictionary(dictionary) /* copied, not taken */
#define KC_ARRAY(items, n)    kc_literal_array((items), (n))	/* of struct kc_literal */

/* An array in place: KC_ARRAY_OF(KC_TEXT("a"), KC_TEXT("b")). Good until the expression, in C the
 * block, ends that it stands in. */
#ifdef __cplusplus
}
static inline struct kc_literal kc_literal_array_of(std::initializer_list<kc_literal> items)
{
	return kc_literal_array(items.begin(), items.size());
}
#define KC_ARRAY_OF(...) kc_literal_array_of({__VA_ARGS__})
extern "C" {
#else
#define KC_ARRAY_OF(...)                                                                           \
	kc_literal_array((const struct kc_literal[]){__VA_ARGS__},                                 \
			 sizeof((const struct kc_literal[]){__VA_ARGS__}) /                        \
				 sizeof(struct kc_literal))
#endif

/* --- reading values ------------------------------------------------------------------------ */

/* KC_TYPE_NULL for NULL. The readers below answer a value of another type, or NULL, with what is
 * said of each. Since: 1.0 */
KC_PUBLIC enum kc_type kc_value_type(const struct kc_value *value);

/* NULL when it is no text. */
KC_PUBLIC const char *kc_value_text(const struct kc_value *value);
KC_PUBLIC int64_t kc_value_number(const struct kc_value *value, int64_t fallback);
KC_PUBLIC bool kc_value_flag(const struct kc_value *value, bool fallback);
/* Empty when it is no data. */
KC_PUBLIC struct kc_view kc_value_data(const struct kc_value *value);
/* Microseconds since 1970-01-01T00:00:00Z. */
KC_PUBLIC int64_t kc_value_date_us(const struct kc_value *value, int64_t fallback);
/* NULL when it is no dictionary. */
KC_PUBLIC const struct kc_dictionary *kc_value_dictionary(const struct kc_value *value);

/* The number of values in an array, 0 when it is none; and the value at @i, NULL beyond the end. */
KC_PUBLIC size_t kc_value_count(const struct kc_value *value);
KC_PUBLIC const struct kc_value *kc_value_at(const struct kc_value *value, size_t i);

/* --- life cycle ---------------------------------------------------------------------------- */

/*
 * A copy of @literal with everything it names.
 * Expected: KC_ERR_ALLOCATE; KC_ERR_PARAM  text that is not UTF-8, or nested too deeply
 * Ownership: *ret_value is the caller's; free with kc_value_free(). Untouched on failure.
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_value_new(struct kc_literal literal,
						    struct kc_value **ret_value);

/*
 * A copy of @value with all that is in it: to keep what was borrowed.
 * Expected: KC_ERR_ALLOCATE; KC_ERR_PARAM  no value
 * Ownership: *ret_copy is the caller's; free with kc_value_free(). Untouched on failure.
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_value_copy(const struct kc_value *value,
						     struct kc_value **ret_copy);

/* NULL is fine. Always returns NULL. */
KC_PUBLIC struct kc_value *kc_value_free(struct kc_value *value);

/*
 * @value as JSON text on one line (no newline at its end).
 * Expected: KC_ERR_ALLOCATE
 * Ownership: *ret_text is the caller's; release with free().
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_value_to_json(const struct kc_value *value,
							char **ret_text);

#ifdef __cplusplus
}
#endif

#endif
