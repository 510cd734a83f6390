/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading match_… keys. A filter that is wrong is refused and never dropped: Apple's daemon drops
 * some, and then returns everything (reference/keychain.md 7).
 */
#include "items/filter_impl.h"

#include <string.h>
#include <time.h>

#include "base/try.h"
#include "codec/date.h"
#include "codec/fold.h"
#include "codec/tlv.h"
#include "items/policy.h"
#include "items/reference.h"
#include "items/spelling_impl.h"
#include "items/value_impl.h"

enum {
	US_PER_SECOND = 1000000,
	TAG_SET = 0x31, /* X.690 8.11: what the content of a Name consists of */
};

static enum kc_status fail_class(const char *name, enum vocabulary_class item_class)
{
	return fail(KC_ERR_UNIMPLEMENTED, "\"%s\" is not for items of class %s", name,
		    vocabulary_class_name(item_class));
}

static bool is_certificate(enum vocabulary_class item_class)
{
	return item_class == VOCABULARY_CERTIFICATE || item_class == VOCABULARY_IDENTITY;
}

static enum kc_status read_text(const char *name, struct json_object *value, const char **ret_text)
{
	TRY(value_check(name, VOCABULARY_TEXT, value));
	*ret_text = json_object_get_string(value);
	return KC_OK;
}

static enum kc_status read_flag(const char *name, struct json_object *value, bool *ret_flag)
{
	TRY(value_check(name, VOCABULARY_FLAG, value));
	*ret_flag = json_object_get_boolean(value) != 0;
	return KC_OK;
}

/* --- lists --------------------------------------------------------------------------------- */

static enum kc_status check_list(const char *name, struct json_object *value, size_t max)
{
	REQUIRE(json_object_is_type(value, json_type_array) && json_object_array_length(value) > 0,
		KC_ERR_PARAM, "\"%s\" must be an array with something in it", name);
	REQUIRE(json_object_array_length(value) <= max, KC_ERR_PARAM,
		"\"%s\" has at most %zu values", name, max);
	return KC_OK;
}

/* Sets of DER and nothing else. */
static bool is_name(struct kc_view content)
{
	struct tlv tlv;
	bool is_good = content.len > 0;

	while (is_good && content.len > 0)
		is_good = tlv_read(&content, &tlv) == KC_OK && tlv.tag == TAG_SET;
	return is_good;
}

static enum kc_status check_name(const char *name, struct json_object *value)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(VALUE_DATA_MAX);

	TRY(value_data(name, value, &bytes));
	if (is_name(spelling_content(bytes_view(&bytes))))
		return KC_OK;
	error_clear();
	return fail(KC_ERR_PARAM, "\"%s\" has something that is no DER Name", name);
}

/* "Not an array, or no element normalises → filter silently dropped": here it is refused. */
static enum kc_status read_issuers(struct filter *filter, const char *name,
				   struct json_object *value)
{
	TRY(check_list(name, value, FILTER_ISSUERS_MAX));
	for (size_t i = 0; i < json_object_array_length(value); i++)
		TRY(check_name(name, json_object_array_get_idx(value, i)));
	filter->issuers = value;
	return KC_OK;
}

static enum kc_status read_item_list(struct filter *filter, const char *name,
				     struct json_object *value)
{
	TRY(check_list(name, value, FILTER_ITEMS_MAX));
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
		struct reference reference = {0};

		TRY(value_data(name, json_object_array_get_idx(value, i), &bytes));
		TRY(reference_get(bytes_view(&bytes), &reference));
	}
	filter->item_list = value;
	return KC_OK;
}

/* --- one value ----------------------------------------------------------------------------- */

/* "date, or null = now; other type param" */
static enum kc_status read_date(struct filter *filter, const char *name, struct json_object *value)
{
	filter->by_date = true;
	if (!value) {
		filter->date_us = (int64_t)time(NULL) * US_PER_SECOND;
		return KC_OK;
	}
	TRY(value_check(name, VOCABULARY_DATE, value));
	return date_parse(json_object_get_string(value), &filter->date_us);
}

static enum kc_status read_policy(struct filter *filter, struct json_object *value)
{
	struct policy policy;

	TRY(policy_read(value, &policy));
	filter->policy = value;
	return KC_OK;
}

static enum kc_status read_subject(struct filter *filter, enum filter_subject how, const char *name,
				   struct json_object *value)
{
	return read_text(name, value, &filter->subjects[how]);
}

/* --- by name ------------------------------------------------------------------------------- */

static enum kc_status read_subject_key(struct filter *filter, enum vocabulary_class item_class,
				       const char *name, struct json_object *value)
{
	static const char *const names[] = {
		[FILTER_SUBJECT_CONTAINS] = "match_subject_contains",
		[FILTER_SUBJECT_STARTS_WITH] = "match_subject_starts_with",
		[FILTER_SUBJECT_ENDS_WITH] = "match_subject_ends_with",
		[FILTER_SUBJECT_WHOLE_STRING] = "match_subject_whole_string",
	};

	if (!is_certificate(item_class))
		return fail_class(name, item_class);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return read_subject(filter, (enum filter_subject)i, name, value);
	return fail(KC_ERR_UNIMPLEMENTED, "\"%s\" cannot be searched by", name);
}

static enum kc_status read_fold(struct filter *filter, unsigned flag, const char *name,
				struct json_object *value)
{
	bool is_set = false;

	TRY(read_flag(name, value, &is_set));
	filter->subject_fold |= is_set ? flag : 0;
	return KC_OK;
}

static enum kc_status read_host(struct filter *filter, enum vocabulary_class item_class,
				const char *name, struct json_object *value)
{
	if (item_class != VOCABULARY_INTERNET_PASSWORD)
		return fail_class(name, item_class);
	return read_text(name, value, &filter->host);
}

/* For certificates; "other class: unimplemented". */
static enum kc_status read_strict(struct filter *filter, enum vocabulary_class item_class,
				  const char *name, struct json_object *value)
{
	if (!is_certificate(item_class))
		return fail_class(name, item_class);
	if (strcmp(name, "match_issuers") == 0)
		return read_issuers(filter, name, value);
	return read_policy(filter, value);
}

/* For certificates; "others: ignored", once they are found to be what they should be. */
static enum kc_status read_lenient(struct filter *filter, enum vocabulary_class item_class,
				   const char *name, struct json_object *value)
{
	struct filter ignored = {.is_set = false};
	struct filter *to = is_certificate(item_class) ? filter : &ignored;

	if (strcmp(name, "match_valid_on_date") == 0)
		return read_date(to, name, value);
	if (strcmp(name, "match_trusted_only") == 0)
		return read_flag(name, value, &to->is_trusted_only);
	return read_text(name, value, &to->email);
}

static enum kc_status read_search_list(void)
{
	error_set_hint("\"access_group\" and \"token_id\" narrow a search");
	return fail(KC_ERR_UNIMPLEMENTED, "\"match_search_list\": there is one keychain");
}

enum kc_status filter_read(struct filter *filter, enum vocabulary_class item_class,
			   const char *name, struct json_object *value)
{
	filter->is_set = true;
	if (strcmp(name, "match_issuers") == 0 || strcmp(name, "match_policy") == 0)
		return read_strict(filter, item_class, name, value);
	if (strcmp(name, "match_valid_on_date") == 0 || strcmp(name, "match_trusted_only") == 0 ||
	    strcmp(name, "match_email_address_if_present") == 0)
		return read_lenient(filter, item_class, name, value);
	if (strcmp(name, "match_host_or_subdomain_of_host") == 0)
		return read_host(filter, item_class, name, value);
	if (strcmp(name, "match_item_list") == 0)
		return read_item_list(filter, name, value);
	if (strcmp(name, "match_case_insensitive") == 0)
		return read_fold(filter, FOLD_CASE, name, value);
	if (strcmp(name, "match_diacritic_insensitive") == 0)
		return read_fold(filter, FOLD_DIACRITICS, name, value);
	if (strcmp(name, "match_width_insensitive") == 0)
		return read_fold(filter, FOLD_WIDTH, name, value);
	if (strcmp(name, "match_search_list") == 0)
		return read_search_list();
	return read_subject_key(filter, item_class, name, value);
}
