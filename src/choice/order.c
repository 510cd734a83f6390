/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranks. Each term is a number, so that the order is one whatever the numbers mean. */
#include "choice/order.h"

#include <string.h>

#include "base/try.h"
#include "choice/host.h"
#include "choice/judge.h"
#include "codec/date.h"

static size_t count_of(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

static const char *text_at(struct json_object *list, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(list, i));
}

typedef bool (*match_fn)(const char *host, const char *name);

static bool has_any(const struct wish *wish, const struct candidate *candidate, const char *list,
		    match_fn matches)
{
	struct json_object *names = field_get(candidate->facts, list);

	for (size_t i = 0; i < count_of(names); i++)
		if (matches(wish->host, text_at(names, i)))
			return true;
	return false;
}

static bool is_same_name(const char *host, const char *name)
{
	return !strchr(name, '*') && host_matches_name(host, name);
}

/* Of a client its own domain, by whatever name of a person or host it has. */
static bool is_related(const struct wish *wish, const struct candidate *candidate)
{
	return has_any(wish, candidate, "dns_names", host_shares_domain) ||
	       has_any(wish, candidate, "email_addresses", host_shares_domain) ||
	       has_any(wish, candidate, "principal_names", host_shares_domain);
}

static int64_t rank_host(const struct wish *wish, const struct candidate *candidate)
{
	if (!wish->host)
		return 0;
	if (has_any(wish, candidate, "dns_names", is_same_name) ||
	    has_any(wish, candidate, "ip_addresses", host_matches_address))
		return 0;
	return is_related(wish, candidate) ? 1 : 2;
}

static int64_t rank_consent(const struct wish *wish, const struct candidate *candidate)
{
	CLEANUP(field_free) struct json_object *name = json_object_new_string("non_repudiation");
	struct json_object *usages = field_get(candidate->facts, "key_usage");
	bool is_for_consent = name && usages && field_contains(usages, name);

	return is_for_consent == wish->purpose->prefers_consent ? 0 : 1;
}

struct strength {
	unsigned rsa_bits;
	int64_t strength;
};

/* NIST SP 800-57 part 1, table 2; of a type that is not there nothing is known. */
static int64_t strength_of(const struct candidate *candidate)
{
	static const struct strength strengths[] = {
		{15360, 256}, {7680, 192}, {4096, 140}, {3072, 128}, {2048, 112}, {1024, 80},
	};
	unsigned bits = candidate->key_size_in_bits;

	if (strcmp(candidate->key_type, "rsa") != 0)
		return bits / 2;
	for (size_t i = 0; i < ARRAY_LEN(strengths); i++)
		if (bits >= strengths[i].rsa_bits)
			return strengths[i].strength;
	return 0;
}

enum kc_status order_rank_of(const struct wish *wish, const struct candidate *candidate,
			     struct order_rank *ret_rank)
{
	const char *end = field_text(candidate->facts, "not_valid_after");
	int extended = judge_extended_usage(wish->purpose, candidate->facts);
	bool prefers_token = wish->purpose->prefers_token;
	int64_t end_us = 0;

	REQUIRE(end, KC_ERR_INTERNAL, "a certificate without dates");
	TRY(date_parse(end, &end_us));
	*ret_rank = (struct order_rank){{
		[ORDER_EXTENDED_USAGE] = extended,
		[ORDER_ISSUER] = candidate->issuer_depth,
		[ORDER_HOST] = rank_host(wish, candidate),
		[ORDER_HOLDER] = candidate->is_on_token && !candidate->needs_pin ? 1 : 0,
		[ORDER_LEAF] = field_flag(candidate->facts, "is_ca", false) ? 1 : 0,
		[ORDER_TOKEN] = prefers_token && !candidate->is_on_token ? 1 : 0,
		[ORDER_CONSENT] = rank_consent(wish, candidate),
		[ORDER_EXPIRY] = -end_us,
		[ORDER_STRENGTH] = -strength_of(candidate),
	}};
	return KC_OK;
}

int order_compare(const struct order_rank *a, const struct order_rank *b)
{
	for (size_t i = 0; i < ORDER_TERMS; i++)
		if (a->terms[i] != b->terms[i])
			return a->terms[i] < b->terms[i] ? -1 : 1;
	return 0;
}
