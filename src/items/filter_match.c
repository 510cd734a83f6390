/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One open item against a filter. Of an identity it is the certificate that passes or does not. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/date.h"
#include "codec/fold.h"
#include "codec/hex.h"
#include "items/describe.h"
#include "items/filter_impl.h"
#include "items/result_impl.h"

enum {
	SUBJECT_MAX = 65536,
};

/* "notBefore ≤ t ≤ notAfter, inclusive" */
static bool is_valid_on(struct json_object *attributes, int64_t date_us)
{
	const struct error_record before = *error_get();
	const char *start = field_text(attributes, "not_valid_before");
	const char *end = field_text(attributes, "not_valid_after");
	int64_t start_us = 0;
	int64_t end_us = 0;
	bool is_known = start && end && date_parse(start, &start_us) == KC_OK &&
			date_parse(end, &end_us) == KC_OK;

	error_adopt(&before);
	return is_known && start_us <= date_us && date_us <= end_us;
}

/* "Despite the name, a certificate without an address does not match; an empty string matches
 * nothing." */
static bool has_email(struct json_object *attributes, const char *email)
{
	struct json_object *addresses = field_get(attributes, DESCRIBE_EMAIL_ADDRESSES);
	size_t n = json_object_is_type(addresses, json_type_array)
			   ? json_object_array_length(addresses)
			   : 0;

	for (size_t i = 0; i < n && *email; i++) {
		const char *address =
			json_object_get_string(json_object_array_get_idx(addresses, i));

		if (address && strcasecmp(address, email) == 0)
			return true;
	}
	return false;
}

/* "server equals value or ends with "." + value" */
static bool is_of_host(struct json_object *attributes, const char *host)
{
	const char *server = field_text(attributes, "server");
	size_t host_len = strlen(host);
	size_t len = server ? strlen(server) : 0;

	if (!server || len < host_len || strcmp(server + len - host_len, host) != 0)
		return false;
	return len == host_len || server[len - host_len - 1] == '.';
}

/* --- the subject --------------------------------------------------------------------------- */

static bool contains(struct kc_view text, struct kc_view part)
{
	return part.len == 0 || memmem(text.data, text.len, part.data, part.len);
}

static bool is_so(enum filter_subject how, struct kc_view text, struct kc_view part)
{
	if (part.len > text.len)
		return false;
	if (how == FILTER_SUBJECT_CONTAINS)
		return contains(text, part);
	if (how == FILTER_SUBJECT_STARTS_WITH)
		return view_equal(view_slice(text, 0, part.len), part);
	if (how == FILTER_SUBJECT_ENDS_WITH)
		return view_equal(view_slice(text, text.len - part.len, part.len), part);
	return view_equal(text, part);
}

static enum kc_status check_text(const struct filter *filter, enum filter_subject how,
				 const char *subject, bool *ret_is_so)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(SUBJECT_MAX);
	CLEANUP(bytes_done) struct bytes part = BYTES_INIT(SUBJECT_MAX);

	TRY(fold_put(&text, view_of_text(subject), filter->subject_fold));
	TRY(fold_put(&part, view_of_text(filter->subjects[how]), filter->subject_fold));
	*ret_is_so = is_so(how, bytes_view(&text), bytes_view(&part));
	return KC_OK;
}

/* A person sees a certificate's name; a program may know the whole subject. Either will do. */
static enum kc_status has_subject(const struct filter *filter, struct json_object *attributes,
				  bool *ret_has)
{
	static const char *const texts[] = {DESCRIBE_SUBJECT_SUMMARY, DESCRIBE_SUBJECT_TEXT};

	for (int how = 0; how < FILTER_SUBJECTS_END; how++) {
		bool is_one_so = !filter->subjects[how];

		for (size_t i = 0; i < ARRAY_LEN(texts) && !is_one_so; i++) {
			const char *subject = field_text(attributes, texts[i]);

			if (subject)
				TRY(check_text(filter, (enum filter_subject)how, subject,
					       &is_one_so));
		}
		*ret_has = is_one_so;
		if (!is_one_so)
			return KC_OK;
	}
	return KC_OK;
}

/* --- all of it ----------------------------------------------------------------------------- */

static void text_freep(char **text)
{
	free(*text);
}

/* References have one encoding, and so has base64. */
static enum kc_status is_listed(const struct filter *filter, const struct result_item *item,
				bool *ret_is_listed)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	CLEANUP(field_free) struct json_object *reference = NULL;
	CLEANUP(text_freep) char *text = NULL;

	TRY(result_put_reference(item, &bytes));
	text = base64_encode(bytes_view(&bytes));
	reference = text ? json_object_new_string(text) : NULL;
	REQUIRE(reference, KC_ERR_ALLOCATE, "out of memory");
	*ret_is_listed = field_contains(filter->item_list, reference);
	return KC_OK;
}

static bool passes_plain(const struct filter *filter, struct json_object *attributes)
{
	if (filter->by_date && !is_valid_on(attributes, filter->date_us))
		return false;
	if (filter->email && !has_email(attributes, filter->email))
		return false;
	return !filter->host || is_of_host(attributes, filter->host);
}

enum kc_status filter_match_item(const struct filter_work *work, const struct result_item *item,
				 bool *ret_passes)
{
	const struct filter *filter = work->filter;
	bool passes = !filter->is_set || passes_plain(filter, item->row->attributes);

	if (passes && filter->is_set)
		TRY(has_subject(filter, item->row->attributes, &passes));
	if (passes && filter->item_list)
		TRY(is_listed(filter, item, &passes));
	if (passes && filter->issuers)
		TRY(filter_issuers_has(work, item->row, &passes));
	*ret_passes = passes;
	return KC_OK;
}
