/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask password delete. Of what can be looked at, the one that is meant; while the keychain is
 * locked, the one that is named exactly.
 */
#include <stdio.h>

#include <keycask/item.h>

#include "base/cleanup.h"
#include "frontends/cli/hidden_input.h"
#include "frontends/cli/page.h"
#include "frontends/cli/password_name.h"
#include "frontends/cli/unlocking.h"
#include "frontends/owned.h"

static enum kc_status make_sure(struct context *context, const char *what)
{
	char question[640];
	bool yes = false;

	if (context->json || !hidden_input_is_possible())
		return usage_error(context, "nobody can be asked whether to delete it: say --yes");
	(void)snprintf(question, sizeof(question), "Delete the password of %s? [y/N] ", what);
	TRY(hidden_input_confirm(question, &yes));
	REQUIRE(yes, KC_ERR_USER_CANCELED, "nothing was deleted");
	return KC_OK;
}

static enum kc_status delete_found(const struct kc_dictionary *item)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_VALUE_PERSISTENT_REF, KC_DATA(kc_dictionary_data(item, INVENTORY_REFERENCE))});

	return kc_item_delete(query);
}

/*
 * Deleting needs no key (reference/keychain.md 4.4), but what there is cannot be looked at. So it
 * is exactly the one that was said, in the group where keycask password set would have put it;
 * never all that share a name.
 */
static enum kc_status delete_locked(const struct kc_dictionary *query)
{
	enum kc_status status = kc_item_delete(query);

	if (status != KC_ERR_ITEM_NOT_FOUND)
		return status;
	error_set_hint(
		"say its ACCOUNT, and --group, --protocol, --port and --path if it has them; "
		"or look for it: keycask unlock");
	return fail(KC_ERR_ITEM_NOT_FOUND,
		    "the keychain is locked, and there is no password of exactly this name");
}

struct deletion {
	struct context *context;
	struct password_name name;
	struct kc_dictionary *item;
	struct kc_dictionary *query; /* instead of an item that was found */
	bool yes;
};

static void deletion_done(struct deletion *deletion)
{
	kc_dictionary_freep(&deletion->item);
	kc_dictionary_freep(&deletion->query);
}

static enum kc_status find_or_name(struct deletion *deletion)
{
	enum kc_status status =
		password_name_find(deletion->context, &deletion->name, false, &deletion->item);

	if (status != KC_ERR_INTERACTION_NOT_ALLOWED || !unlocking_is_locked())
		return status;
	error_clear();
	TRY(password_name_new_query(&deletion->name, &deletion->query));
	return password_name_put_default_group(deletion->query);
}

static enum kc_status run_delete(struct context *context, char **words, int n_words)
{
	CLEANUP(deletion_done)
	struct deletion deletion = {.context = context, .name = PASSWORD_NAME_INIT};
	CLEANUP(freep) char *what = NULL;
	const struct option_row rows[] = {PASSWORD_NAME_ROWS(&deletion.name),
					  {"yes", OPTION_FLAG, &deletion.yes}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(password_name_read(context, words, n_words, &deletion.name));
	TRY(find_or_name(&deletion));
	what = password_name_describe(deletion.query ? deletion.query : deletion.item);
	if (!deletion.yes)
		TRY(make_sure(context, what));
	TRY(deletion.query ? delete_locked(deletion.query) : delete_found(deletion.item));
	if (context->json)
		return page_json_take(kc_dictionary_new(NULL, 0));
	(void)printf("The password of %s is deleted.\n", what);
	return page_finish();
}

const struct command cmd_password_delete = {
	.name = "password delete",
	.arguments = "SERVICE|--server HOST [ACCOUNT] [--yes]",
	.summary = "delete a password",
	.help = "Names are those of keycask password get. Asks before it deletes; what names "
		"several "
		"is\n"
		"an error that lists them. While the keychain is locked nothing can be looked up: "
		"the\n"
		"one is deleted that has exactly this name and ACCOUNT.\n"
		"\n" PASSWORD_NAME_HELP "  --yes              do not ask\n",
	.run = run_delete,
};
