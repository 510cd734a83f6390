/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask choose: which identity for what. On standard output a name that other commands take. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/identity.h>
#include <keycask/item.h>
#include <keycask/token.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/inventory.h"
#include "frontends/cli/issuers.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/reading.h"
#include "frontends/cli/table.h"
#include "frontends/owned.h"

enum {
	PURPOSE_SIZE = 32,
	DAY_LEN = 10, /* "2024-02-29" */
	CELL_SIZE = 256,
};

struct wish {
	const char *purpose; /* as it was written: "tls-client" */
	char purpose_name[PURPOSE_SIZE];
	const char *host;
	struct option_texts issuers;
	struct option_texts key_types;
	struct option_texts algorithms;
	bool all;
	bool explain;
	struct issuers issuer_names;
	struct kc_choice choice;
};

/* --- the wish ------------------------------------------------------------------------------ */

/* The dashes are the command line's. */
static enum kc_status read_purpose(struct context *context, struct wish *wish)
{
	if (!wish->purpose)
		return usage_error(context, "--for is missing: tls-client, tls-server, ssh, sign, "
					    "decrypt or login");
	if (strlen(wish->purpose) >= sizeof(wish->purpose_name))
		return usage_error(context, "there is no purpose '%s'", wish->purpose);
	(void)snprintf(wish->purpose_name, sizeof(wish->purpose_name), "%s", wish->purpose);
	for (char *at = wish->purpose_name; *at; at++)
		*at = *at == '-' ? '_' : *at;
	return KC_OK;
}

static enum kc_status read_wish(struct context *context, struct wish *wish)
{
	TRY(read_purpose(context, wish));
	for (size_t i = 0; i < wish->issuers.n; i++)
		TRY(issuers_add(&wish->issuer_names, wish->issuers.texts[i]));
	wish->choice = (struct kc_choice)KC_CHOICE_INIT;
	wish->choice.host = wish->host;
	wish->choice.issuers = wish->issuer_names.names;
	wish->choice.n_issuers = wish->issuer_names.n;
	wish->choice.key_types = wish->key_types.texts;
	wish->choice.n_key_types = wish->key_types.n;
	wish->choice.algorithms = wish->algorithms.texts;
	wish->choice.n_algorithms = wish->algorithms.n;
	return KC_OK;
}

/* --- pages --------------------------------------------------------------------------------- */

static const struct kc_dictionary *fit_at(const struct kc_dictionary *found, size_t i)
{
	return kc_value_dictionary(kc_value_at(kc_dictionary_get(found, KC_CHOICE_IDENTITIES), i));
}

static size_t count_fit(const struct kc_dictionary *found)
{
	return kc_value_count(kc_dictionary_get(found, KC_CHOICE_IDENTITIES));
}

/* The URI that other commands find it by. */
static enum kc_status print_uri(const struct kc_dictionary *identity)
{
	struct kc_view reference = kc_dictionary_data(identity, KC_CHOICE_IDENTITY);
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query = KC_DICTIONARY({KC_VALUE_PERSISTENT_REF, KC_DATA(reference)},
						    {KC_RETURN_ATTRIBUTES, KC_TRUE});
	CLEANUP(kc_value_freep) struct kc_value *item = NULL;
	CLEANUP(freep) char *uri = NULL;

	TRY(kc_item_copy_matching(query, &item));
	TRY(kc_item_uri(kc_value_dictionary(item), &uri));
	(void)printf("%s\n", uri);
	return KC_OK;
}

static enum kc_status print_uris(const struct kc_dictionary *found, bool all)
{
	for (size_t i = 0; i < (all ? count_fit(found) : 1); i++)
		TRY(print_uri(fit_at(found, i)));
	return page_finish();
}

static const char *label_of(const struct kc_dictionary *identity)
{
	const char *label = kc_dictionary_text(identity, KC_ATTR_LABEL);
	const char *subject = kc_dictionary_text(identity, KC_CHOICE_SUBJECT);

	if (label && *label)
		return label;
	return subject && *subject ? subject : "(locked)";
}

static void add_token(struct table *table, const struct kc_dictionary *identity,
		      const struct kc_value *tokens)
{
	char token[CELL_SIZE];

	inventory_describe_token(tokens, kc_dictionary_text(identity, KC_ATTR_TOKEN_ID), token,
				 sizeof(token));
	table_add(table, token);
}

/* What JSON has of it begins with the day. */
static void add_day(struct table *table, const struct kc_dictionary *identity)
{
	CLEANUP(freep) char *json = NULL;
	char day[DAY_LEN + 1] = "";

	if (kc_value_to_json(kc_dictionary_get(identity, KC_ATTR_NOT_VALID_AFTER), &json) ==
		    KC_OK &&
	    json[0] == '"')
		(void)snprintf(day, sizeof(day), "%.*s", DAY_LEN, json + 1);
	table_add(table, day);
}

static void add_key(struct table *table, const struct kc_dictionary *identity)
{
	char key[CELL_SIZE];

	inventory_describe_key(identity, key, sizeof(key));
	table_add(table, key);
}

static void print_fit(const struct context *context, const struct kc_dictionary *found,
		      const struct kc_value *tokens)
{
	static const char *const titles[] = {"FITS", "LABEL", "ISSUER", "UNTIL",
					     "KEY",  "TOKEN", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);

	for (size_t i = 0; i < count_fit(found); i++) {
		const struct kc_dictionary *identity = fit_at(found, i);
		char place[24];

		(void)snprintf(place, sizeof(place), "%zu.", i + 1);
		table_add(&table, place);
		table_add(&table, label_of(identity));
		table_add(&table, kc_dictionary_text(identity, KC_CHOICE_ISSUER));
		add_day(&table, identity);
		add_key(&table, identity);
		add_token(&table, identity, tokens);
	}
	if (count_fit(found) > 0)
		table_print(&table, stdout, context->has_color, table_terminal_width(stdout));
	else
		(void)puts("None fits.");
}

static void add_reasons(struct table *table, const struct kc_dictionary *identity,
			const struct kc_value *tokens)
{
	const struct kc_value *reasons = kc_dictionary_get(identity, KC_CHOICE_REASONS);

	for (size_t i = 0; i < kc_value_count(reasons); i++) {
		table_add(table, i == 0 ? label_of(identity) : "");
		add_token(table, i == 0 ? identity : NULL, tokens);
		table_add(table, kc_value_text(kc_value_at(reasons, i)));
	}
}

static void print_left_out(const struct context *context, const struct kc_dictionary *found,
			   const struct kc_value *tokens)
{
	static const char *const titles[] = {"LEFT OUT", "TOKEN", "BECAUSE", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);
	const struct kc_value *left_out = kc_dictionary_get(found, KC_CHOICE_LEFT_OUT);
	int64_t n_omitted = kc_dictionary_number(found, KC_CHOICE_OMITTED, 0);

	for (size_t i = 0; i < kc_value_count(left_out); i++)
		add_reasons(&table, kc_value_dictionary(kc_value_at(left_out, i)), tokens);
	if (kc_value_count(left_out) > 0) {
		(void)puts("");
		/* A reason that is cut is none: it may be as long as it is. */
		table_print(&table, stdout, context->has_color, 0);
	}
	if (n_omitted > 0)
		(void)printf("\n%lld more are not shown.\n", (long long)n_omitted);
}

/* --- the command --------------------------------------------------------------------------- */

static enum kc_status find(const struct wish *wish, struct kc_dictionary **ret_found)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *found = NULL;

	TRY(kc_identity_choose_all(wish->purpose_name, &wish->choice, &found));
	if (count_fit(found) == 0 && reading_await()) {
		found = kc_dictionary_free(found);
		TRY(kc_identity_choose_all(wish->purpose_name, &wish->choice, &found));
	}
	*ret_found = take(found);
	return KC_OK;
}

/* That there is none, in the library's words. */
static enum kc_status fail_unfit(const struct wish *wish)
{
	CLEANUP(kc_identity_freep) struct kc_identity *identity = NULL;

	TRY(kc_identity_choose(wish->purpose_name, &wish->choice, &identity));
	return fail(KC_ERR_NOT_AVAILABLE, "an identity has come just now: repeat this");
}

static enum kc_status print_json(const struct wish *wish, const struct kc_dictionary *found)
{
	if (wish->all || wish->explain)
		return page_json_dictionary(found);
	return page_json_dictionary(fit_at(found, 0));
}

static enum kc_status print(const struct context *context, const struct wish *wish,
			    const struct kc_dictionary *found)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;

	if (context->json)
		return print_json(wish, found);
	if (!wish->explain)
		return print_uris(found, wish->all);
	/* Without the labels there are still the IDs. */
	ignore(kc_token_list(&tokens) != KC_OK);
	print_fit(context, found, tokens);
	print_left_out(context, found, tokens);
	return page_finish();
}

static enum kc_status choose(struct context *context, struct wish *wish)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *found = NULL;

	TRY(read_wish(context, wish));
	TRY(find(wish, &found));
	if (count_fit(found) > 0)
		return print(context, wish, found);
	if (!wish->explain)
		return fail_unfit(wish);
	context->exit_status = CLI_EXIT_FAILED;
	return print(context, wish, found);
}

static void wish_done(struct wish *wish)
{
	issuers_done(&wish->issuer_names);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(wish_done) struct wish wish = {.purpose = NULL};
	const struct option_row rows[] = {
		{"for", OPTION_TEXT, &wish.purpose},
		{"host", OPTION_TEXT, &wish.host},
		{"issuer", OPTION_TEXTS, &wish.issuers},
		{"key-type", OPTION_TEXTS, &wish.key_types},
		{"algorithm", OPTION_TEXTS, &wish.algorithms},
		{"all", OPTION_FLAG, &wish.all},
		{"explain", OPTION_FLAG, &wish.explain},
	};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	return choose(context, &wish);
}

const struct command cmd_choose = {
	.name = "choose",
	.arguments = "--for tls-client|tls-server|ssh|sign|decrypt|login [--host HOST]\n"
		     "       [--issuer NAME|FILE]… [--key-type TYPE]… [--algorithm A]… [--all]\n"
		     "       [--explain]",
	.summary = "the identity that fits a purpose",
	.help = "Looks at key usage, dates, issuers and keys of all identities, on tokens and in "
		"the\n"
		"keychain, and prints the name of the best, for: keycask sign --key \"$(keycask "
		"choose\n"
		"--for sign)\". No card is touched. Keys without a certificate are not looked at.\n"
		"\n  --for PURPOSE    what it is for\n"
		"  --host HOST      of tls-server: it must be for this host; else: prefer its "
		"domain\n"
		"  --issuer NAME    \"CN=Root,O=Example\" or a file of certificates: it leads to "
		"one of\n"
		"                   these (may come several times, as may the next two)\n"
		"  --key-type TYPE  rsa, ec, ed25519 …\n"
		"  --algorithm A    the key performs this, or another that is named\n"
		"  --all            the names of all that fit, best first\n"
		"  --explain        which fit, in order, and why the others do not\n",
	.run = run,
};
