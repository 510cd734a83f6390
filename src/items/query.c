/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a dictionary to a checked query (reference/keychain.md 2.1, 2.2, 2.5). What is not known is
 * an error and never ignored: a condition that is silently dropped returns items that nobody asked
 * for, or deletes them. Class first, because what an attribute is depends on it.
 */
#include "items/query_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "items/value_impl.h"

static const char *const verbs[] = {
	[QUERY_COPY] = "copy", [QUERY_UPDATE] = "update", [QUERY_DELETE] = "delete"};

struct query *query_free(struct query *query)
{
	if (!query)
		return NULL;
	for (size_t i = 0; i < query->n_terms; i++)
		field_free(&query->terms[i].value);
	bytes_done(&query->reference_bytes);
	free(query);
	return NULL;
}

struct json_object *query_term_value(const struct query *query, const char *name)
{
	for (size_t i = 0; i < query->n_terms; i++)
		if (strcmp(query->terms[i].attribute->name, name) == 0)
			return query->terms[i].value;
	return NULL;
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

enum kc_status query_read_class(struct json_object *value, enum vocabulary_class *ret_class)
{
	TRY(value_check("class", VOCABULARY_TEXT, value));
	if (vocabulary_find_class(json_object_get_string(value), ret_class))
		return KC_OK;
	error_set_hint("a class is generic_password, internet_password, certificate, key or "
		       "identity");
	return fail(KC_ERR_NO_SUCH_CLASS, "no item class \"%.64s\"", json_object_get_string(value));
}

static enum kc_status read_class(struct query *query, struct json_object *dictionary)
{
	struct json_object *value = field_get(dictionary, "class");

	if (!value && query->has_reference) {
		query->item_class = query->reference.item_class;
		return KC_OK;
	}
	REQUIRE(value, KC_ERR_PARAM, "a query needs a \"class\"");
	TRY(query_read_class(value, &query->item_class));
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

/* reference/keychain.md 2.1: any match key in an update or a delete is wrong, even a limit. */
static enum kc_status read_match(struct query *query, const char *name, struct json_object *value)
{
	REQUIRE(query->verb == QUERY_COPY, KC_ERR_PARAM,
		"\"%s\" cannot be in the query of %s: all items that match are meant", name,
		query->verb == QUERY_UPDATE ? "an update" : "a delete");
	if (strcmp(name, "match_limit") == 0)
		return read_limit(query, value);
	return filter_read(&query->filter, query->item_class, name, value);
}

static enum kc_status read_flag(const char *name, struct json_object *value, bool *ret_flag)
{
	REQUIRE(json_object_is_type(value, json_type_boolean) ||
			json_object_is_type(value, json_type_int),
		KC_ERR_PARAM, "\"%s\" must be %s", name, vocabulary_type_name(VOCABULARY_FLAG));
	*ret_flag = json_object_get_boolean(value) != 0;
	return KC_OK;
}

enum kc_status query_read_return(const char *name, struct json_object *value,
				 struct query_return *wants)
{
	if (strcmp(name, "return_data") == 0)
		return read_flag(name, value, &wants->data);
	if (strcmp(name, "return_attributes") == 0)
		return read_flag(name, value, &wants->attributes);
	if (strcmp(name, "return_ref") == 0)
		return read_flag(name, value, &wants->ref);
	return read_flag(name, value, &wants->persistent_ref);
}

/* reference/keychain.md 2.9: an update gives nothing back; a delete may be told to, for nothing. */
static enum kc_status read_return(struct query *query, const char *name, struct json_object *value)
{
	struct query_return wants = {.data = false};

	TRY(query_read_return(name, value, &query->wants));
	TRY(query_read_return(name, value, &wants));
	REQUIRE(query->verb != QUERY_UPDATE ||
			!(wants.data || wants.attributes || wants.ref || wants.persistent_ref),
		KC_ERR_PARAM, "\"%s\" cannot be in the query of an update, which returns nothing",
		name);
	return KC_OK;
}

enum kc_status query_read_use(const struct vocabulary_key *key, struct json_object *value,
			      enum query_ui *ret_ui)
{
	const char *text = NULL;

	TRY(value_check(key->name, key->type, value));
	if (strcmp(key->name, "use_authentication_ui") != 0)
		return KC_OK;
	text = json_object_get_string(value);
	if (strcmp(text, "allow") == 0)
		*ret_ui = QUERY_UI_ALLOW;
	else if (strcmp(text, "fail") == 0)
		*ret_ui = QUERY_UI_FAIL;
	else if (strcmp(text, "skip") == 0)
		*ret_ui = QUERY_UI_SKIP;
	else
		return fail(KC_ERR_PARAM, "\"%s\" must be \"allow\", \"fail\" or \"skip\"",
			    key->name);
	return KC_OK;
}

/* reference/keychain.md 4.6: only a copy can leave items out. */
static enum kc_status read_use(struct query *query, const struct vocabulary_key *key,
			       struct json_object *value)
{
	TRY(query_read_use(key, value, &query->ui));
	REQUIRE(query->ui != QUERY_UI_SKIP || query->verb == QUERY_COPY, KC_ERR_PARAM,
		"\"use_authentication_ui\" cannot be \"skip\" in the query of %s %s",
		query->verb == QUERY_UPDATE ? "an" : "a", verbs[query->verb]);
	return KC_OK;
}

/* Apple leaves value_data in a query unused (reference/keychain.md 2.3): an item that was found
 * can be fed back to find it again. */
static enum kc_status read_value(const struct query *query, const struct vocabulary_key *key,
				 struct json_object *value)
{
	TRY(value_check(key->name, key->type, value));
	REQUIRE(!query->has_reference || strcmp(key->name, "value_data") != 0, KC_ERR_PARAM,
		"\"%s\" cannot stand beside a persistent reference", key->name);
	return KC_OK;
}

static enum kc_status read_key(struct query *query, const struct vocabulary_key *key,
			       struct json_object *value)
{
	switch (key->kind) {
	case VOCABULARY_KIND_MATCH:
		return read_match(query, key->name, value);
	case VOCABULARY_KIND_RETURN:
		return read_return(query, key->name, value);
	case VOCABULARY_KIND_VALUE:
		return read_value(query, key, value);
	case VOCABULARY_KIND_USE:
		return read_use(query, key, value);
	case VOCABULARY_KIND_CLASS:
		break;
	}
	return KC_OK;
}

/* "match_foo": a key of the dictionary that we do not know, as opposed to an attribute. */
bool query_looks_like_key(const char *name)
{
	static const char *const prefixes[] = {"match_", "return_", "value_", "use_"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

enum kc_status query_fail_unknown(enum vocabulary_class item_class, const char *name)
{
	const char *nearest = vocabulary_nearest(name, item_class);
	enum kc_status status = KC_OK;

	if (query_looks_like_key(name))
		status = fail(KC_ERR_PARAM, "unknown key \"%.64s\"", name);
	else
		status = fail(KC_ERR_NO_SUCH_ATTR, "class %s has no attribute \"%.64s\"",
			      vocabulary_class_name(item_class), name);
	if (nearest)
		error_set_hint("did you mean \"%s\"?", nearest);
	return status;
}

/* reference/keychain.md 2.1: "syna", here "any", finds what is synchronized and what is not. */
static bool is_any(const struct vocabulary_attribute *attribute, struct json_object *value)
{
	return strcmp(attribute->name, "synchronizable") == 0 &&
	       json_object_is_type(value, json_type_string) &&
	       strcmp(json_object_get_string(value), "any") == 0;
}

static enum kc_status add_term(struct query *query, const struct vocabulary_attribute *attribute,
			       struct json_object *value)
{
	struct query_term term = {.attribute = attribute};

	REQUIRE(!query->has_reference, KC_ERR_PARAM,
		"\"%s\" cannot stand beside a persistent reference", attribute->name);
	REQUIRE(query->n_terms < QUERY_TERMS_MAX, KC_ERR_PARAM, "too many attributes");
	if (is_any(attribute, value)) {
		query->ignores_synchronizable = true;
		return KC_OK;
	}
	TRY(value_normalize(attribute, value, &term.value));
	query->terms[query->n_terms++] = term;
	return KC_OK;
}

static enum kc_status read_entry(struct query *query, const char *name, struct json_object *value)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	const struct vocabulary_key *key = vocabulary_find_key(name);

	if (key)
		return read_key(query, key, value);
	if (!attribute || !vocabulary_has(attribute, query->item_class))
		return query_fail_unknown(query->item_class, name);
	return add_term(query, attribute, value);
}

enum kc_status query_check_object(struct json_object *dictionary, const char *what)
{
	REQUIRE(json_object_is_type(dictionary, json_type_object), KC_ERR_PARAM,
		"%s must be an object", what);
	REQUIRE(json_object_object_length(dictionary) <= QUERY_KEYS_MAX, KC_ERR_PARAM,
		"%s has at most %d keys", what, QUERY_KEYS_MAX);
	return KC_OK;
}

static enum kc_status read_all(struct query *query, struct json_object *dictionary)
{
	struct json_object_iterator at;
	struct json_object_iterator end;

	TRY(query_check_object(dictionary, "a query"));
	TRY(read_reference(query, dictionary));
	TRY(read_class(query, dictionary));
	at = json_object_iter_begin(dictionary);
	end = json_object_iter_end(dictionary);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		TRY(read_entry(query, json_object_iter_peek_name(&at),
			       json_object_iter_peek_value(&at)));
	return KC_OK;
}

enum kc_status query_new(enum query_verb verb, struct json_object *dictionary,
			 struct query **ret_query)
{
	CLEANUP(query_freep) struct query *query = calloc(1, sizeof(*query));

	REQUIRE(query, KC_ERR_ALLOCATE, "out of memory");
	query->verb = verb;
	query->limit = verb == QUERY_COPY ? 1 : QUERY_NO_LIMIT;
	query->reference_bytes = BYTES_INIT(REFERENCE_MAX);
	TRY(read_all(query, dictionary));
	*ret_query = take(query);
	return KC_OK;
}
