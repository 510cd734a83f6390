/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values: made from literals, read by type, freed whole. Nothing here knows of JSON or of names;
 * that is convert.c.
 */
#include "client/typed_impl.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/try.h"
#include "codec/utf8.h"

/* --- life cycle ---------------------------------------------------------------------------- */

enum kc_status typed_new_empty(enum kc_type type, struct kc_value **ret_value)
{
	struct kc_value *value = calloc(1, sizeof(*value));

	REQUIRE(value, KC_ERR_ALLOCATE, "out of memory");
	value->type = type;
	*ret_value = value;
	return KC_OK;
}

/* Any text may be a password. */
static void free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

struct kc_value *kc_value_free(struct kc_value *value)
{
	if (!value)
		return NULL;
	for (size_t i = 0; i < value->n_items; i++)
		kc_value_free(value->items[i]);
	free(value->items);
	free_text(value->text);
	kc_bytes_free(&value->data);
	kc_dictionary_free(value->dictionary);
	free(value);
	return NULL;
}

void typed_freep(struct kc_value **value)
{
	*value = kc_value_free(*value);
}

enum kc_status typed_append(struct kc_value *array, struct kc_value *item)
{
	CLEANUP(typed_freep) struct kc_value *owned = item;
	struct kc_value **items =
		reallocarray(array->items, array->n_items + 1, sizeof(struct kc_value *));

	REQUIRE(items, KC_ERR_ALLOCATE, "out of memory");
	array->items = items;
	array->items[array->n_items++] = take(owned);
	return KC_OK;
}

static enum kc_status fill_text(struct kc_value *value, const char *text)
{
	REQUIRE(utf8_is_text(view_of_text(text)), KC_ERR_PARAM, "a text that is not UTF-8");
	value->text = strdup(text);
	REQUIRE(value->text, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status fill_data(struct kc_value *value, struct kc_view data)
{
	/* One byte more, so that empty data is not NULL. */
	value->data.data = malloc(data.len + 1);
	REQUIRE(value->data.data, KC_ERR_ALLOCATE, "out of memory");
	if (data.len > 0)
		memcpy(value->data.data, data.data, data.len);
	value->data.len = data.len;
	return KC_OK;
}

static enum kc_status fill_array(struct kc_value *value, const struct kc_literal *items, size_t n,
				 int depth)
{
	for (size_t i = 0; i < n; i++) {
		struct kc_value *item = NULL;

		TRY(typed_from_literal(items[i], depth + 1, &item));
		TRY(typed_append(value, item));
	}
	return KC_OK;
}

static enum kc_status fill(struct kc_value *value, struct kc_literal literal, int depth)
{
	switch (literal.type) {
	case KC_TYPE_TEXT:
		return fill_text(value, literal.pointer);
	case KC_TYPE_DATA:
		return fill_data(value, view_of(literal.pointer, literal.len));
	case KC_TYPE_ARRAY:
		return fill_array(value, literal.pointer, literal.len, depth);
	case KC_TYPE_DICTIONARY:
		return literal.number ? dictionary_from_entries(literal.pointer, literal.len, depth,
								&value->dictionary)
				      : dictionary_copy(literal.pointer, depth, &value->dictionary);
	case KC_TYPE_NUMBER:
	case KC_TYPE_FLAG:
	case KC_TYPE_DATE:
		value->number = literal.number;
		return KC_OK;
	case KC_TYPE_NULL:
		return KC_OK;
	}
	return fail(KC_ERR_PARAM, "a value of unknown type %d", (int)literal.type);
}

enum kc_status typed_from_literal(struct kc_literal literal, int depth, struct kc_value **ret_value)
{
	CLEANUP(typed_freep) struct kc_value *value = NULL;

	REQUIRE(depth <= TYPED_DEPTH_MAX, KC_ERR_PARAM, "values nested more than %d deep",
		TYPED_DEPTH_MAX);
	TRY(typed_new_empty(literal.type, &value));
	TRY(fill(value, literal, depth));
	*ret_value = take(value);
	return KC_OK;
}

enum kc_status kc_value_new(struct kc_literal literal, struct kc_value **ret_value)
{
	error_clear();
	return typed_from_literal(literal, 0, ret_value);
}

static enum kc_status copy_array(const struct kc_value *value, int depth,
				 struct kc_value **ret_copy)
{
	CLEANUP(typed_freep) struct kc_value *copy = NULL;

	TRY(typed_new_empty(KC_TYPE_ARRAY, &copy));
	for (size_t i = 0; i < value->n_items; i++) {
		struct kc_value *item = NULL;

		TRY(typed_copy(value->items[i], depth + 1, &item));
		TRY(typed_append(copy, item));
	}
	*ret_copy = take(copy);
	return KC_OK;
}

enum kc_status typed_copy(const struct kc_value *value, int depth, struct kc_value **ret_copy)
{
	struct kc_literal literal = {.type = value->type, .number = value->number};

	REQUIRE(depth <= TYPED_DEPTH_MAX, KC_ERR_PARAM, "values nested more than %d deep",
		TYPED_DEPTH_MAX);
	if (value->type == KC_TYPE_ARRAY)
		return copy_array(value, depth, ret_copy);
	if (value->type == KC_TYPE_TEXT)
		literal.pointer = value->text;
	if (value->type == KC_TYPE_DICTIONARY)
		literal.pointer = value->dictionary;
	if (value->type == KC_TYPE_DATA)
		literal = KC_DATA(view_of(value->data.data, value->data.len));
	return typed_from_literal(literal, depth, ret_copy);
}

enum kc_status kc_value_copy(const struct kc_value *value, struct kc_value **ret_copy)
{
	error_clear();
	REQUIRE(value, KC_ERR_PARAM, "no value");
	return typed_copy(value, 0, ret_copy);
}

/* --- reading ------------------------------------------------------------------------------- */

enum kc_type kc_value_type(const struct kc_value *value)
{
	return value ? value->type : KC_TYPE_NULL;
}

const char *kc_value_text(const struct kc_value *value)
{
	return kc_value_type(value) == KC_TYPE_TEXT ? value->text : NULL;
}

int64_t kc_value_number(const struct kc_value *value, int64_t fallback)
{
	return kc_value_type(value) == KC_TYPE_NUMBER ? value->number : fallback;
}

bool kc_value_flag(const struct kc_value *value, bool fallback)
{
	return kc_value_type(value) == KC_TYPE_FLAG ? value->number != 0 : fallback;
}

struct kc_view kc_value_data(const struct kc_value *value)
{
	if (kc_value_type(value) != KC_TYPE_DATA)
		return (struct kc_view){NULL, 0};
	return view_of(value->data.data, value->data.len);
}

int64_t kc_value_date_us(const struct kc_value *value, int64_t fallback)
{
	return kc_value_type(value) == KC_TYPE_DATE ? value->number : fallback;
}

const struct kc_dictionary *kc_value_dictionary(const struct kc_value *value)
{
	return kc_value_type(value) == KC_TYPE_DICTIONARY ? value->dictionary : NULL;
}

size_t kc_value_count(const struct kc_value *value)
{
	return kc_value_type(value) == KC_TYPE_ARRAY ? value->n_items : 0;
}

const struct kc_value *kc_value_at(const struct kc_value *value, size_t i)
{
	return i < kc_value_count(value) ? value->items[i] : NULL;
}
