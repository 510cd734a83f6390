/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask key delete: a key of the keychain. Its certificate, if it has one, stays. */
#include <stdio.h>

#include <keycask/item.h>

#include "base/cleanup.h"
#include "frontends/cli/hidden_input.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/resolve.h"

static void dictionary_freep(struct kc_dictionary **dictionary)
{
	*dictionary = kc_dictionary_free(*dictionary);
}

static const char *label_of(const struct kc_dictionary *item)
{
	const char *label = kc_dictionary_text(item, KC_ATTR_LABEL);

	return label ? label : "(no label)";
}

static enum kc_status check(const struct kc_dictionary *item)
{
	bool is_key = inventory_is_class(item, KC_CLASS_KEY);
	bool is_identity = inventory_is_class(item, KC_CLASS_IDENTITY);

	REQUIRE(is_key || is_identity, KC_ERR_PARAM, "'%.64s' is no key", label_of(item));
	if (!kc_dictionary_text(item, KC_ATTR_TOKEN_ID))
		return KC_OK;
	error_set_hint("keycask key create --replace makes another one in its place");
	return fail(KC_ERR_UNIMPLEMENTED, "the key '%.64s' is on a token, which keeps it",
		    label_of(item));
}

static enum kc_status make_sure(struct context *context, const struct kc_dictionary *item)
{
	CLEANUP(freep) char *safe = page_safe(label_of(item));
	char question[640];
	bool yes = false;

	if (context->json || !hidden_input_is_possible())
		return usage_error(context, "nobody can be asked whether to delete it: say --yes");
	(void)snprintf(question, sizeof(question),
		       "Delete the key %.500s? It cannot be made again. [y/N] ", safe);
	TRY(hidden_input_confirm(question, &yes));
	REQUIRE(yes, KC_ERR_USER_CANCELED, "nothing was deleted");
	return KC_OK;
}

/* An identity is a certificate and this: its key. */
static enum kc_status new_query(const struct kc_dictionary *item, struct kc_dictionary **ret_query)
{
	if (inventory_is_class(item, KC_CLASS_KEY))
		*ret_query =
			KC_DICTIONARY({KC_VALUE_PERSISTENT_REF,
				       KC_DATA(kc_dictionary_data(item, INVENTORY_REFERENCE))});
	else
		*ret_query =
			KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_KEY)},
				      {KC_ATTR_KEY_CLASS, KC_TEXT(KC_KEY_CLASS_PRIVATE)},
				      {KC_ATTR_ACCESS_GROUP,
				       KC_TEXT(kc_dictionary_text(item, KC_ATTR_ACCESS_GROUP))},
				      {KC_ATTR_APPLICATION_LABEL, KC_DATA(inventory_hash(item))});
	REQUIRE(*ret_query, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *item = NULL;
	CLEANUP(dictionary_freep) struct kc_dictionary *query = NULL;
	CLEANUP(freep) char *safe = NULL;
	const char *name = NULL;
	bool yes = false;
	const struct option_row rows[] = {{"yes", OPTION_FLAG, &yes}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the key", true, words, n_words, &name));
	TRY(resolve_item(context, name, RESOLVE_ANY, &item));
	TRY(check(item));
	if (!yes)
		TRY(make_sure(context, item));
	TRY(new_query(item, &query));
	TRY(kc_item_delete(query));
	if (context->json)
		return page_json_take(kc_dictionary_new(NULL, 0));
	safe = page_safe(label_of(item));
	(void)printf("The key %s is deleted.\n", safe);
	return page_finish();
}

const struct command cmd_key_delete = {
	.name = "key delete",
	.arguments = "KEY [--yes]",
	.summary = "delete a key of the keychain",
	.help = "KEY is named as for keycask show. Asks before it deletes: what was encrypted to "
		"the\n"
		"key cannot be read any more. A certificate of it stays. Keys on tokens stay too.\n"
		"\n"
		"  --yes              do not ask\n",
	.run = run,
};
