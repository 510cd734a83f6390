/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of RFC 5280 for what a key may be used for, in the order in which people would look:
 * dates, usages, names, issuers, the key. Each rule adds one code and one sentence, or nothing.
 */
#include "choice/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "choice/host.h"
#include "codec/date.h"

enum {
	REASON_MAX = 1024,
	NAMES_SAID_MAX = 4, /* of a list that is longer */
	DAY_LEN = 10,	    /* "2024-02-29" */
};

/* Nearest to fitting first: a locked one may fit, a certificate can be renewed. */
static const char *const codes[] = {
	"locked", "consent_needed", "expired",	"not_yet_valid",      "host",
	"issuer", "no_algorithm",   "key_type", "extended_key_usage", "key_usage",
};

void judge_done(struct verdict *verdict)
{
	field_free(&verdict->codes);
	field_free(&verdict->reasons);
}

__attribute__((format(printf, 3, 4))) static enum kc_status add_reason(
	const struct verdict *verdict, const char *code, const char *format, ...)
{
	char reason[REASON_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	TRY(field_append_text(verdict->codes, code));
	return field_append_text(verdict->reasons, reason);
}

/* --- lists of names ------------------------------------------------------------------------ */

static size_t count_of(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

static const char *text_at(struct json_object *list, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(list, i));
}

static bool contains(struct json_object *list, const char *name)
{
	for (size_t i = 0; i < count_of(list); i++)
		if (strcmp(text_at(list, i), name) == 0)
			return true;
	return false;
}

static bool contains_any(struct json_object *list, const char *const *names)
{
	for (size_t i = 0; i < PURPOSE_USAGES_MAX && names[i]; i++)
		if (contains(list, names[i]))
			return true;
	return false;
}

/* A text that grows; what does not fit is cut, which is seen. */
struct sentence {
	char text[REASON_MAX / 2];
	size_t len;
};

static void say(struct sentence *sentence, const char *separator, const char *word)
{
	int len = snprintf(sentence->text + sentence->len, sizeof(sentence->text) - sentence->len,
			   "%s%s", sentence->len ? separator : "", word);

	if (len > 0)
		sentence->len += (size_t)len;
	if (sentence->len >= sizeof(sentence->text))
		sentence->len = sizeof(sentence->text) - 1;
}

/* A long name would be cut in the middle of a character. */
static struct sentence say_list(struct json_object *list)
{
	struct sentence sentence = {.text = "nothing known"};

	for (size_t i = 0; i < count_of(list) && i < NAMES_SAID_MAX; i++)
		say(&sentence, ", ", purpose_usage_text(text_at(list, i)));
	if (count_of(list) > NAMES_SAID_MAX)
		say(&sentence, ", ", "and others");
	return sentence;
}

static struct sentence say_names(const char *const *names)
{
	struct sentence sentence = {.text = ""};

	for (size_t i = 0; i < PURPOSE_USAGES_MAX && names[i]; i++)
		say(&sentence, " or ", purpose_usage_text(names[i]));
	return sentence;
}

/* --- the rules ----------------------------------------------------------------------------- */

/* reference/keychain.md 2.4: "both ends included". What cannot be read is not valid. */
static enum kc_status judge_validity(const struct wish *wish, const struct candidate *candidate,
				     const struct verdict *verdict)
{
	const char *begin = field_text(candidate->facts, "not_valid_before");
	const char *end = field_text(candidate->facts, "not_valid_after");
	int64_t begin_us = INT64_MAX;
	int64_t end_us = INT64_MIN;

	REQUIRE(begin && end, KC_ERR_INTERNAL, "a certificate without dates");
	TRY(date_parse(begin, &begin_us));
	TRY(date_parse(end, &end_us));
	if (wish->now_us > end_us)
		return add_reason(verdict, "expired", "it expired on %.*s", DAY_LEN, end);
	if (wish->now_us < begin_us)
		return add_reason(verdict, "not_yet_valid", "it is not valid before %.*s", DAY_LEN,
				  begin);
	return KC_OK;
}

/* EC keys have no transport to be for (RFC 5480 3), and X25519 keys neither (RFC 8410 5). */
static const char *const *key_usages_for(const struct purpose *purpose, const char *key_type)
{
	bool exchanges = strcmp(key_type, "rsa") != 0;

	return exchanges && purpose->exchange_usages[0] ? purpose->exchange_usages
							: purpose->key_usages;
}

/* RFC 5280 4.2.1.3: without the extension there is no restriction. */
static enum kc_status judge_key_usage(const struct wish *wish, const struct candidate *candidate,
				      const struct verdict *verdict)
{
	struct json_object *usages = field_get(candidate->facts, "key_usage");
	const char *const *wanted = key_usages_for(wish->purpose, candidate->key_type);

	if (!field_flag(candidate->facts, "has_key_usage", false) || contains_any(usages, wanted))
		return KC_OK;
	return add_reason(verdict, "key_usage", "its key usage is %s, not %s",
			  say_list(usages).text, say_names(wanted).text);
}

/* RFC 5280 4.2.1.12: "If the extension is present, then the certificate MUST only be used for one
 * of the purposes indicated", of which anyExtendedKeyUsage is every one. */
int judge_extended_usage(const struct purpose *purpose, struct json_object *facts)
{
	struct json_object *usages = field_get(facts, "extended_key_usage");

	if (!field_flag(facts, "has_extended_key_usage", false))
		return 2;
	if (contains_any(usages, purpose->exact))
		return 0;
	if (contains_any(usages, purpose->related))
		return 1;
	return contains(usages, "any") ? 2 : -1;
}

static enum kc_status judge_extended(const struct wish *wish, const struct candidate *candidate,
				     const struct verdict *verdict)
{
	struct json_object *usages = field_get(candidate->facts, "extended_key_usage");

	if (judge_extended_usage(wish->purpose, candidate->facts) >= 0)
		return KC_OK;
	return add_reason(verdict, "extended_key_usage", "its extended key usage is %s, not %s",
			  say_list(usages).text, say_names(wish->purpose->exact).text);
}

static bool is_for_host(const char *host, struct json_object *facts)
{
	struct json_object *names = field_get(facts, "dns_names");
	struct json_object *addresses = field_get(facts, "ip_addresses");

	for (size_t i = 0; i < count_of(names); i++)
		if (host_matches_name(host, text_at(names, i)))
			return true;
	for (size_t i = 0; i < count_of(addresses); i++)
		if (host_matches_address(host, text_at(addresses, i)))
			return true;
	return false;
}

static enum kc_status judge_host(const struct wish *wish, const struct candidate *candidate,
				 const struct verdict *verdict)
{
	struct json_object *names = field_get(candidate->facts, "dns_names");
	struct json_object *addresses = field_get(candidate->facts, "ip_addresses");

	if (!wish->purpose->wants_host || !wish->host || is_for_host(wish->host, candidate->facts))
		return KC_OK;
	if (count_of(names) + count_of(addresses) == 0)
		return add_reason(
			verdict, "host",
			"it names no host (that the common name might be one does not count)");
	return add_reason(verdict, "host", "it is for %s, not for %.255s",
			  say_list(count_of(names) ? names : addresses).text, wish->host);
}

static enum kc_status judge_issuer(const struct candidate *candidate, const struct verdict *verdict)
{
	if (candidate->issuer_depth >= 0)
		return KC_OK;
	return add_reason(verdict, "issuer",
			  "neither its issuer nor, as far as the keychain has the certificates, an "
			  "issuer's issuer is one of those that are wanted");
}

static enum kc_status judge_key(const struct wish *wish, const struct candidate *candidate,
				const struct verdict *verdict)
{
	if (count_of(wish->key_types) > 0 && !contains(wish->key_types, candidate->key_type))
		TRY(add_reason(verdict, "key_type", "its key is of type %s", candidate->key_type));
	if (!candidate->has_ability)
		return add_reason(verdict, "no_algorithm", "its key does not %s",
				  wish->purpose->decrypts ? "decrypt" : "sign");
	if (candidate->has_algorithm)
		return KC_OK;
	return add_reason(verdict, "no_algorithm", "its key has none of the algorithms %s",
			  wish->wants_algorithm ? "that are wanted" : "that are known here");
}

static enum kc_status begin_verdict(struct verdict *verdict)
{
	verdict->codes = json_object_new_array();
	verdict->reasons = json_object_new_array();
	REQUIRE(verdict->codes && verdict->reasons, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

enum kc_status judge_candidate(const struct wish *wish, const struct candidate *candidate,
			       struct verdict *ret_verdict)
{
	CLEANUP(judge_done) struct verdict verdict = {NULL, NULL};

	TRY(begin_verdict(&verdict));
	TRY(judge_validity(wish, candidate, &verdict));
	TRY(judge_key_usage(wish, candidate, &verdict));
	TRY(judge_extended(wish, candidate, &verdict));
	TRY(judge_host(wish, candidate, &verdict));
	TRY(judge_issuer(candidate, &verdict));
	TRY(judge_key(wish, candidate, &verdict));
	*ret_verdict = verdict;
	verdict = (struct verdict){NULL, NULL};
	return KC_OK;
}

enum kc_status judge_unseen(const char *code, const char *reason, struct verdict *ret_verdict)
{
	CLEANUP(judge_done) struct verdict verdict = {NULL, NULL};

	TRY(begin_verdict(&verdict));
	TRY(add_reason(&verdict, code, "%s", reason));
	*ret_verdict = verdict;
	verdict = (struct verdict){NULL, NULL};
	return KC_OK;
}

bool judge_is_fit(const struct verdict *verdict)
{
	return count_of(verdict->codes) == 0;
}

static int64_t place_of(const char *code)
{
	int64_t place = 0;

	while ((size_t)place < ARRAY_LEN(codes) && strcmp(codes[place], code) != 0)
		place++;
	return place;
}

int64_t judge_distance(const struct verdict *verdict)
{
	int64_t worst = 0;

	for (size_t i = 0; i < count_of(verdict->codes); i++) {
		int64_t place = place_of(text_at(verdict->codes, i));

		worst = place > worst ? place : worst;
	}
	return (int64_t)count_of(verdict->codes) * (int64_t)ARRAY_LEN(codes) + worst;
}
