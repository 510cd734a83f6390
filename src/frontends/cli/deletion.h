/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_DELETION_H
#define CLI_DELETION_H

/* What keycask key delete and cert delete are: a person agrees, and it is gone. */

#include <keycask/item.h>

#include "frontends/cli/token_options.h"

struct deletion_kind {
	const char *class_name; /* KC_CLASS_KEY or KC_CLASS_CERTIFICATE */
	const char *argument;	/* as it is asked for when it is missing */
	const char *noun;
	const char *is_none; /* said of an item that has none */
	const char *warning; /* behind the question */
};

#define DELETION_HELP                                                                              \
	"  --yes              do not ask whether to\n" TOKEN_OPTIONS_PROOF_HELP                    \
	"  --no-prompt        fail rather than ask a person\n"

/* The command: delete what of the item, or identity, that is named is of @kind. */
KC_MUST_CHECK enum kc_status deletion_run(struct context *context, const struct deletion_kind *kind,
					  char **words, int n_words);

#endif
