/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PIN_OPTIONS_H
#define CLI_PIN_OPTIONS_H

/* --pin-fd, --no-prompt, --last-try: how a PIN is come by, the same for all that need one. */

#include <keycask/key.h>

#include "base/secret.h"
#include "frontends/cli/options.h"

struct pin_options {
	int fd; /* -1: none */
	bool no_prompt;
	bool last_try;
	struct secret pin;
};

#define PIN_OPTIONS_INIT ((struct pin_options){.fd = -1})

/* The rows for options_parse(); a C expression list. */
#define PIN_OPTIONS_ROWS(options)                                                                  \
	{"pin-fd", OPTION_NUMBER, &(options)->fd},                                                 \
		{"no-prompt", OPTION_FLAG, &(options)->no_prompt},                                 \
	{                                                                                          \
		"last-try", OPTION_FLAG, &(options)->last_try                                      \
	}

#define PIN_OPTIONS_HELP                                                                           \
	"  --pin-fd N       read the PIN from descriptor N, as in: … --pin-fd 3 3<pin\n"         \
	"  --no-prompt      fail rather than ask a person\n"                                       \
	"  --last-try       use the PIN even if it is the last try that the card accepts\n"

void pin_options_done(struct pin_options *options);

/* Standard input cannot be both the PIN and @what, which is read from @path. Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status pin_options_check_input(struct context *context,
						     const struct pin_options *options,
						     const char *what, const char *path);

/* Read the PIN, if one is to be read. *ret_options borrows it. */
KC_MUST_CHECK enum kc_status pin_options_read(struct pin_options *options,
					      struct kc_options *ret_options);

/* --puk, --admin, --pin-id: which PIN of the token. */
struct pin_choice {
	const char *pin_id; /* an ID or a role; NULL: the PIN of the token */
	bool is_puk;
	bool is_admin;
};

/* At most one of them, which is then @choice->pin_id. */
KC_MUST_CHECK enum kc_status pin_options_check_choice(struct context *context,
						      struct pin_choice *choice);
/* What a person calls it: "PIN". */
const char *pin_options_name(const struct pin_choice *choice);

/* The token that the option or the one word names. The caller's to free(). */
KC_MUST_CHECK enum kc_status pin_options_find_token(struct context *context, const char *token,
						    char **words, int n_words, char **ret_token_id);

#endif
