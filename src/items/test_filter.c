/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The match_… keys (reference/keychain.md 2.4): who passes, who does not, what is refused. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "codec/hex.h"
#include "harness/test.h"
#include "items/sample.h"
#include "items/scene.h"

enum {
	QUERY_BYTES = 2048,
};

/* The content of a Name with a common name of two letters. */
#define NAME_LEN 15

static void make_name(const char *letters, uint8_t name[NAME_LEN])
{
	static const uint8_t start[] = {0x31, 0x0D, 0x30, 0x0B, 0x06, 0x03, 0x55, 0x04, 0x03};

	memcpy(name, start, sizeof(start));
	name[9] = 0x0C;
	name[10] = 0x04;
	memcpy(name + 11, letters, 4);
}

/* In base64, which must be freed; @is_whole: with its SEQUENCE. */
static char *name_of(const char *letters, bool is_whole)
{
	uint8_t whole[NAME_LEN + 2] = {0x30, NAME_LEN};

	make_name(letters, whole + 2);
	return base64_encode(is_whole ? VIEW_OF(whole) : view_of(whole + 2, NAME_LEN));
}

static void put_name(struct json_object *attributes, const char *attribute, const char *letters)
{
	CLEANUP(freep) char *text = name_of(letters, false);

	CHECK_OK(field_put_text(attributes, attribute, text));
}

/* Subject and issuer are of four letters. */
static struct engine_part certificate(const char *subject, const char *issuer)
{
	struct engine_part part = scene_certificate(subject, issuer, subject, subject);

	put_name(part.attributes, "subject", subject);
	put_name(part.attributes, "issuer", issuer);
	CHECK_OK(field_put_text(part.attributes, "not_valid_before", "2024-01-01T00:00:00Z"));
	CHECK_OK(field_put_text(part.attributes, "not_valid_after", "2025-12-31T23:59:59Z"));
	CHECK_OK(field_put_text(part.attributes, "subject_summary", subject));
	return part;
}

static void add_as(struct scene *scene, const char *dictionary, struct engine_part part)
{
	struct json_object *item = scene_add_parts(scene, KC_OK, dictionary, &part, 1);

	field_free(&item);
}

static void add(struct scene *scene, struct engine_part part)
{
	add_as(scene, "{\"class\":\"certificate\"}", part);
}

/* How many certificates pass @filter, which is the rest of a query. */
#define COUNT(scene, ...) count((scene), "certificate", __VA_ARGS__)

static size_t count(struct scene *scene, const char *item_class, const char *filter)
{
	char query[QUERY_BYTES];

	CHECK(snprintf(query, sizeof(query), "{\"class\":\"%s\",%s}", item_class, filter) <
	      (int)sizeof(query));
	return scene_count(scene, query);
}

static void refuse(struct scene *scene, enum kc_status status, const char *item_class,
		   const char *filter, const char *said)
{
	char query[QUERY_BYTES];

	CHECK(snprintf(query, sizeof(query), "{\"class\":\"%s\",%s}", item_class, filter) <
	      (int)sizeof(query));
	scene_copy(scene, status, query);
	scene_said(said);
}

/* --- issuers ------------------------------------------------------------------------------- */

static size_t issued_by(struct scene *scene, const char *subject, const char *issuer, bool is_whole)
{
	CLEANUP(freep) char *subject_name = name_of(subject, false);
	CLEANUP(freep) char *issuer_name = name_of(issuer, is_whole);
	char filter[QUERY_BYTES];

	CHECK(snprintf(filter, sizeof(filter), "\"subject\":\"%s\",\"match_issuers\":[\"%s\"]",
		       subject_name, issuer_name) < (int)sizeof(filter));
	return COUNT(scene, filter);
}

TEST(an_issuer_is_found_up_the_chain)
{
	struct scene scene = scene_begin();

	add(&scene, certificate("leaf", "midd"));
	CHECK_INT(issued_by(&scene, "leaf", "midd", false), 1);
	CHECK_INT(issued_by(&scene, "leaf", "midd", true), 1);
	CHECK_INT(issued_by(&scene, "leaf", "root", false), 0);
	CHECK_INT(issued_by(&scene, "leaf", "leaf", false), 0);
	add(&scene, certificate("midd", "root"));
	CHECK_INT(issued_by(&scene, "leaf", "root", true), 1);
	CHECK_INT(issued_by(&scene, "midd", "midd", false), 0);
	scene_end(&scene);
}

TEST(a_chain_that_has_no_end_ends)
{
	struct scene scene = scene_begin();
	char subject[8];
	char issuer[8];

	add(&scene, certificate("ring", "gnir"));
	add(&scene, certificate("gnir", "ring"));
	add(&scene, certificate("self", "self"));
	CHECK_INT(issued_by(&scene, "ring", "none", false), 0);
	CHECK_INT(issued_by(&scene, "self", "self", false), 1);
	/* "depth ≤ 10" */
	for (int i = 0; i < 12; i++) {
		CHECK(snprintf(subject, sizeof(subject), "nr%02d", i) == 4);
		CHECK(snprintf(issuer, sizeof(issuer), "nr%02d", i + 1) == 4);
		add(&scene, certificate(subject, issuer));
	}
	CHECK_INT(issued_by(&scene, "nr00", "nr10", false), 1);
	CHECK_INT(issued_by(&scene, "nr00", "nr11", false), 0);
	scene_end(&scene);
}

/* What a caller does not see is no step of its ladder. */
TEST(certificates_of_other_groups_lead_nowhere)
{
	struct scene scene = scene_begin();

	add(&scene, certificate("leaf", "midd"));
	add_as(&scene, "{\"class\":\"certificate\",\"access_group\":\"other\"}",
	       certificate("midd", "root"));
	CHECK_INT(issued_by(&scene, "leaf", "root", false), 1);
	scene.request.caller.n_groups = 1;
	CHECK_INT(issued_by(&scene, "leaf", "root", false), 0);
	scene_end(&scene);
}

TEST(a_list_of_issuers_without_a_name_is_refused)
{
	static const char *const wrong[] = {"\"x\"", "5", "[]", "{}", "null", "true"};
	struct scene scene = scene_begin();
	CLEANUP(freep) char *name = name_of("midd", true);
	char filter[QUERY_BYTES];

	add(&scene, certificate("leaf", "midd"));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CHECK(snprintf(filter, sizeof(filter), "\"match_issuers\":%s", wrong[i]) > 0);
		refuse(&scene, KC_ERR_PARAM, "certificate", filter, "must be an array");
	}
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_issuers\":[\"bm8=\"]", "no DER Name");
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_issuers\":[\"\"]", "no DER Name");
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_issuers\":[5]", "match_issuers");
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_issuers\":[null]", "match_issuers");
	CHECK(snprintf(filter, sizeof(filter), "\"match_issuers\":[\"%s\",\"bm8=\"]", name) > 0);
	refuse(&scene, KC_ERR_PARAM, "certificate", filter, "no DER Name");
	CHECK(snprintf(filter, sizeof(filter), "\"match_issuers\":[\"%s\"]", name) > 0);
	CHECK_INT(COUNT(&scene, filter), 1);
	refuse(&scene, KC_ERR_UNIMPLEMENTED, "key", filter, "not for items of class key");
	scene_end(&scene);
}

/* --- dates and addresses ------------------------------------------------------------------- */

TEST(validity_includes_both_ends)
{
	static const struct {
		const char *date;
		size_t n;
	} dates[] = {
		{"2023-12-31T23:59:59Z", 0},	  {"2024-01-01T00:00:00Z", 1},
		{"2024-01-01T01:00:00+01:00", 1}, {"2025-12-31T23:59:59Z", 1},
		{"2026-01-01T00:00:00Z", 0},
	};
	struct scene scene = scene_begin();
	char filter[QUERY_BYTES];

	add(&scene, certificate("leaf", "midd"));
	for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
		CHECK(snprintf(filter, sizeof(filter), "\"match_valid_on_date\":\"%s\"",
			       dates[i].date) > 0);
		CHECK_INT(COUNT(&scene, filter), dates[i].n);
	}
	CHECK_INT(COUNT(&scene, "\"match_valid_on_date\":null"), 0);
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_valid_on_date\":5", "a date such as");
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_valid_on_date\":\"soon\"",
	       "a date such as");
	scene_end(&scene);
}

TEST(an_address_is_found_in_whatever_case)
{
	struct scene scene = scene_begin();
	struct engine_part part = certificate("mail", "midd");

	CHECK_OK(field_put(part.attributes, "email_addresses",
			   json_tokener_parse("[\"Jo@Example.org\",\"jo@work\"]")));
	add(&scene, part);
	add(&scene, certificate("none", "midd"));
	CHECK_INT(COUNT(&scene, "\"match_email_address_if_present\":\"jo@example.ORG\""), 1);
	CHECK_INT(COUNT(&scene, "\"match_email_address_if_present\":\"jo@work\""), 1);
	CHECK_INT(COUNT(&scene, "\"match_email_address_if_present\":\"jo@\""), 0);
	CHECK_INT(COUNT(&scene, "\"match_email_address_if_present\":\"\""), 0);
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_email_address_if_present\":5", "text");
	scene_end(&scene);
}

/* "others: ignored" */
TEST(filters_of_certificates_leave_passwords_alone)
{
	struct scene scene = scene_begin();

	scene_add(&scene, KC_OK, "{\"class\":\"generic_password\"}", NULL);
	CHECK_INT(count(&scene, "generic_password",
			"\"match_valid_on_date\":\"1970-01-01T00:00:00Z\","
			"\"match_trusted_only\":true,\"match_email_address_if_present\":\"a@b\""),
		  1);
	refuse(&scene, KC_ERR_PARAM, "generic_password", "\"match_valid_on_date\":5", "a date");
	refuse(&scene, KC_ERR_UNIMPLEMENTED, "generic_password",
	       "\"match_policy\":{\"name\":\"smime\"}", "not for items of class generic_password");
	refuse(&scene, KC_ERR_UNIMPLEMENTED, "key", "\"match_subject_contains\":\"a\"",
	       "not for items of class key");
	scene_end(&scene);
}

/* Neither does an application see them, nor can it claim them. */
TEST(what_only_filters_know_is_given_to_nobody)
{
	struct scene scene = scene_begin();
	struct engine_part part = certificate("mail", "midd");
	struct json_object *items = NULL;

	CHECK_OK(field_put(part.attributes, "email_addresses", json_tokener_parse("[\"a@b\"]")));
	add(&scene, part);
	items = scene_copy(&scene, KC_OK, "{\"class\":\"certificate\",\"return_attributes\":true}");
	CHECK(!strstr(json_object_to_json_string(items), "email"));
	CHECK(!strstr(json_object_to_json_string(items), "subject_summary"));
	field_free(&items);
	scene_copy(&scene, KC_ERR_NO_SUCH_ATTR,
		   "{\"class\":\"certificate\",\"email_addresses\":\"a@b\"}");
	scene_end(&scene);
}

/* --- hosts and lists ----------------------------------------------------------------------- */

TEST(a_host_has_subdomains)
{
	static const char *const servers[] = {"example.org", "www.example.org", "notexample.org",
					      "org"};
	struct scene scene = scene_begin();
	char item[QUERY_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		CHECK(snprintf(item, sizeof(item),
			       "{\"class\":\"internet_password\",\"server\":\"%s\"}",
			       servers[i]) > 0);
		scene_add(&scene, KC_OK, item, NULL);
	}
	CHECK_INT(count(&scene, "internet_password",
			"\"match_host_or_subdomain_of_host\":\"example.org\""),
		  2);
	CHECK_INT(count(&scene, "internet_password", "\"match_host_or_subdomain_of_host\":\"org\""),
		  4);
	CHECK_INT(count(&scene, "internet_password", "\"match_host_or_subdomain_of_host\":\"com\""),
		  0);
	refuse(&scene, KC_ERR_UNIMPLEMENTED, "generic_password",
	       "\"match_host_or_subdomain_of_host\":\"a\"", "not for items of class");
	refuse(&scene, KC_ERR_PARAM, "internet_password", "\"match_host_or_subdomain_of_host\":5",
	       "text");
	scene_end(&scene);
}

/* Apple's own LIMIT stands before the host (§2.3): here the filter does. */
TEST(the_limit_counts_what_passes)
{
	struct scene scene = scene_begin();
	struct json_object *items = NULL;

	scene_add(&scene, KC_OK, "{\"class\":\"internet_password\",\"server\":\"a.net\"}", NULL);
	scene_add(&scene, KC_OK, "{\"class\":\"internet_password\",\"server\":\"b.net\"}", NULL);
	scene_add(&scene, KC_OK, "{\"class\":\"internet_password\",\"server\":\"c.org\"}", NULL);
	items = scene_copy(&scene, KC_OK,
			   "{\"class\":\"internet_password\",\"return_attributes\":true,"
			   "\"match_host_or_subdomain_of_host\":\"org\"}");
	CHECK_INT(json_object_array_length(items), 1);
	field_free(&items);
	scene_end(&scene);
}

TEST(a_list_of_items_keeps_to_them)
{
	struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;
	char query[QUERY_BYTES];
	char *start = NULL;

	scene_add(&scene, KC_OK, "{\"class\":\"generic_password\",\"account\":\"a\"}", NULL);
	scene_add(&scene, KC_OK, "{\"class\":\"generic_password\",\"account\":\"b\"}", NULL);
	reference = scene_reference(&scene, "{\"class\":\"generic_password\",\"account\":\"a\"}");
	start = strchr(reference, ':') + 1;
	reference[strlen(reference) - 1] = '\0';
	CHECK(snprintf(query, sizeof(query), "\"match_item_list\":[%s]", start) > 0);
	CHECK_INT(count(&scene, "generic_password", query), 1);
	CHECK(snprintf(query, sizeof(query), "\"account\":\"b\",\"match_item_list\":[%s]", start) >
	      0);
	CHECK_INT(count(&scene, "generic_password", query), 0);
	refuse(&scene, KC_ERR_PARAM, "generic_password", "\"match_item_list\":[]", "an array");
	refuse(&scene, KC_ERR_PARAM, "generic_password", "\"match_item_list\":[\"YWJj\"]", "");
	refuse(&scene, KC_ERR_UNIMPLEMENTED, "generic_password", "\"match_search_list\":[]",
	       "there is one keychain");
	scene_end(&scene);
}

/* --- subjects ------------------------------------------------------------------------------ */

TEST(a_subject_is_matched_as_a_person_reads_it)
{
	static const struct {
		const char *filter;
		size_t n;
	} rows[] = {
		{"\"match_subject_contains\":\"Doé\"", 1},
		{"\"match_subject_contains\":\"O=Exa\"", 1},
		{"\"match_subject_contains\":\"doé\"", 0},
		{"\"match_subject_contains\":\"\"", 1},
		{"\"match_subject_contains\":\"doé\",\"match_case_insensitive\":true", 1},
		{"\"match_subject_contains\":\"doe\",\"match_case_insensitive\":true", 0},
		{"\"match_subject_contains\":\"DOE\",\"match_case_insensitive\":true,"
		 "\"match_diacritic_insensitive\":true",
		 1},
		{"\"match_subject_contains\":\"Ｄｏé\",\"match_width_insensitive\":true", 1},
		{"\"match_subject_contains\":\"Ｄｏé\",\"match_width_insensitive\":false", 0},
		{"\"match_subject_starts_with\":\"Jo\"", 1},
		{"\"match_subject_starts_with\":\"CN=Jo\"", 1},
		{"\"match_subject_starts_with\":\"Do\"", 0},
		{"\"match_subject_ends_with\":\"Doé\"", 1},
		{"\"match_subject_ends_with\":\"Example\"", 1},
		{"\"match_subject_ends_with\":\"Jo\"", 0},
		{"\"match_subject_whole_string\":\"Jo Doé\"", 1},
		{"\"match_subject_whole_string\":\"Jo\"", 0},
		{"\"match_subject_starts_with\":\"Jo\",\"match_subject_ends_with\":\"x\"", 0},
	};
	struct scene scene = scene_begin();
	struct engine_part part = certificate("name", "midd");

	json_object_object_del(part.attributes, "subject_summary");
	CHECK_OK(field_put_text(part.attributes, "subject_summary", "Jo Doé"));
	CHECK_OK(field_put_text(part.attributes, "subject_text", "CN=Jo Doé, O=Example"));
	add(&scene, part);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_INT(COUNT(&scene, rows[i].filter), rows[i].n);
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_subject_contains\":5", "text");
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_case_insensitive\":\"yes\"",
	       "true or false");
	scene_end(&scene);
}

/* --- verdicts ------------------------------------------------------------------------------ */

/* SHA-256 of "DER:leaf" in base64. */
#define LEAF_HASH "e3DnSRqQOkUBuU7wHukCl5iCrrucOswRTg0Udw4EKg8="

static enum kc_status ask_policy(struct scene *scene, const char *verdicts, size_t *ret_n)
{
	CLEANUP(field_free)
	struct json_object *query = json_tokener_parse(
		"{\"class\":\"certificate\",\"match_policy\":[{\"name\":\"ssl_server\"}],"
		"\"match_limit\":\"all\",\"return_attributes\":true}");
	CLEANUP(field_free) struct json_object *items = NULL;
	CLEANUP(field_free)
	struct json_object *proof = verdicts ? json_tokener_parse(verdicts) : NULL;
	enum kc_status status = KC_OK;

	engine_need_done(&scene->request.need);
	scene->request.need = (struct engine_need){.label = ""};
	scene->request.proof.verdicts = proof;
	error_clear();
	status = engine_copy_matching(scene->engine, &scene->request, query, &items);
	scene->request.proof.verdicts = NULL;
	*ret_n = items ? json_object_array_length(items) : 0;
	return status;
}

TEST(a_certificate_is_judged_before_it_passes)
{
	struct scene scene = scene_begin();
	struct json_object *needed = NULL;
	size_t n = 0;

	add(&scene, certificate("leaf", "midd"));
	CHECK_STATUS(ask_policy(&scene, NULL, &n), KC_ERR_AUTHENTICATION_NEEDED);
	needed = scene.request.need.certificates;
	CHECK_INT(json_object_array_length(needed), 1);
	CHECK_TEXT(json_object_get_string(json_object_array_get_idx(needed, 0)), "REVSOmxlYWY=");
	CHECK_OK(ask_policy(&scene, "{\"" LEAF_HASH "\":true}", &n));
	CHECK_INT(n, 1);
	CHECK(!scene.request.need.certificates);
	CHECK_STATUS(ask_policy(&scene, "{\"" LEAF_HASH "\":false}", &n), KC_ERR_ITEM_NOT_FOUND);
	/* One is known, one is not: the answer waits for both. */
	add(&scene, certificate("twin", "midd"));
	CHECK_STATUS(ask_policy(&scene, "{\"" LEAF_HASH "\":true}", &n),
		     KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(json_object_array_length(scene.request.need.certificates), 1);
	engine_need_done(&scene.request.need);
	scene.request.need = (struct engine_need){.label = ""};
	scene_end(&scene);
}

TEST(a_policy_that_is_none_is_refused)
{
	static const char *const wrong[] = {"5",
					    "[]",
					    "{}",
					    "{\"name\":\"no such\"}",
					    "{\"name\":5}",
					    "{\"name\":\"smime\",\"hots\":\"x\"}",
					    "[{\"name\":\"smime\"},{\"name\":\"smime\"}]"};
	struct scene scene = scene_begin();
	char filter[QUERY_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CHECK(snprintf(filter, sizeof(filter), "\"match_policy\":%s", wrong[i]) > 0);
		refuse(&scene, KC_ERR_PARAM, "certificate", filter, "policy");
	}
	refuse(&scene, KC_ERR_PARAM, "certificate", "\"match_trusted_only\":\"yes\"",
	       "true or false");
	CHECK_INT(COUNT(&scene, "\"match_trusted_only\":true"), 0);
	scene_end(&scene);
}
