/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_DELETION_H
#define CLI_DELETION_H

/* What keycask key delete and cert delete have in common: a person agrees, and it is gone. */

#include <keycask/item.h>

#include "frontends/cli/token_options.h"

struct deletion {
	struct token_options token; /* of what is on one: what its administrator proves */
	bool yes;
	bool no_prompt;
	const char *class_name; /* KC_CLASS_KEY or KC_CLASS_CERTIFICATE */
	const char *noun;
	const char *warning; /* behind the question */
};

#define DELETION_INIT ((struct deletion){.token = TOKEN_OPTIONS_INIT})

/* The rows for options_parse(); a C expression list. */
#define DELETION_ROWS(deletion)                                                                    \
	{"yes", OPTION_FLAG, &(deletion)->yes},                                                    \
		{"no-prompt", OPTION_FLAG, &(deletion)->no_prompt},                                \
		TOKEN_OPTIONS_PROOF_ROWS(&(deletion)->token)

#define DELETION_HELP                                                                              \
	"  --yes              do not ask whether to\n" TOKEN_OPTIONS_PROOF_HELP                    \
	"  --no-prompt        fail rather than ask a person\n"

void deletion_done(struct deletion *deletion);

const char *deletion_label(const struct kc_dictionary *item);

/* Delete what of @item, an item or an identity, is of deletion->class_name. */
KC_MUST_CHECK enum kc_status deletion_run(struct context *context, struct deletion *deletion,
					  const struct kc_dictionary *item);

#endif
