/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a dictionary to a checked query (reference/keychain.md 2.1, 2.2, 2.5). What is not known is
 * an error and never ignored: a condition that is silently dropped returns items that nobody asked
 * for. Class first, because what an attribute is depends on it.
 */
#include "items/query_impl.h"

#include <string.h>

#include "base/try.h"
#include "items/value_impl.h"

void query_done(struct query *query)
{
	bytes_done(&query->reference_bytes);
}

static const char *reference_name(struct json_object *dictionary)
{
	return field_get(dictionary, "value_ref") ? "value_ref" : "value_persistent_ref";
}

/* Both name an item by its persistent reference (design decision 21). */
static enum kc_status read_reference(struct query *query, struct json_object *dictionary)
{
	const char *name = reference_name(dictionary);
	struct json_object *value = field_get(dictionary, name);

	if (!value)
		return KC_OK;
	REQUIRE(strcmp(name, "value_ref") != 0 || !field_get(dictionary, "value_persistent_ref"),
		KC_ERR_PARAM, "value_ref and value_persistent_ref say the same: give one of them");
	TRY(value_data(name, value, &query->reference_bytes));
	TRY(reference_get(bytes_view(&query->reference_bytes), &query->reference));
	query->has_reference = true;
	return KC_OK;
}

static enum kc_status fail_class(const char *name)
{
	return fail(KC_ERR_NO_SUCH_CLASS, "no item class \"%.64s\"", name);
}

static enum kc_status read_class(struct query *query, struct json_object *dictionary)
{
	struct json_object *value = field_get(dictionary, "class");

	if (!value && query->has_reference) {
		query->item_class = query->reference.item_class;
		return KC_OK;
	}
	REQUIRE(value, KC_ERR_PARAM, "a query needs a \"class\"");
	TRY(value_check("class", VOCABULARY_TEXT, value));
	if (!vocabulary_find_class(json_object_get_string(value), &query->item_class))
		return fail_class(json_object_get_string(value));
	REQUIRE(!query->has_reference || query->item_class == query->reference.item_class,
		KC_ERR_PARAM, "the reference is of a %s, the query for a %s",
		vocabulary_class_name(query->reference.item_class),
		vocabulary_class_name(query->item_class));
	return KC_OK;
}

static enum kc_status read_limit(struct query *query, struct json_object *value)
{
	const char *text = NULL;

	if (json_object_is_type(value, json_type_string))
		text = json_object_get_string(value);
	if (text && strcmp(text, "all") == 0)
		query->limit = QUERY_NO_LIMIT;
	else if (json_object_is_type(value, json_type_int))
		query->limit = json_object_get_int64(value);
	else if (!text || strcmp(text, "one") != 0)
		query->limit = 0;
	REQUIRE(query->limit > 0, KC_ERR_PARAM,
		"\"match_limit\" must be \"one\", \"all\" or a positive number");
	return KC_OK;
}

static enum kc_status read_match(struct query *query, const char *name, struct json_object *value)
{
	if (strcmp(name, "match_limit") == 0)
		return read_limit(query, value);
	return fail(KC_ERR_UNIMPLEMENTED, "\"%s\" cannot be searched by yet", name);
}

static void read_return(struct query *query, const char *name, bool is_wanted)
{
	if (strcmp(name, "return_data") == 0)
		query->wants_data = is_wanted;
	else if (strcmp(name, "return_attributes") == 0)
		query->wants_attributes = is_wanted;
	else if (strcmp(name, "return_ref") == 0)
		query->wants_ref = is_wanted;
	else
		query->wants_persistent_ref = is_wanted;
}

static enum kc_status check_use(const char *name, struct json_object *value)
{
	const char *text = NULL;

	if (strcmp(name, "use_authentication_ui") != 0)
		return KC_OK;
	text = json_object_get_string(value);
	REQUIRE(strcmp(text, "allow") == 0 || strcmp(text, "fail") == 0 ||
			strcmp(text, "skip") == 0,
		KC_ERR_PARAM, "\"%s\" must be \"allow\", \"fail\" or \"skip\"", name);
	return KC_OK;
}

/* Apple leaves value_data in a query unused (reference/keychain.md 2.3): an item that was found
 * can be fed back to find it again. */
static enum kc_status check_value(const struct query *query, const char *name)
{
	REQUIRE(!query->has_reference || strcmp(name, "value_data") != 0, KC_ERR_PARAM,
		"\"%s\" cannot stand beside a persistent reference", name);
	return KC_OK;
}

static enum kc_status read_key(struct query *query, const struct vocabulary_key *key,
			       struct json_object *value)
{
	TRY(value_check(key->name, key->type, value));
	switch (key->kind) {
	case VOCABULARY_KIND_MATCH:
		return read_match(query, key->name, value);
	case VOCABULARY_KIND_RETURN:
		read_return(query, key->name, json_object_get_boolean(value));
		return KC_OK;
	case VOCABULARY_KIND_VALUE:
		return check_value(query, key->name);
	case VOCABULARY_KIND_USE:
		return check_use(key->name, value);
	case VOCABULARY_KIND_CLASS:
		break;
	}
	return KC_OK;
}

/* "match_foo": a key of the dictionary that we do not know, as opposed to an attribute. */
static bool looks_like_key(const char *name)
{
	static const char *const prefixes[] = {"match_", "return_", "value_", "use_"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static enum kc_status fail_unknown(const struct query *query, const char *name)
{
	const char *nearest = vocabulary_nearest(name, query->item_class);
	enum kc_status status = KC_OK;

	if (looks_like_key(name))
		status = fail(KC_ERR_PARAM, "unknown key \"%.64s\"", name);
	else
		status = fail(KC_ERR_NO_SUCH_ATTR, "class %s has no attribute \"%.64s\"",
			      vocabulary_class_name(query->item_class), name);
	if (nearest)
		error_set_hint("did you mean \"%s\"?", nearest);
	return status;
}

static enum kc_status add_term(struct query *query, const struct vocabulary_attribute *attribute,
			       struct json_object *value)
{
	TRY(value_check(attribute->name, attribute->type, value));
	REQUIRE(!query->has_reference, KC_ERR_PARAM,
		"\"%s\" cannot stand beside a persistent reference", attribute->name);
	REQUIRE(query->n_terms < QUERY_TERMS_MAX, KC_ERR_PARAM, "too many attributes");
	query->terms[query->n_terms++] = (struct query_term){attribute, value};
	return KC_OK;
}

static enum kc_status read_entry(struct query *query, const char *name, struct json_object *value)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	const struct vocabulary_key *key = vocabulary_find_key(name);

	if (key)
		return read_key(query, key, value);
	if (!attribute || !vocabulary_has(attribute, query->item_class))
		return fail_unknown(query, name);
	return add_term(query, attribute, value);
}

enum kc_status query_init(struct query *query, struct json_object *dictionary)
{
	struct json_object_iterator at;
	struct json_object_iterator end;

	*query = (struct query){.limit = 1, .reference_bytes = BYTES_INIT(REFERENCE_MAX)};
	REQUIRE(json_object_is_type(dictionary, json_type_object), KC_ERR_PARAM,
		"a query must be an object");
	REQUIRE(json_object_object_length(dictionary) <= QUERY_KEYS_MAX, KC_ERR_PARAM,
		"a query has at most %d keys", QUERY_KEYS_MAX);
	TRY(read_reference(query, dictionary));
	TRY(read_class(query, dictionary));
	at = json_object_iter_begin(dictionary);
	end = json_object_iter_end(dictionary);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		TRY(read_entry(query, json_object_iter_peek_name(&at),
			       json_object_iter_peek_value(&at)));
	return KC_OK;
}
