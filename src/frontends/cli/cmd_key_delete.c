/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask key delete: a key of the keychain or of a token. Its certificate, if it has one, stays.
 */
#include <stdio.h>

#include <keycask/item.h>

#include "base/cleanup.h"
#include "frontends/cli/deletion.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

static enum kc_status check(const struct kc_dictionary *item)
{
	bool is_key = inventory_is_class(item, KC_CLASS_KEY);
	bool is_identity = inventory_is_class(item, KC_CLASS_IDENTITY);

	REQUIRE(is_key || is_identity, KC_ERR_PARAM, "'%.64s' is no key", deletion_label(item));
	return KC_OK;
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;
	CLEANUP(deletion_done) struct deletion deletion = DELETION_INIT;
	const char *name = NULL;
	const struct option_row rows[] = {DELETION_ROWS(&deletion)};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the key", true, words, n_words, &name));
	TRY(resolve_item(context, name, RESOLVE_ANY, &item));
	TRY(check(item));
	deletion.class_name = KC_CLASS_KEY;
	deletion.noun = "key";
	deletion.warning = " It cannot be made again.";
	return deletion_run(context, &deletion, item);
}

const struct command cmd_key_delete = {
	.name = "key delete",
	.arguments = "KEY [--yes] …",
	.summary = "delete a key of the keychain or of a token",
	.help = "KEY is named as for keycask show. Asks before it deletes: what was encrypted to "
		"the\n"
		"key cannot be read any more. A certificate of it stays. Few tokens delete a key; "
		"what\n"
		"others have is replaced: keycask key create --replace.\n"
		"\n" DELETION_HELP,
	.run = run,
};
