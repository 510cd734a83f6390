/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deleting a key or a certificate. Of the keychain it is an item like others; what is on a token is
 * deleted by the token, when its administrator wants that.
 */
#include "frontends/cli/deletion.h"

#include <stdio.h>
#include <string.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/hidden_input.h"
#include "frontends/cli/page.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

struct deletion {
	const struct deletion_kind *kind;
	struct token_options token; /* of what is on one: what its administrator proves */
	bool yes;
	bool no_prompt;
};

static void deletion_done(struct deletion *deletion)
{
	token_options_done(&deletion->token);
}

static const char *label_of(const struct kc_dictionary *item)
{
	const char *label = kc_dictionary_text(item, KC_ATTR_LABEL);

	return label ? label : "(no label)";
}

static enum kc_status make_sure(struct context *context, const struct deletion *deletion,
				const struct kc_dictionary *item)
{
	CLEANUP(freep) char *safe = page_safe(label_of(item));
	char question[640];
	bool yes = false;

	if (context->json || !hidden_input_is_possible())
		return usage_error(context, "nobody can be asked whether to delete it: say --yes");
	(void)snprintf(question, sizeof(question), "Delete the %s %.500s?%s [y/N] ",
		       deletion->kind->noun, safe, deletion->kind->warning);
	TRY(hidden_input_confirm(question, &yes));
	REQUIRE(yes, KC_ERR_USER_CANCELED, "nothing was deleted");
	return KC_OK;
}

/* An identity is two items; this is the one of them that is meant. */
static enum kc_status new_query(const struct deletion *deletion, const struct kc_dictionary *item,
				struct kc_dictionary **ret_query)
{
	bool is_key = strcmp(deletion->kind->class_name, KC_CLASS_KEY) == 0;
	const char *token_id = kc_dictionary_text(item, KC_ATTR_TOKEN_ID);
	struct kc_dictionary *query = NULL;

	if (inventory_is_class(item, deletion->kind->class_name)) {
		query = KC_DICTIONARY({KC_VALUE_PERSISTENT_REF,
				       KC_DATA(kc_dictionary_data(item, INVENTORY_REFERENCE))});
	} else {
		query = KC_DICTIONARY({KC_CLASS, KC_TEXT(deletion->kind->class_name)},
				      {KC_ATTR_ACCESS_GROUP,
				       KC_TEXT(kc_dictionary_text(item, KC_ATTR_ACCESS_GROUP))},
				      {is_key ? KC_ATTR_APPLICATION_LABEL : KC_ATTR_PUBLIC_KEY_HASH,
				       KC_DATA(inventory_hash(item))});
		if (query && is_key)
			TRY(kc_dictionary_set(query, KC_ATTR_KEY_CLASS,
					      KC_TEXT(KC_KEY_CLASS_PRIVATE)));
		if (query && token_id)
			TRY(kc_dictionary_set(query, KC_ATTR_TOKEN_ID, KC_TEXT(token_id)));
	}
	REQUIRE(query, KC_ERR_ALLOCATE, "out of memory");
	*ret_query = query;
	return KC_OK;
}

/* --- of a token ---------------------------------------------------------------------------- */

/* The persistent reference of what @query finds. */
static enum kc_status find_reference(struct kc_dictionary *query, struct kc_value **ret_reference)
{
	TRY(kc_dictionary_set(query, KC_RETURN_PERSISTENT_REF, KC_TRUE));
	return kc_item_copy_matching(query, ret_reference);
}

static enum kc_status delete_from_token(struct deletion *deletion, struct kc_dictionary *query)
{
	CLEANUP(kc_value_freep) struct kc_value *reference = NULL;
	struct kc_options options = KC_OPTIONS_INIT;

	TRY(find_reference(query, &reference));
	TRY(token_options_read(&deletion->token));
	token_options_fill(&deletion->token, deletion->no_prompt, &options);
	return kc_token_delete_object(kc_value_data(reference), &options);
}

static enum kc_status delete_item(struct context *context, struct deletion *deletion,
				  const struct kc_dictionary *item)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *query = NULL;
	const struct token_options *token = &deletion->token;

	TRY(new_query(deletion, item, &query));
	if (kc_dictionary_text(item, KC_ATTR_TOKEN_ID))
		return delete_from_token(deletion, query);
	if (token->administrator_fd >= 0 || token->last_try)
		return usage_error(context, "the keychain has no administrator: "
					    "--administrator-fd and --last-try are for what is on "
					    "a token");
	return kc_item_delete(query);
}

/* The key or certificate that @name is, or an identity, which is both. */
static enum kc_status find(struct context *context, const struct deletion_kind *kind,
			   const char *name, struct kc_dictionary **ret_item)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;
	bool is_it = false;

	TRY(resolve_item(context, name, RESOLVE_ANY, &item));
	is_it = inventory_is_class(item, kind->class_name) ||
		inventory_is_class(item, KC_CLASS_IDENTITY);
	REQUIRE(is_it, KC_ERR_PARAM, "'%.64s' %s", label_of(item), kind->is_none);
	*ret_item = take(item);
	return KC_OK;
}

static enum kc_status tell(const struct context *context, const struct deletion *deletion,
			   const struct kc_dictionary *item)
{
	CLEANUP(freep) char *safe = NULL;

	if (context->json)
		return page_json_take(kc_dictionary_new(NULL, 0));
	safe = page_safe(label_of(item));
	(void)printf("The %s %s is deleted.\n", deletion->kind->noun, safe);
	return page_finish();
}

enum kc_status deletion_run(struct context *context, const struct deletion_kind *kind, char **words,
			    int n_words)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;
	CLEANUP(deletion_done)
	struct deletion deletion = {.kind = kind, .token = TOKEN_OPTIONS_INIT};
	const char *name = NULL;
	const struct option_row rows[] = {{"yes", OPTION_FLAG, &deletion.yes},
					  {"no-prompt", OPTION_FLAG, &deletion.no_prompt},
					  TOKEN_OPTIONS_PROOF_ROWS(&deletion.token)};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, kind->argument, true, words, n_words, &name));
	TRY(find(context, kind, name, &item));
	if (!deletion.yes)
		TRY(make_sure(context, &deletion, item));
	TRY(delete_item(context, &deletion, item));
	return tell(context, &deletion, item);
}
