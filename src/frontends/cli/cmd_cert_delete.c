/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask cert delete: a certificate, of the keychain or of a token. Its key, if it has one, stays.
 */
#include "frontends/cli/deletion.h"

static enum kc_status run(struct context *context, char **words, int n_words)
{
	static const struct deletion_kind certificate = {
		.class_name = KC_CLASS_CERTIFICATE,
		.argument = "the certificate",
		.noun = "certificate",
		.is_none = "has no certificate",
		.warning = "",
	};

	return deletion_run(context, &certificate, words, n_words);
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
