/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask key delete: a key of the keychain or of a token. Its certificate, if it has one, stays.
 */
#include "frontends/cli/deletion.h"

static enum kc_status run(struct context *context, char **words, int n_words)
{
	static const struct deletion_kind key = {
		.class_name = KC_CLASS_KEY,
		.argument = "the key",
		.noun = "key",
		.is_none = "is no key",
		.warning = " It cannot be made again.",
	};

	return deletion_run(context, &key, words, n_words);
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
