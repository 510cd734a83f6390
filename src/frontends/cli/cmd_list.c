/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask list: the items of the keychain, identities first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/item.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/keychain_note.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

static enum kc_status print_json(const struct inventory *inventory)
{
	CLEANUP(kc_value_freep) struct kc_value *items = NULL;

	TRY(inventory_to_value(inventory, &items));
	return page_json(items);
}

/* A URI is never cut: it is there to be copied. */
static enum kc_status print_long(const struct context *context, const struct inventory *inventory)
{
	static const char *const titles[] = {"LABEL", "CLASS", "URI", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);

	for (size_t i = 0; i < inventory->n_items; i++) {
		CLEANUP(freep) char *uri = NULL;

		TRY(kc_item_uri(inventory->items[i], &uri));
		table_add(&table, kc_dictionary_text(inventory->items[i], KC_ATTR_LABEL));
		table_add(&table, kc_dictionary_text(inventory->items[i], KC_CLASS));
		table_add(&table, uri);
	}
	table_print(&table, stdout, context->has_color, 0);
	return page_finish();
}

static enum kc_status print_nothing(const struct inventory_filter *filter)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;

	TRY(kc_token_list(&tokens));
	if (kc_value_count(tokens) == 0)
		page_no_token();
	else if (filter->item_class || filter->token_id || filter->label)
		(void)puts("No item matches.");
	else
		(void)puts("No certificate and no key is on the tokens that are present.\n"
			   "Whether each of them works is told by: keycask tokens");
	return page_finish();
}

static enum kc_status check_class(struct context *context, const char *item_class)
{
	static const char *const classes[] = {KC_CLASS_IDENTITY, KC_CLASS_CERTIFICATE,
					      KC_CLASS_KEY};

	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (!item_class || strcmp(item_class, classes[i]) == 0)
			return KC_OK;
	return usage_error(context, "--class is %s, %s or %s, not '%s'", classes[0], classes[1],
			   classes[2], item_class);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(inventory_done) struct inventory inventory = {.items = NULL};
	struct inventory_filter filter = {.label = NULL};
	CLEANUP(freep) char *token_id = NULL;
	bool is_all = false;
	bool is_long = false;
	const struct option_row rows[] = {{"class", OPTION_TEXT, &filter.item_class},
					  {"token", OPTION_TEXT, &filter.token_id},
					  {"token-id", OPTION_TEXT, &filter.token_id},
					  {"label", OPTION_TEXT, &filter.label},
					  {"all", OPTION_FLAG, &is_all},
					  {"long", OPTION_FLAG, &is_long}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(check_class(context, filter.item_class));
	if (filter.token_id) {
		TRY(resolve_token(filter.token_id, &token_id));
		filter.token_id = token_id;
	}
	TRY(inventory_collect(&filter, &inventory));
	if (inventory.is_partial)
		(void)fputs(
			"keycask: the keychain is locked, so only tokens are listed; to open it: "
			"keycask unlock\n",
			stderr);
	keychain_note_print();
	if (context->json)
		return print_json(&inventory);
	if (!is_all)
		inventory_fold(&inventory);
	if (inventory.n_items == 0)
		return print_nothing(&filter);
	if (is_long)
		return print_long(context, &inventory);
	inventory_print(&inventory, stdout, context->has_color);
	return page_finish();
}

const struct command cmd_list = {
	.name = "list",
	.arguments = "[--class CLASS] [--token TOKEN] [--label LABEL] [--all] [--long]",
	.summary = "identities, certificates and keys",
	.help = "An identity is a certificate together with its private key; the two are not "
		"shown\n"
		"again unless --all or --class asks for them. --json lists every item.\n"
		"\n"
		"  --class CLASS   identity, certificate or key\n"
		"  --token TOKEN   of one token: its label, its ID, or 8 digits or more of its ID\n"
		"  --label LABEL   with exactly this label\n"
		"  --all           also the parts of identities\n"
		"  --long          the URI of each item: a name for configuration files\n",
	.run = run,
};
