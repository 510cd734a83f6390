/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask cert delete: a certificate, of the keychain or of a token. Its key, if it has one, stays.
 */
#include <stdio.h>

#include <keycask/item.h>

#include "base/cleanup.h"
#include "frontends/cli/deletion.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

/* An identity is a key and this: its certificate. */
static enum kc_status find_certificate(struct context *context, const char *name,
				       struct kc_dictionary **ret_item)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;
	bool is_certificate = false;
	bool is_identity = false;

	TRY(resolve_item(context, name, RESOLVE_ANY, &item));
	is_certificate = inventory_is_class(item, KC_CLASS_CERTIFICATE);
	is_identity = inventory_is_class(item, KC_CLASS_IDENTITY);
	REQUIRE(is_certificate || is_identity, KC_ERR_PARAM, "'%.64s' has no certificate",
		deletion_label(item));
	*ret_item = take(item);
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
	TRY(options_one_word(context, "the certificate", true, words, n_words, &name));
	TRY(find_certificate(context, name, &item));
	deletion.class_name = KC_CLASS_CERTIFICATE;
	deletion.noun = "certificate";
	deletion.warning = "";
	return deletion_run(context, &deletion, item);
}

const struct command cmd_cert_delete = {
	.name = "cert delete",
	.arguments = "ITEM [--yes] …",
	.summary = "delete a certificate of the keychain or of a token",
	.help = "ITEM is a certificate, or an identity that has one, named as for keycask show. "
		"Its\n"
		"key stays. Asks before it deletes.\n"
		"\n" DELETION_HELP,
	.run = run,
};
