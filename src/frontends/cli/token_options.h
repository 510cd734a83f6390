/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_TOKEN_OPTIONS_H
#define CLI_TOKEN_OPTIONS_H

/* Which token something is written to, where on it, and what its administrator proves. */

#include <keycask/key.h>

#include "base/secret.h"
#include "frontends/cli/options.h"

struct token_options {
	const char *token; /* as the person says it */
	const char *object;
	bool may_replace;
	bool last_try;
	int administrator_fd; /* -1: none */
	struct secret administrator;
	char *token_id; /* of token_options_find() */
};

#define TOKEN_OPTIONS_INIT ((struct token_options){.administrator_fd = -1})

/* The rows for options_parse(); C expression lists. */
#define TOKEN_OPTIONS_PROOF_ROWS(options)                                                          \
	{"last-try", OPTION_FLAG, &(options)->last_try},                                           \
	{                                                                                          \
		"administrator-fd", OPTION_NUMBER, &(options)->administrator_fd                    \
	}
#define TOKEN_OPTIONS_ROWS(options)                                                                \
	{"token", OPTION_TEXT, &(options)->token}, {"object", OPTION_TEXT, &(options)->object},    \
		{"replace", OPTION_FLAG, &(options)->may_replace},                                 \
		TOKEN_OPTIONS_PROOF_ROWS(options)

#define TOKEN_OPTIONS_PROOF_HELP                                                                   \
	"  --administrator-fd N  read the administrator's PIN, or the management key in\n"         \
	"                     hexadecimal, from descriptor N; otherwise somebody is asked\n"       \
	"  --last-try         even if a wrong PIN would block the token's administrator\n"

void token_options_done(struct token_options *options);

/* Options for a token are for one that is named. Expected: KC_ERR_PARAM, as a wrong call */
KC_MUST_CHECK enum kc_status token_options_check(struct context *context,
						 const struct token_options *options);

/* Find out which token it is; without --token the only one when @is_needed, else none. */
KC_MUST_CHECK enum kc_status token_options_find(struct token_options *options, bool is_needed);

/* Of a key that goes there: added to @attributes. Nothing when no token was found. */
KC_MUST_CHECK enum kc_status token_options_put(const struct token_options *options,
					       struct kc_dictionary *attributes);

/* Read what came with --administrator-fd. */
KC_MUST_CHECK enum kc_status token_options_read(struct token_options *options);

/* How the call is carried out. */
void token_options_fill(const struct token_options *options, bool no_prompt,
			struct kc_options *ret_options);

#endif
