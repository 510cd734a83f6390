/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

/*
 * Options in any order among the other words: --name VALUE, --name=VALUE, --flag; "--" ends them
 * and "-" is a word. --json and --help belong to every command and are read here.
 */

#include "frontends/cli/cli.h"

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_NUMBER, /* int, not negative */
	OPTION_TEXTS,  /* struct option_texts: it may come more than once */
};

enum {
	OPTION_TEXTS_MAX = 64,
};

struct option_texts {
	const char *texts[OPTION_TEXTS_MAX];
	size_t n;
};

struct option_row {
	const char *name; /* without the dashes */
	enum option_kind kind;
	void *target;
};

/*
 * Fill in the targets of @rows and leave the other words at the start of @words.
 * Expected: KC_ERR_PARAM  a wrong call, marked as such in @context
 */
KC_MUST_CHECK enum kc_status options_parse(struct context *context, const struct option_row *rows,
					   size_t n_rows, char **words, int *n_words);

/* The one word that @what may be; NULL when there is none and @is_needed is false. */
KC_MUST_CHECK enum kc_status options_one_word(struct context *context, const char *what,
					      bool is_needed, char **words, int n_words,
					      const char **ret_word);

/* There may be no words at all. */
KC_MUST_CHECK enum kc_status options_no_words(struct context *context, char **words, int n_words);

#endif
