/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Choosing is the daemon's; here a wish becomes its parameters, and its answer values. In JSON data
 * is text, and which texts are data only the protocol says (org.keycask.Identities).
 */
#include <keycask/identity.h>

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/line.h"
#include "client/sized.h"
#include "client/typed_impl.h"
#include "codec/hex.h"
#include "codec/utf8.h"
#include "wire/message.h"

/* --- the wish ------------------------------------------------------------------------------ */

static enum kc_status put_issuers(struct json_object *parameters, const struct kc_choice *choice)
{
	CLEANUP(field_free) struct json_object *list = json_object_new_array();

	REQUIRE(list, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < choice->n_issuers; i++)
		TRY(field_append_data(list, choice->issuers[i]));
	return field_put(parameters, "issuers", take(list));
}

static enum kc_status put_texts(struct json_object *parameters, const char *name,
				const char *const *texts, size_t n)
{
	CLEANUP(field_free) struct json_object *list = json_object_new_array();

	REQUIRE(list, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < n; i++) {
		REQUIRE(texts[i] && utf8_is_text(view_of_text(texts[i])), KC_ERR_PARAM,
			"one of the %s is not UTF-8", name);
		TRY(field_append_text(list, texts[i]));
	}
	return field_put(parameters, name, take(list));
}

static enum kc_status make_parameters(const char *purpose, const struct kc_choice *choice,
				      struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	REQUIRE(purpose && utf8_is_text(view_of_text(purpose)), KC_ERR_PARAM,
		"a purpose that is missing or not UTF-8");
	REQUIRE(!choice->host || utf8_is_text(view_of_text(choice->host)), KC_ERR_PARAM,
		"the host is not UTF-8");
	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "purpose", purpose));
	TRY(field_put_text(parameters, "host", choice->host));
	TRY(put_issuers(parameters, choice));
	TRY(put_texts(parameters, "key_types", choice->key_types, choice->n_key_types));
	TRY(put_texts(parameters, "algorithms", choice->algorithms, choice->n_algorithms));
	TRY(field_put_flag(parameters, "explain", true));
	*ret_parameters = take(parameters);
	return KC_OK;
}

static enum kc_status ask(const char *purpose, const struct kc_choice *given,
			  struct json_object **ret_answer)
{
	struct kc_choice choice = KC_CHOICE_INIT;
	struct line_call call = {.method = "org.keycask.Identities.Choose",
				 .descriptor = -1,
				 .timeout_ms = LINE_OPERATION_MS,
				 .is_repeatable = true,
				 .may_go_aside = true};

	TRY(sized_read(given, &choice, sizeof(choice), "KC_CHOICE_INIT"));
	TRY(make_parameters(purpose, &choice, &call.parameters));
	return line_call(&call, ret_answer);
}

/* --- the answer ---------------------------------------------------------------------------- */

static enum kc_status set_data(struct kc_dictionary *dictionary, const char *name, const char *text)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);

	TRY(base64_decode(view_of_text(text), &data));
	return kc_dictionary_set(dictionary, name, KC_DATA(bytes_view(&data)));
}

static enum kc_status put_data(struct json_object *entry, struct kc_dictionary *dictionary)
{
	static const char *const names[] = {KC_CHOICE_IDENTITY, KC_CHOICE_KEY,
					    KC_CHOICE_CERTIFICATE};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (field_text(entry, names[i]))
			TRY(set_data(dictionary, names[i], field_text(entry, names[i])));
	return KC_OK;
}

static enum kc_status append_certificate(struct kc_value *array, const char *text)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct kc_value *value = NULL;

	TRY(base64_decode(view_of_text(text), &der));
	TRY(kc_value_new(KC_DATA(bytes_view(&der)), &value));
	return typed_append(array, value);
}

static enum kc_status put_chain(struct json_object *entry, struct kc_dictionary *dictionary)
{
	CLEANUP(typed_freep) struct kc_value *array = NULL;
	struct json_object *chain = field_get(entry, KC_CHOICE_CHAIN);

	if (!chain)
		return KC_OK;
	TRY(typed_new_empty(KC_TYPE_ARRAY, &array));
	for (size_t i = 0; i < json_object_array_length(chain); i++)
		TRY(append_certificate(
			array, json_object_get_string(json_object_array_get_idx(chain, i))));
	return dictionary_put(dictionary, KC_CHOICE_CHAIN, take(array));
}

/* What people read has the names of attributes that are data: read it under others. */
static enum kc_status put_text(struct json_object *entry, const char *name,
			       struct kc_dictionary *dictionary)
{
	const char *text = field_text(entry, name);

	return text ? kc_dictionary_set(dictionary, name, KC_TEXT(text)) : KC_OK;
}

static void drop_special(struct json_object *entry)
{
	static const char *const names[] = {KC_CHOICE_IDENTITY,	   KC_CHOICE_KEY,
					    KC_CHOICE_CERTIFICATE, KC_CHOICE_CHAIN,
					    KC_CHOICE_SUBJECT,	   KC_CHOICE_ISSUER};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_object_object_del(entry, names[i]);
}

static enum kc_status read_special(struct json_object *entry, struct kc_dictionary *dictionary)
{
	TRY(put_data(entry, dictionary));
	TRY(put_chain(entry, dictionary));
	TRY(put_text(entry, KC_CHOICE_SUBJECT, dictionary));
	return put_text(entry, KC_CHOICE_ISSUER, dictionary);
}

/* The rest is as everywhere. */
static enum kc_status read_rest(struct json_object *entry, struct kc_dictionary *dictionary)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *rest = NULL;

	drop_special(entry);
	TRY(convert_dictionary_from_json(entry, &rest));
	for (size_t i = 0; i < kc_dictionary_count(rest); i++)
		TRY(kc_dictionary_set_value(dictionary, kc_dictionary_name_at(rest, i),
					    kc_dictionary_value_at(rest, i)));
	return KC_OK;
}

static enum kc_status read_entry(struct json_object *entry, struct kc_value **ret_value)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *dictionary = kc_dictionary_new(NULL, 0);
	CLEANUP(typed_freep) struct kc_value *value = NULL;

	REQUIRE(dictionary, KC_ERR_ALLOCATE, "out of memory");
	TRY(read_special(entry, dictionary));
	TRY(read_rest(entry, dictionary));
	TRY(typed_new_empty(KC_TYPE_DICTIONARY, &value));
	value->dictionary = take(dictionary);
	*ret_value = take(value);
	return KC_OK;
}

static enum kc_status read_list(struct json_object *answer, const char *name,
				struct kc_dictionary *choice)
{
	CLEANUP(typed_freep) struct kc_value *array = NULL;
	struct json_object *list = field_get(answer, name);

	TRY(typed_new_empty(KC_TYPE_ARRAY, &array));
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct kc_value *value = NULL;

		TRY(read_entry(json_object_array_get_idx(list, i), &value));
		TRY(typed_append(array, value));
	}
	return dictionary_put(choice, name, take(array));
}

static enum kc_status read_answer(struct json_object *answer, struct kc_dictionary **ret_choice)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *choice = kc_dictionary_new(NULL, 0);

	REQUIRE(choice, KC_ERR_ALLOCATE, "out of memory");
	TRY(read_list(answer, KC_CHOICE_IDENTITIES, choice));
	TRY(read_list(answer, KC_CHOICE_LEFT_OUT, choice));
	TRY(kc_dictionary_set(choice, KC_CHOICE_OMITTED,
			      KC_NUMBER(field_number(answer, "omitted", 0))));
	*ret_choice = take(choice);
	return KC_OK;
}

enum kc_status kc_identity_choose_all(const char *purpose, const struct kc_choice *choice,
				      struct kc_dictionary **ret_choice)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	TRY(ask(purpose, choice, &answer));
	status = read_answer(answer, ret_choice);
	if (status != KC_ERR_PARAM && status != KC_ERR_DECODE)
		return status;
	error_clear();
	return fail(KC_ERR_INTERNAL, "the daemon answered something that is no choice");
}

/* --- the best ------------------------------------------------------------------------------ */

static const char *best_name(const struct kc_dictionary *left_out)
{
	const char *label = kc_dictionary_text(left_out, KC_ATTR_LABEL);
	const char *subject = kc_dictionary_text(left_out, KC_CHOICE_SUBJECT);

	if (label && *label)
		return label;
	return subject && *subject ? subject : "one of them";
}

/* The nearest to fitting comes first. */
static enum kc_status fail_unfit(const struct kc_dictionary *choice, const char *purpose)
{
	const struct kc_value *left_out = kc_dictionary_get(choice, KC_CHOICE_LEFT_OUT);
	const struct kc_dictionary *nearest = kc_value_dictionary(kc_value_at(left_out, 0));
	const struct kc_value *reasons = kc_dictionary_get(nearest, KC_CHOICE_REASONS);
	int64_t n = (int64_t)kc_value_count(left_out) +
		    kc_dictionary_number(choice, KC_CHOICE_OMITTED, 0);

	if (n == 0)
		return fail(KC_ERR_ITEM_NOT_FOUND, "there is no identity, so none for %s", purpose);
	error_set_hint("%s: %s", best_name(nearest), kc_value_text(kc_value_at(reasons, 0)));
	if (n == 1)
		return fail(KC_ERR_ITEM_NOT_FOUND, "the one identity there is does not fit %s",
			    purpose);
	return fail(KC_ERR_ITEM_NOT_FOUND, "of %lld identities none fits %s", (long long)n,
		    purpose);
}

enum kc_status kc_identity_choose(const char *purpose, const struct kc_choice *choice,
				  struct kc_identity **ret_identity)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *all = NULL;
	const struct kc_value *identities = NULL;
	const struct kc_dictionary *best = NULL;

	TRY(kc_identity_choose_all(purpose, choice, &all));
	identities = kc_dictionary_get(all, KC_CHOICE_IDENTITIES);
	best = kc_value_dictionary(kc_value_at(identities, 0));
	if (!best)
		return fail_unfit(all, purpose);
	return kc_identity_from_persistent_ref(kc_dictionary_data(best, KC_CHOICE_IDENTITY),
					       ret_identity);
}
