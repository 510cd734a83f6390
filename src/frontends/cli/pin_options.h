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
	"  --pin-fd N       read the PIN from descriptor N (sign … --pin-fd 3 3<pin)\n"          \
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

#endif
