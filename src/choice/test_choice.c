/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who fits what, why others do not, and that the order is one whatever comes first. Facts are
 * written here as keycask-x509 gives them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "choice/chain.h"
#include "choice/host.h"
#include "choice/judge.h"
#include "choice/shortlist.h"
#include "codec/date.h"
#include "harness/test.h"

#define NOW "2026-06-15T12:00:00Z"

/* --- hosts --------------------------------------------------------------------------------- */

TEST(choice_matches_hosts_as_rfc_6125_has_it)
{
	static const struct {
		const char *host;
		const char *pattern;
		bool matches;
	} rows[] = {
		{"www.example.org", "www.example.org", true},
		{"WWW.Example.ORG", "www.eXample.org", true},
		{"www.example.org.", "www.example.org", true},
		{"www.example.org", "www.example.org.", true},
		{"example.org", "www.example.org", false},
		{"www.example.org", "example.org", false},
		{"www.example.org", "*.example.org", true},
		{"example.org", "*.example.org", false},
		{"a.b.example.org", "*.example.org", false},
		{"www.example.org", "*.*.org", false},
		{"www.example.org", "w*.example.org", false},
		{"www.example.org", "*w.example.org", false},
		{"www.example.org", "www.*.org", false},
		{"example.org", "*.org", false},
		{"example.org", "*", false},
		{"localhost", "localhost", true},
		{"localhost", "*", false},
		{"*.example.org", "*.example.org", false},
		{"", "", false},
		{"", "*.example.org", false},
		{".example.org", "*.example.org", false},
		{"www..org", "www..org", false},
		{"-a.example.org", "-a.example.org", false},
		{"_dmarc.example.org", "_dmarc.example.org", true},
		{"192.0.2.1", "192.0.2.1", false},
		{"192.0.2.1", "*.0.2.1", false},
		{"192.0.2.1.", "192.0.2.1", false},
		{"www.1", "www.1", false},
		{"1.example", "1.example", true},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK(host_matches_name(rows[i].host, rows[i].pattern) == rows[i].matches);
}

TEST(choice_matches_addresses_however_written)
{
	CHECK(host_matches_address("192.0.2.1", "192.0.2.1"));
	CHECK(!host_matches_address("192.0.2.1", "192.0.2.2"));
	CHECK(host_matches_address("2001:DB8:0:0::1", "2001:db8::1"));
	CHECK(!host_matches_address("::ffff:192.0.2.1", "192.0.2.1"));
	CHECK(!host_matches_address("www.example.org", "www.example.org"));
	CHECK(!host_matches_address("", ""));
}

TEST(choice_knows_what_a_host_is)
{
	char longest[400];

	CHECK(host_is_one("www.example.org"));
	CHECK(host_is_one("localhost"));
	CHECK(host_is_one("192.0.2.1"));
	CHECK(host_is_one("::1"));
	CHECK(!host_is_one(""));
	CHECK(!host_is_one("."));
	CHECK(!host_is_one("a b"));
	CHECK(!host_is_one("https://example.org"));
	CHECK(!host_is_one("example.org:443"));
	CHECK(!host_is_one("*.example.org"));
	memset(longest, 'a', sizeof(longest));
	longest[64] = '\0';
	CHECK(!host_is_one(longest));
	longest[63] = '\0';
	CHECK(host_is_one(longest));
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = i % 2 ? '.' : 'a';
	longest[253] = '\0';
	CHECK(host_is_one(longest));
	longest[253] = '.';
	longest[254] = 'a';
	longest[255] = '\0';
	CHECK(!host_is_one(longest));
}

TEST(choice_shares_domains_with_two_labels)
{
	CHECK(host_shares_domain("www.example.org", "jo@example.org"));
	CHECK(host_shares_domain("www.example.org", "jo@mail.Example.org"));
	CHECK(host_shares_domain("www.example.org", "*.example.org"));
	CHECK(!host_shares_domain("www.example.org", "jo@example.com"));
	CHECK(!host_shares_domain("localhost", "jo@localhost"));
	CHECK(!host_shares_domain("192.0.2.1", "jo@192.0.2.1"));
	CHECK(!host_shares_domain("www.example.org", "jo@"));
	CHECK(!host_shares_domain("&www.example.org", "*.example.org"));
}

/* --- the judgement ------------------------------------------------------------------------- */

static struct json_object *parse(const char *json)
{
	struct json_object *object = json_tokener_parse(json);

	CHECK(object);
	return object;
}

/* Facts of an ordinary certificate of a year, with @more fields that count instead. */
static struct json_object *make_facts(const char *more)
{
	struct json_object *facts =
		parse("{\"subject\": \"leaf\", \"issuer\": \"ca\", \"is_ca\": false,"
		      "\"not_valid_before\": \"2026-01-01T00:00:00Z\","
		      "\"not_valid_after\": \"2026-12-31T23:59:59Z\","
		      "\"has_key_usage\": false, \"has_extended_key_usage\": false,"
		      "\"key_usage\": [], \"extended_key_usage\": [], \"dns_names\": [],"
		      "\"ip_addresses\": [], \"email_addresses\": [], \"principal_names\": []}");
	CLEANUP(field_free) struct json_object *others = parse(more);

	json_object_object_foreach(others, name, value)
	{
		CHECK_OK(field_put(facts, name, json_object_get(value)));
	}
	return facts;
}

static struct wish make_wish(const char *purpose)
{
	struct wish wish = {.purpose = purpose_find(purpose)};

	CHECK(wish.purpose);
	CHECK_OK(date_parse(NOW, &wish.now_us));
	return wish;
}

static struct candidate make_candidate(struct json_object *facts)
{
	return (struct candidate){.facts = facts,
				  .key_type = "ec",
				  .key_size_in_bits = 256,
				  .has_ability = true,
				  .has_algorithm = true};
}

/* @codes: what is said, "" for a fit one. */
static void check_judged(const struct wish *wish, const struct candidate *candidate,
			 const char *codes, const char *in_reasons)
{
	CLEANUP(judge_done) struct verdict verdict = {NULL, NULL};
	const char *said = NULL;

	error_clear();
	CHECK_OK(judge_candidate(wish, candidate, &verdict));
	CHECK_TEXT(json_object_to_json_string_ext(verdict.codes, JSON_C_TO_STRING_PLAIN), codes);
	CHECK(judge_is_fit(&verdict) == (strcmp(codes, "[]") == 0));
	CHECK_INT(json_object_array_length(verdict.codes),
		  json_object_array_length(verdict.reasons));
	said = json_object_to_json_string_ext(verdict.reasons, JSON_C_TO_STRING_PLAIN);
	if (!strstr(said, in_reasons))
		CHECK_TEXT(said, in_reasons);
}

struct case_row {
	const char *purpose;
	const char *facts;
	const char *codes;
	const char *in_reasons;
};

#define KU(list)  "\"has_key_usage\": true, \"key_usage\": [" list "]"
#define EKU(list) "\"has_extended_key_usage\": true, \"extended_key_usage\": [" list "]"

TEST(choice_judges_by_usage_and_dates)
{
	static const struct case_row rows[] = {
		/* Without extensions anything goes. */
		{"tls_client", "{}", "[]", ""},
		{"tls_server", "{}", "[]", ""},
		{"ssh", "{}", "[]", ""},
		{"sign", "{}", "[]", ""},
		{"decrypt", "{}", "[]", ""},
		{"login", "{}", "[]", ""},
		/* Key usage, RFC 5280 4.2.1.3. */
		{"tls_client", "{" KU("\"digital_signature\"") "}", "[]", ""},
		{"tls_client", "{" KU("\"key_encipherment\"") "}", "[\"key_usage\"]",
		 "its key usage is key_encipherment, not digital_signature"},
		{"tls_client", "{" KU("") "}", "[\"key_usage\"]", "nothing known"},
		{"sign", "{" KU("\"non_repudiation\"") "}", "[]", ""},
		{"login", "{" KU("\"non_repudiation\"") "}", "[\"key_usage\"]", ""},
		{"ssh", "{" KU("\"key_agreement\"") "}", "[\"key_usage\"]", ""},
		/* make_candidate() has an EC key. */
		{"decrypt", "{" KU("\"key_agreement\"") "}", "[]", ""},
		{"decrypt", "{" KU("\"key_encipherment\"") "}", "[\"key_usage\"]",
		 "not key_agreement"},
		/* Extended key usage, RFC 5280 4.2.1.12. */
		{"tls_client", "{" EKU("\"client_auth\"") "}", "[]", ""},
		{"tls_client", "{" EKU("\"server_auth\",\"client_auth\"") "}", "[]", ""},
		{"tls_client", "{" EKU("\"any\"") "}", "[]", ""},
		{"tls_client", "{" EKU("\"server_auth\"") "}", "[\"extended_key_usage\"]",
		 "its extended key usage is server_auth, not client_auth"},
		{"tls_client", "{" EKU("") "}", "[\"extended_key_usage\"]", ""},
		{"tls_server", "{" EKU("\"client_auth\"") "}", "[\"extended_key_usage\"]", ""},
		{"tls_server", "{" EKU("\"server_auth\"") "}", "[]", ""},
		{"ssh", "{" EKU("\"ssh_client\"") "}", "[]", ""},
		{"ssh", "{" EKU("\"client_auth\"") "}", "[]", ""},
		{"ssh", "{" EKU("\"ssh_server\"") "}", "[\"extended_key_usage\"]", ""},
		{"sign", "{" EKU("\"email_protection\"") "}", "[]", ""},
		{"sign", "{" EKU("\"1.3.6.1.5.5.7.3.36\"") "}", "[]", ""},
		{"sign", "{" EKU("\"1.3.6.1.4.1.311.10.3.4\"") "}", "[\"extended_key_usage\"]",
		 "its extended key usage is Microsoft's file encryption, not document signing or "
		 "Microsoft's document signing or Adobe's document signing or email_protection"},
		{"sign", "{" EKU("\"1.3.6.1.4.1.311.10.3.12\"") "}", "[]", ""},
		{"sign", "{" EKU("\"client_auth\"") "}", "[\"extended_key_usage\"]", ""},
		{"decrypt", "{" EKU("\"email_protection\"") "}", "[]", ""},
		{"login", "{" EKU("\"smartcard_login\"") "}", "[]", ""},
		{"login", "{" EKU("\"pkinit_client_auth\"") "}", "[]", ""},
		{"login", "{" EKU("\"client_auth\"") "}", "[]", ""},
		{"login", "{" EKU("\"email_protection\"") "}", "[\"extended_key_usage\"]", ""},
		/* Both ends of its time are in it. */
		{"sign", "{\"not_valid_after\": \"2026-06-15T11:59:59Z\"}", "[\"expired\"]",
		 "it expired on 2026-06-15"},
		{"sign", "{\"not_valid_after\": \"" NOW "\"}", "[]", ""},
		{"sign", "{\"not_valid_before\": \"" NOW "\"}", "[]", ""},
		{"sign", "{\"not_valid_before\": \"2026-06-15T12:00:01Z\"}", "[\"not_yet_valid\"]",
		 "it is not valid before 2026-06-15"},
		/* All that is said, not only the first. */
		{"tls_client",
		 "{\"not_valid_after\": \"2020-02-29T00:00:00Z\"," KU("\"crl_sign\"") "," EKU(
			 "\"1.2.3\"") "}",
		 "[\"expired\",\"key_usage\",\"extended_key_usage\"]", "2020-02-29"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(field_free) struct json_object *facts = make_facts(rows[i].facts);
		struct wish wish = make_wish(rows[i].purpose);
		struct candidate candidate = make_candidate(facts);

		check_judged(&wish, &candidate, rows[i].codes, rows[i].in_reasons);
	}
}

/* RSA transports keys: what is right for EC is wrong for it. */
TEST(choice_judges_decryption_by_the_kind_of_key)
{
	static const struct case_row rows[] = {
		{"rsa", "{" KU("\"key_encipherment\"") "}", "[]", ""},
		{"rsa", "{" KU("\"data_encipherment\"") "}", "[]", ""},
		{"rsa", "{" KU("\"key_agreement\"") "}", "[\"key_usage\"]", ""},
		{"x25519", "{" KU("\"key_agreement\"") "}", "[]", ""},
		{"some_day", "{" KU("\"key_agreement\"") "}", "[]", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(field_free) struct json_object *facts = make_facts(rows[i].facts);
		struct wish wish = make_wish("decrypt");
		struct candidate candidate = make_candidate(facts);

		candidate.key_type = rows[i].purpose;
		check_judged(&wish, &candidate, rows[i].codes, rows[i].in_reasons);
	}
}

TEST(choice_judges_servers_by_their_names)
{
	static const struct {
		const char *purpose;
		const char *host;
		const char *codes;
		const char *in_reasons;
	} rows[] = {
		{"tls_server", NULL, "[]", ""},
		{"tls_server", "www.example.org", "[]", ""},
		{"tls_server", "any.example.com", "[]", ""},
		{"tls_server", "192.0.2.1", "[]", ""},
		{"tls_server", "example.net", "[\"host\"]",
		 "it is for www.example.org, *.example.com, not for example.net"},
		{"tls_client", "example.net", "[]", ""},
		{"login", "example.net", "[]", ""},
	};
	CLEANUP(field_free)
	struct json_object *facts =
		make_facts("{\"dns_names\": [\"www.example.org\", \"*.example.com\"],"
			   "\"ip_addresses\": [\"192.0.2.1\"]}");
	struct candidate candidate = make_candidate(facts);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wish wish = make_wish(rows[i].purpose);

		wish.host = rows[i].host;
		check_judged(&wish, &candidate, rows[i].codes, rows[i].in_reasons);
	}
}

TEST(choice_counts_no_common_name_as_host)
{
	CLEANUP(field_free)
	struct json_object *facts = make_facts("{\"subject_text\": \"CN=www.example.org\"}");
	struct candidate candidate = make_candidate(facts);
	struct wish wish = make_wish("tls_server");

	wish.host = "www.example.org";
	check_judged(&wish, &candidate, "[\"host\"]", "it names no host");
}

TEST(choice_judges_keys_and_issuers)
{
	CLEANUP(field_free) struct json_object *facts = make_facts("{}");
	CLEANUP(field_free) struct json_object *types = parse("[\"rsa\", \"ed25519\"]");
	struct candidate candidate = make_candidate(facts);
	struct wish wish = make_wish("sign");

	candidate.issuer_depth = -1;
	check_judged(&wish, &candidate, "[\"issuer\"]", "neither its issuer nor");
	candidate.issuer_depth = 0;
	candidate.has_algorithm = false;
	check_judged(&wish, &candidate, "[\"no_algorithm\"]", "that are known here");
	wish.wants_algorithm = true;
	check_judged(&wish, &candidate, "[\"no_algorithm\"]", "that are wanted");
	candidate.has_ability = false;
	check_judged(&wish, &candidate, "[\"no_algorithm\"]", "its key does not sign");
	wish = make_wish("decrypt");
	check_judged(&wish, &candidate, "[\"no_algorithm\"]", "its key does not decrypt");
	wish.key_types = types;
	check_judged(&wish, &candidate, "[\"key_type\",\"no_algorithm\"]", "its key is of type ec");
	candidate.key_type = "rsa";
	candidate.has_ability = true;
	candidate.has_algorithm = true;
	check_judged(&wish, &candidate, "[]", "");
}

/* Long lists and names are cut, and never in a way that could not be sent. */
TEST(choice_keeps_reasons_short)
{
	CLEANUP(bytes_done) struct bytes more = BYTES_INIT(1024 * 1024);
	CLEANUP(field_free) struct json_object *facts = NULL;
	CLEANUP(judge_done) struct verdict verdict = {NULL, NULL};
	struct wish wish = make_wish("tls_server");
	struct candidate candidate;

	CHECK_OK(bytes_append(&more, view_of_text("{\"dns_names\": [\"")));
	for (int i = 0; i < 5000; i++)
		CHECK_OK(bytes_append_byte(&more, i % 200 ? 'x' : '.'));
	CHECK_OK(bytes_append(&more, view_of_text("\", \"b\", \"c\", \"d\", \"e\"]}")));
	CHECK_OK(bytes_append_byte(&more, '\0'));
	facts = make_facts((const char *)more.data);
	candidate = make_candidate(facts);
	wish.host = "example.org";
	CHECK_OK(judge_candidate(&wish, &candidate, &verdict));
	CHECK(strlen(json_object_get_string(json_object_array_get_idx(verdict.reasons, 0))) < 1024);
}

TEST(choice_puts_what_nearly_fits_before_what_does_not)
{
	static const char *const nearest_first[] = {
		"{\"not_valid_after\": \"2020-01-01T00:00:00Z\"}",
		"{" EKU("\"server_auth\"") "}",
		"{" KU("\"crl_sign\"") "}",
		"{" EKU("\"server_auth\"") ", \"not_valid_after\": \"2020-01-01T00:00:00Z\"}",
		"{" EKU("\"server_auth\"") "," KU("\"crl_sign\"") "}",
	};
	struct wish wish = make_wish("tls_client");
	int64_t before = -1;

	for (size_t i = 0; i < ARRAY_LEN(nearest_first); i++) {
		CLEANUP(field_free) struct json_object *facts = make_facts(nearest_first[i]);
		CLEANUP(judge_done) struct verdict verdict = {NULL, NULL};
		struct candidate candidate = make_candidate(facts);

		CHECK_OK(judge_candidate(&wish, &candidate, &verdict));
		CHECK(judge_distance(&verdict) > before);
		before = judge_distance(&verdict);
	}
}

TEST(choice_knows_its_purposes)
{
	const struct purpose *purpose = NULL;

	for (size_t i = 0; i < purpose_count(); i++) {
		CHECK_OK(purpose_get(purpose_at(i)->name, &purpose));
		CHECK(purpose == purpose_at(i));
	}
	error_clear();
	CHECK_STATUS(purpose_get("tls-client", &purpose), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message,
		   "there is no purpose \"tls-client\": it is \"tls_client\", \"tls_server\", "
		   "\"ssh\", \"sign\", \"decrypt\" or \"login\"");
	CHECK_TEXT(error_get()->hint, "did you mean \"tls_client\"?");
	error_clear();
	CHECK_STATUS(purpose_get(NULL, &purpose), KC_ERR_PARAM);
}

/* --- chains -------------------------------------------------------------------------------- */

/* leaf ← ca ← root; and "other", which has signed ca as well. */
static const char pool_text[] =
	"{\"ca\": ["
	" {\"certificate\": \"CA-OLD\", \"facts\": {\"subject\": \"ca\", \"issuer\": \"root\","
	"  \"is_ca\": true, \"not_valid_before\": \"2020-01-01T00:00:00Z\","
	"  \"not_valid_after\": \"2021-01-01T00:00:00Z\"}},"
	" {\"certificate\": \"CA-BY-ROOT\", \"facts\": {\"subject\": \"ca\", \"issuer\": \"root\","
	"  \"is_ca\": true, \"subject_key_id\": \"K1\","
	"  \"not_valid_before\": \"2026-01-01T00:00:00Z\","
	"  \"not_valid_after\": \"2030-01-01T00:00:00Z\"}},"
	" {\"certificate\": \"CA-BY-OTHER\", \"facts\": {\"subject\": \"ca\", \"issuer\": "
	"\"other\","
	"  \"is_ca\": true, \"subject_key_id\": \"K1\","
	"  \"not_valid_before\": \"2026-01-01T00:00:00Z\","
	"  \"not_valid_after\": \"2029-01-01T00:00:00Z\"}},"
	" {\"certificate\": \"NO-CA\", \"facts\": {\"subject\": \"ca\", \"issuer\": \"nobody\","
	"  \"is_ca\": false, \"not_valid_before\": \"2026-01-01T00:00:00Z\","
	"  \"not_valid_after\": \"2039-01-01T00:00:00Z\"}},"
	" {\"certificate\": \"OTHER-KEY\", \"facts\": {\"subject\": \"ca\", \"issuer\": \"wrong\","
	"  \"is_ca\": true, \"subject_key_id\": \"K2\","
	"  \"not_valid_before\": \"2026-01-01T00:00:00Z\","
	"  \"not_valid_after\": \"2040-01-01T00:00:00Z\"}}],"
	" \"other\": [{\"certificate\": \"OTHER\", \"facts\": {\"subject\": \"other\","
	"  \"issuer\": \"ca\", \"is_ca\": true, \"authority_key_id\": \"K1\","
	"  \"not_valid_before\": \"2026-01-01T00:00:00Z\","
	"  \"not_valid_after\": \"2029-01-01T00:00:00Z\"}}],"
	" \"root\": [{\"certificate\": \"ROOT\", \"facts\": {\"subject\": \"root\","
	"  \"issuer\": \"root\", \"is_ca\": true, \"is_self_signed\": true,"
	"  \"not_valid_before\": \"2026-01-01T00:00:00Z\","
	"  \"not_valid_after\": \"2040-01-01T00:00:00Z\"}}]}";

/* @certificates NULL: no chain leads to @issuers. */
static void check_chain(const char *issuers, const char *certificates, int depth)
{
	CLEANUP(field_free)
	struct json_object *facts = make_facts("{\"authority_key_id\": \"K1\"}");
	CLEANUP(field_free) struct json_object *pool = parse(pool_text);
	CLEANUP(field_free) struct json_object *wanted = parse(issuers);
	CLEANUP(chain_done) struct chain chain = {.certificates = NULL};
	struct wish wish = make_wish("tls_client");
	const char *missing = NULL;

	wish.issuers = wanted;
	CHECK_OK(chain_find(&wish, facts, pool, &chain, &missing));
	CHECK(!missing);
	CHECK(chain.has_issuer == (certificates != NULL));
	if (!certificates)
		return;
	CHECK_INT(chain.depth, depth);
	CHECK_TEXT(json_object_to_json_string_ext(chain.certificates, JSON_C_TO_STRING_PLAIN),
		   certificates);
}

TEST(choice_finds_chains)
{
	check_chain("[]", "[\"CA-BY-ROOT\"]", 0);
	check_chain("[\"ca\"]", "[\"CA-BY-ROOT\"]", 0);
	check_chain("[\"root\"]", "[\"CA-BY-ROOT\"]", 1);
	check_chain("[\"other\"]", "[\"CA-BY-OTHER\",\"OTHER\",\"CA-BY-ROOT\"]", 1);
	check_chain("[\"root\",\"ca\"]", "[\"CA-BY-ROOT\"]", 0);
	check_chain("[\"nobody\"]", NULL, 0);
	check_chain("[\"wrong\"]", NULL, 0);
	check_chain("[\"leaf\"]", NULL, 0);
}

TEST(choice_says_which_issuer_it_has_to_know)
{
	CLEANUP(field_free) struct json_object *facts = make_facts("{}");
	CLEANUP(field_free) struct json_object *pool = parse("{}");
	CLEANUP(chain_done) struct chain chain = {.certificates = NULL};
	struct wish wish = make_wish("tls_client");
	const char *missing = NULL;

	CHECK_OK(chain_find(&wish, facts, pool, &chain, &missing));
	CHECK_TEXT(missing, "ca");
	CHECK(!chain.certificates);
	CHECK_OK(field_put(pool, "ca", json_object_new_array()));
	CHECK_OK(chain_find(&wish, facts, pool, &chain, &missing));
	CHECK(!missing && chain.has_issuer);
	CHECK_INT(json_object_array_length(chain.certificates), 0);
}

static void add_issuer(struct json_object *entries, const char *der, const char *issuer)
{
	struct json_object *entry = NULL;
	struct json_object *facts = make_facts("{\"is_ca\": true}");

	CHECK_OK(field_put_text(facts, "issuer", issuer));
	CHECK_OK(field_new_object(&entry));
	CHECK_OK(field_put_text(entry, "certificate", der));
	CHECK_OK(field_put(entry, "facts", facts));
	CHECK_OK(field_append(entries, entry));
}

/* Every name has signed every name; and a way of more than ten. Both end. */
TEST(choice_ends_where_everybody_signs_everybody)
{
	CLEANUP(field_free) struct json_object *facts = make_facts("{\"issuer\": \"n0\"}");
	CLEANUP(field_free) struct json_object *pool = parse("{}");
	CLEANUP(field_free) struct json_object *wanted = parse("[\"nobody\"]");
	CLEANUP(field_free) struct json_object *any = parse("[]");
	CLEANUP(chain_done) struct chain chain = {.certificates = NULL};
	struct wish wish = make_wish("tls_client");
	const char *missing = NULL;

	for (int i = 0; i < 30; i++) {
		struct json_object *entries = json_object_new_array();
		char name[16];

		for (int j = 0; j < 30; j++) {
			char der[32];
			char issuer[16];

			(void)snprintf(der, sizeof(der), "%d-by-%d", i, j);
			(void)snprintf(issuer, sizeof(issuer), "n%d", j);
			add_issuer(entries, der, issuer);
		}
		(void)snprintf(name, sizeof(name), "n%d", i);
		CHECK_OK(field_put(pool, name, entries));
	}
	wish.issuers = wanted;
	CHECK_OK(chain_find(&wish, facts, pool, &chain, &missing));
	CHECK(!missing && !chain.has_issuer);
	chain_done(&chain);
	wish.issuers = any;
	CHECK_OK(chain_find(&wish, facts, pool, &chain, &missing));
	CHECK_INT(json_object_array_length(chain.certificates), CHAIN_DEPTH_MAX);
}

/* --- the order ----------------------------------------------------------------------------- */

struct ordered {
	const char *facts;
	const char *key_type;
	unsigned bits;
	bool is_on_token;
	bool needs_pin;
	int issuer_depth;
};

static struct order_rank rank_of(const struct wish *wish, const struct ordered *row)
{
	CLEANUP(field_free) struct json_object *facts = make_facts(row->facts);
	struct candidate candidate = make_candidate(facts);
	struct order_rank rank;

	candidate.key_type = row->key_type ? row->key_type : "ec";
	candidate.key_size_in_bits = row->bits ? row->bits : 256;
	candidate.is_on_token = row->is_on_token;
	candidate.needs_pin = row->needs_pin;
	candidate.issuer_depth = row->issuer_depth;
	CHECK_OK(order_rank_of(wish, &candidate, &rank));
	return rank;
}

/* @rows from the best to the worst. */
static void check_order(const struct wish *wish, const struct ordered *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			struct order_rank a = rank_of(wish, &rows[i]);
			struct order_rank b = rank_of(wish, &rows[j]);
			int order = order_compare(&a, &b);

			if ((i < j) != (order < 0) || (i == j) != (order == 0))
				CHECK_INT((long)i, (long)j);
		}
	}
}

TEST(choice_orders_tls_clients)
{
	static const struct ordered rows[] = {
		{.facts =
			 "{" EKU("\"client_auth\"") ", \"email_addresses\": [\"jo@example.org\"]}"},
		{.facts = "{" EKU(
			 "\"client_auth\"") ", \"is_ca\": false,"
					    "\"not_valid_after\": \"2027-12-31T00:00:00Z\"}"},
		{.facts = "{" EKU("\"client_auth\"") "}", .key_type = "rsa", .bits = 4096},
		{.facts = "{" EKU("\"client_auth\"") "}", .key_type = "ec", .bits = 256},
		{.facts = "{" EKU("\"client_auth\"") "}", .key_type = "rsa", .bits = 2048},
		{.facts = "{" EKU("\"client_auth\"") "," KU("\"digital_signature\","
							    "\"non_repudiation\"") "}"},
		{.facts = "{" EKU("\"client_auth\"") ", \"is_ca\": true}"},
		{.facts = "{" EKU("\"client_auth\"") "}", .is_on_token = true},
		{.facts = "{" EKU("\"client_auth\"") "}", .issuer_depth = 1},
		{.facts = "{" EKU("\"client_auth\"") "}", .issuer_depth = 2},
		{.facts = "{" EKU("\"any\"") "}"},
	};
	struct wish wish = make_wish("tls_client");

	wish.host = "www.example.org";
	check_order(&wish, rows, ARRAY_LEN(rows));
}

TEST(choice_orders_servers_by_name)
{
	static const struct ordered rows[] = {
		{.facts = "{\"dns_names\": [\"www.example.org\"]}"},
		{.facts = "{\"dns_names\": [\"*.example.org\"],"
			  "\"not_valid_after\": \"2030-01-01T00:00:00Z\"}"},
	};
	struct wish wish = make_wish("tls_server");

	wish.host = "www.example.org";
	check_order(&wish, rows, ARRAY_LEN(rows));
}

/* Hardware first, but what lies in it without a PIN last; made for it before what will do. */
TEST(choice_orders_logins)
{
	static const struct ordered rows[] = {
		{.facts = "{" EKU("\"smartcard_login\"") "}",
		 .is_on_token = true,
		 .needs_pin = true},
		{.facts = "{" EKU("\"pkinit_client_auth\"") "}"},
		{.facts = "{" EKU("\"smartcard_login\"") "}", .is_on_token = true},
		{.facts = "{" EKU("\"client_auth\"") "}", .is_on_token = true, .needs_pin = true},
		{.facts = "{" EKU("\"client_auth\"") "}"},
		{.facts = "{}", .is_on_token = true, .needs_pin = true},
		{.facts = "{}"},
		{.facts = "{}", .is_on_token = true},
	};
	struct wish wish = make_wish("login");

	check_order(&wish, rows, ARRAY_LEN(rows));
}

TEST(choice_orders_signers_by_consent)
{
	static const struct ordered rows[] = {
		{.facts = "{" KU("\"digital_signature\",\"non_repudiation\"") "}"},
		{.facts = "{" KU("\"digital_signature\"") "}", .key_type = "ec", .bits = 521},
		{.facts = "{" KU("\"digital_signature\"") "}"},
		{.facts = "{}", .key_type = "some_day", .bits = 0},
	};
	struct wish wish = make_wish("sign");

	check_order(&wish, rows, 3);
}

/* --- the shortlist: what it keeps does not depend on what comes when ------------------------- */

static uint32_t seed;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

struct sample {
	struct order_rank rank;
	uint8_t reference[4];
	size_t size;
};

static void shuffle(struct sample *samples, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = next_random() % i;
		struct sample other = samples[i - 1];

		samples[i - 1] = samples[j];
		samples[j] = other;
	}
}

/* What is kept, as text. The caller's to free(). */
static char *keep_best(const struct sample *samples, size_t n, size_t bytes_max)
{
	CLEANUP(shortlist_done) struct shortlist shortlist = SHORTLIST_INIT(bytes_max);
	CLEANUP(field_free) struct json_object *values = NULL;
	size_t n_kept = 0;

	for (size_t i = 0; i < n; i++) {
		CLEANUP(bytes_done) struct bytes text = BYTES_INIT(4096);

		CHECK_OK(bytes_append_byte(&text, (uint8_t)('a' + samples[i].reference[1] % 26)));
		for (size_t j = 0; j < samples[i].size; j++)
			CHECK_OK(bytes_append_byte(&text,
						   (uint8_t)('a' + samples[i].reference[0] % 26)));
		CHECK_OK(shortlist_add(
			&shortlist, &samples[i].rank, VIEW_OF(samples[i].reference),
			json_object_new_string_len((const char *)text.data, (int)text.len)));
	}
	n_kept = shortlist.n_entries;
	CHECK_INT(n_kept + shortlist.n_dropped, n);
	CHECK_OK(shortlist_take(&shortlist, &values));
	CHECK_INT(json_object_array_length(values), n_kept);
	return strdup(json_object_to_json_string(values));
}

TEST(choice_keeps_the_best_in_whatever_order_they_come)
{
	enum {
		SAMPLES = 200,
	};
	static struct sample samples[SAMPLES];

	for (seed = 1; seed < 4000000000U; seed += 200000000U) {
		uint32_t begin = seed;
		size_t bytes_max = 100 + next_random() % 20000;
		size_t n = 1 + next_random() % SAMPLES;
		CLEANUP(freep) char *kept = NULL;

		for (size_t i = 0; i < n; i++) {
			samples[i] = (struct sample){.reference = {(uint8_t)i, (uint8_t)(i >> 8)},
						     .size = next_random() % 300};
			/* Few values, so that many terms are equal. */
			for (size_t j = 0; j < ORDER_TERMS; j++)
				samples[i].rank.terms[j] = next_random() % 2;
		}
		kept = keep_best(samples, n, bytes_max);
		for (int i = 0; i < 5; i++) {
			CLEANUP(freep) char *again = NULL;

			shuffle(samples, n);
			again = keep_best(samples, n, bytes_max);
			CHECK_TEXT(again, kept);
		}
		seed = begin;
	}
}

TEST(choice_keeps_one_however_long_it_is)
{
	CLEANUP(shortlist_done) struct shortlist shortlist = SHORTLIST_INIT(4);
	CLEANUP(field_free) struct json_object *values = NULL;
	struct order_rank rank = {.terms = {1}};

	CHECK_OK(shortlist_add(&shortlist, &rank, view_of("b", 1),
			       json_object_new_string("longer")));
	CHECK_OK(shortlist_add(&shortlist, &rank, view_of("a", 1),
			       json_object_new_string("better")));
	CHECK_INT(shortlist.n_dropped, 1);
	error_clear();
	CHECK_STATUS(shortlist_add(&shortlist, &rank,
				   view_of(shortlist.entries, SHORTLIST_REFERENCE_MAX + 1),
				   json_object_new_string("x")),
		     KC_ERR_PARAM);
	CHECK_STATUS(shortlist_add(&shortlist, &rank, view_of("c", 1), NULL), KC_ERR_ALLOCATE);
	CHECK_OK(shortlist_take(&shortlist, &values));
	CHECK_TEXT(json_object_to_json_string_ext(values, JSON_C_TO_STRING_PLAIN), "[\"better\"]");
}

/* Antisymmetric and transitive over all ranks of few values: an order. */
TEST(choice_has_one_order)
{
	struct order_rank ranks[64];

	seed = 7;
	for (size_t i = 0; i < ARRAY_LEN(ranks); i++)
		for (size_t j = 0; j < ORDER_TERMS; j++)
			ranks[i].terms[j] = (int64_t)(next_random() % 3) - 1;
	for (size_t i = 0; i < ARRAY_LEN(ranks); i++) {
		for (size_t j = 0; j < ARRAY_LEN(ranks); j++) {
			int order = order_compare(&ranks[i], &ranks[j]);

			CHECK((order < 0) == (order_compare(&ranks[j], &ranks[i]) > 0));
			for (size_t k = 0; order < 0 && k < ARRAY_LEN(ranks); k++)
				if (order_compare(&ranks[j], &ranks[k]) < 0)
					CHECK(order_compare(&ranks[i], &ranks[k]) < 0);
		}
	}
}
