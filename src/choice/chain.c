/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Breadth first to the nearest listed issuer; from there, or from the start when any issuer will
 * do, the best certificate of each name. Certificates that sign each other make no end of ways:
 * each is looked at once.
 */
#include "choice/chain.h"

#include <string.h>

#include "base/try.h"
#include "codec/date.h"

struct visit {
	struct json_object *certificate; /* base64 DER; NULL: the start */
	struct json_object *facts;
	int from; /* index of the certificate that this one has issued; -1: the start */
	int depth;
};

struct walk {
	const struct wish *wish;
	struct json_object *pool;
	struct visit visits[CHAIN_VISITS_MAX + CHAIN_DEPTH_MAX]; /* then those of climb() */
	int n_visits;
	bool is_climbing;
	const char *missing;
};

void chain_done(struct chain *chain)
{
	field_free(&chain->certificates);
}

/* --- who may have issued it ---------------------------------------------------------------- */

/* RFC 5280 4.2.1.1: the key identifier tells CAs of one name apart. */
static bool has_other_key(struct json_object *facts, struct json_object *issuer)
{
	const char *wanted = field_text(facts, "authority_key_id");
	const char *id = field_text(issuer, "subject_key_id");

	return wanted && id && strcmp(wanted, id) != 0;
}

static bool may_have_issued(struct json_object *facts, struct json_object *issuer)
{
	return field_flag(issuer, "is_ca", false) && !has_other_key(facts, issuer);
}

static bool is_valid_at(struct json_object *facts, int64_t now_us)
{
	int64_t begin_us = 0;
	int64_t end_us = 0;

	return date_parse(field_text(facts, "not_valid_before"), &begin_us) == KC_OK &&
	       date_parse(field_text(facts, "not_valid_after"), &end_us) == KC_OK &&
	       begin_us <= now_us && now_us <= end_us;
}

/* Valid before not; then what lasts longer; then in some order, but always the same. */
static bool is_better(struct json_object *a, struct json_object *b, int64_t now_us)
{
	bool a_is_valid = is_valid_at(field_get(a, "facts"), now_us);
	bool b_is_valid = is_valid_at(field_get(b, "facts"), now_us);
	int order = strcmp(field_text(field_get(a, "facts"), "not_valid_after"),
			   field_text(field_get(b, "facts"), "not_valid_after"));

	if (a_is_valid != b_is_valid)
		return a_is_valid;
	if (order != 0)
		return order > 0;
	return strcmp(field_text(a, "certificate"), field_text(b, "certificate")) < 0;
}

static bool is_same(const struct visit *visit, struct json_object *entry)
{
	return visit->certificate && strcmp(json_object_get_string(visit->certificate),
					    field_text(entry, "certificate")) == 0;
}

/* Ways that led nowhere are no reason for climb() not to go there again, but circles are. */
static bool has_been_visited(const struct walk *walk, int from, struct json_object *entry)
{
	for (int i = from; walk->is_climbing && i >= 0; i = walk->visits[i].from)
		if (is_same(&walk->visits[i], entry))
			return true;
	for (int i = 0; !walk->is_climbing && i < walk->n_visits; i++)
		if (is_same(&walk->visits[i], entry))
			return true;
	return false;
}

static struct json_object *find_best(const struct walk *walk, int from, struct json_object *entries)
{
	struct json_object *best = NULL;

	for (size_t i = 0; entries && i < json_object_array_length(entries); i++) {
		struct json_object *entry = json_object_array_get_idx(entries, i);

		if (may_have_issued(walk->visits[from].facts, field_get(entry, "facts")) &&
		    !has_been_visited(walk, from, entry) &&
		    (!best || is_better(entry, best, walk->wish->now_us)))
			best = entry;
	}
	return best;
}

/* --- the way ------------------------------------------------------------------------------- */

static void add_visit(struct walk *walk, struct json_object *entry, int from)
{
	walk->visits[walk->n_visits++] = (struct visit){
		.certificate = field_get(entry, "certificate"),
		.facts = field_get(entry, "facts"),
		.from = from,
		.depth = walk->visits[from].depth + 1,
	};
}

/* NULL: there are none, or nothing is known of it (walk->missing). */
static struct json_object *issuers_of(struct walk *walk, const struct visit *visit)
{
	const char *issuer = field_text(visit->facts, "issuer");
	struct json_object *entries = NULL;

	if (!issuer || field_flag(visit->facts, "is_self_signed", false) ||
	    visit->depth >= CHAIN_DEPTH_MAX)
		return NULL;
	entries = field_get(walk->pool, issuer);
	if (!entries)
		walk->missing = issuer;
	return entries;
}

/* Is there one that it was not? */
static bool add_best(struct walk *walk, int from, struct json_object *entries)
{
	struct json_object *entry = find_best(walk, from, entries);
	int visits_max = CHAIN_VISITS_MAX + (walk->is_climbing ? CHAIN_DEPTH_MAX : 0);

	if (!entry || walk->n_visits >= visits_max)
		return false;
	add_visit(walk, entry, from);
	return true;
}

static bool has_listed_issuer(const struct walk *walk, const struct visit *visit)
{
	struct json_object *issuer = field_get(visit->facts, "issuer");

	return issuer && field_contains(walk->wish->issuers, issuer);
}

/* The index of the first certificate whose issuer is listed; -1: none, or not known yet. */
static int find_listed(struct walk *walk)
{
	for (int i = 0; i < walk->n_visits && !walk->missing; i++) {
		struct json_object *entries = NULL;

		if (has_listed_issuer(walk, &walk->visits[i]))
			return i;
		entries = issuers_of(walk, &walk->visits[i]);
		while (add_best(walk, i, entries))
			continue;
	}
	return -1;
}

/* The index of the last certificate of the way on from @at. */
static int climb(struct walk *walk, int at)
{
	walk->is_climbing = true;
	while (add_best(walk, at, issuers_of(walk, &walk->visits[at])))
		at = walk->n_visits - 1;
	return at;
}

/* Who trusts a root has it. */
static enum kc_status put_certificates(const struct walk *walk, int last,
				       struct json_object **ret_certificates)
{
	CLEANUP(field_free) struct json_object *certificates = json_object_new_array();
	struct json_object *way[CHAIN_DEPTH_MAX + 1] = {NULL};

	REQUIRE(certificates, KC_ERR_ALLOCATE, "out of memory");
	for (int i = last; i > 0; i = walk->visits[i].from)
		if (!field_flag(walk->visits[i].facts, "is_self_signed", false))
			way[walk->visits[i].depth] = walk->visits[i].certificate;
	for (size_t depth = 0; depth < ARRAY_LEN(way); depth++)
		if (way[depth])
			TRY(field_append(certificates, json_object_get(way[depth])));
	*ret_certificates = take(certificates);
	return KC_OK;
}

enum kc_status chain_find(const struct wish *wish, struct json_object *facts,
			  struct json_object *pool, struct chain *ret_chain,
			  const char **ret_missing)
{
	struct walk walk = {
		.wish = wish,
		.pool = pool,
		.visits = {{.facts = facts, .from = -1}},
		.n_visits = 1,
	};
	bool wants_issuer = wish->issuers && json_object_array_length(wish->issuers) > 0;
	int at = wants_issuer ? find_listed(&walk) : 0;
	struct chain chain = {.has_issuer = at >= 0, .depth = at >= 0 ? walk.visits[at].depth : 0};

	if (chain.has_issuer)
		at = climb(&walk, at);
	*ret_missing = walk.missing;
	if (walk.missing)
		return KC_OK;
	TRY(put_certificates(&walk, at, &chain.certificates));
	*ret_chain = chain;
	return KC_OK;
}
