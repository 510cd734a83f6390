/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue in the order of advice: what takes the message itself before what takes a digest,
 * the better padding or form before the other, the hash that fits the key before stronger ones
 * before weaker ones, and what is bare or broken last.
 */
#include "keys/repertoire.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/try.h"
#include "keys/algorithms_impl.h"
#include "keys/decryption.h"
#include "keys/exchange.h"
#include "keys/signature.h"

enum {
	LISTED_MAX = 96,
};

static const struct {
	enum algorithm_purpose purpose;
	const char *name;
} uses[] = {
	[REPERTOIRE_SIGN] = {ALGORITHM_SIGNATURE, "signature"},
	[REPERTOIRE_DECRYPT] = {ALGORITHM_ENCRYPTION, "encryption"},
	[REPERTOIRE_EXCHANGE] = {ALGORITHM_EXCHANGE, "key exchange"},
};

static bool is_of(const struct algorithm *algorithm, enum repertoire_use use)
{
	return algorithm->purpose == uses[use].purpose;
}

bool repertoire_has(const struct key_facts *key, enum repertoire_use use, const char *name)
{
	switch (use) {
	case REPERTOIRE_SIGN:
		return signature_is_supported(key, name, true);
	case REPERTOIRE_DECRYPT:
		return decryption_is_supported(key, name);
	case REPERTOIRE_EXCHANGE:
		return exchange_is_supported(key, name);
	}
	return false;
}

/* --- the order ----------------------------------------------------------------------------- */

/* Names tell: words that are in them, and how many places each costs. */
struct cost {
	const char *word;
	int cost;
};

static const struct cost costs[] = {
	{"_raw", 4000},	  {"_pkcs1", 100}, {"_rfc4754", 100}, {"_cofactor", 100},
	{"_digest", 400}, {"_md5", 3000},  {"_sha1", 2000},   {"_sha224", 30},
	{"_sha256", 0},	  {"_sha384", 10}, {"_sha512", 20},
};

/* FIPS 186-5 6.1.1: a hash of the curve's strength. */
static const char *own_hash(const struct key_facts *key)
{
	if (strcmp(key->key_type, "ec") != 0 || key->size_in_bits <= 256)
		return "_sha256";
	return key->size_in_bits <= 384 ? "_sha384" : "_sha512";
}

static int cost_of(const struct key_facts *key, const char *name)
{
	int cost = strstr(name, own_hash(key)) ? -25 : 0;

	for (size_t i = 0; i < ARRAY_LEN(costs); i++)
		if (strstr(name, costs[i].word))
			cost += costs[i].cost;
	/* An operation without a hash takes whatever somebody has hashed. */
	return strstr(name, "_sha") || strstr(name, "_md5") || strstr(name, "eddsa") ? cost
										     : cost + 1000;
}

struct listed {
	const char *name;
	int cost;
	size_t place; /* in the catalogue, among equals */
};

static int compare(const void *a, const void *b)
{
	const struct listed *left = a;
	const struct listed *right = b;

	if (left->cost != right->cost)
		return left->cost < right->cost ? -1 : 1;
	return left->place < right->place ? -1 : left->place > right->place;
}

enum kc_status repertoire_list(const struct key_facts *key, enum repertoire_use use,
			       struct json_object **ret_names)
{
	CLEANUP(field_free) struct json_object *names = json_object_new_array();
	struct listed listed[LISTED_MAX];
	size_t n = 0;

	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < algorithms_count() && n < LISTED_MAX; i++) {
		const struct algorithm *algorithm = algorithms_at(i);

		/* Without those of other types, whose refusal would look for a hint. */
		if (is_of(algorithm, use) && algorithms_is_for(algorithm, key->key_type) &&
		    repertoire_has(key, use, algorithm->name))
			listed[n++] =
				(struct listed){algorithm->name, cost_of(key, algorithm->name), i};
	}
	qsort(listed, n, sizeof(listed[0]), compare);
	for (size_t i = 0; i < n; i++)
		TRY(field_append_text(names, listed[i].name));
	*ret_names = take(names);
	return KC_OK;
}

/* --- names --------------------------------------------------------------------------------- */

enum kc_status repertoire_check_name(enum repertoire_use use, const char *name)
{
	struct nearest nearest = nearest_begin(view_of_text(name));

	for (size_t i = 0; i < algorithms_count(); i++) {
		if (!is_of(algorithms_at(i), use))
			continue;
		if (strcmp(algorithms_at(i)->name, name) == 0)
			return KC_OK;
		nearest_offer(&nearest, algorithms_at(i)->name);
	}
	if (nearest.best)
		error_set_hint("did you mean \"%s\"?", nearest.best);
	return fail(KC_ERR_PARAM, "no %s algorithm \"%.64s\"", uses[use].name, name);
}

enum kc_status repertoire_check_key_type(const char *key_type)
{
	static const char *const types[] = {"rsa", "ec", "ed25519", "x25519", "ed448", "x448"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i], key_type) == 0)
			return KC_OK;
	return fail(KC_ERR_PARAM,
		    "no key type \"%.64s\": it is \"rsa\", \"ec\", \"ed25519\", \"x25519\", "
		    "\"ed448\" or \"x448\"",
		    key_type);
}
