/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROMPTS_WORDING_H
#define PROMPTS_WORDING_H

/* What a prompt says. Foreign text is made harmless and cut here. */

#include <keycask/status.h>

#include "tokens/pin_question.h"

struct prompt_text {
	enum pin_question_kind kind;
	int client;		 /* its process ID, for its quota */
	const char *program;	 /* path of its executable, for its quota; may be "" */
	const char *application; /* who asks: the name of the client's program */
	const char *pin;	 /* which PIN: what a person calls it; NULL: the token's */
	const char *key;	 /* label; NULL: the token itself */
	const char *reason;	 /* what the client gives as such; may be NULL */
	const char *token;	 /* label and ID */
	const char *rules;	 /* what a new PIN must look like; NULL: nothing is known */
	const char *error;	 /* why it is asked again; may be NULL */
	int tries_left;		 /* -1: unknown */
};

/* All lines of the dialog, the caller's to free(). */
KC_MUST_CHECK enum kc_status wording_describe(const struct prompt_text *text,
					      char **ret_description);
/* Why it is asked again; NULL when it is asked for the first time. */
KC_MUST_CHECK enum kc_status wording_error(const struct prompt_text *text, char **ret_error);
/* What stands before the field: "PIN:". Static. */
const char *wording_field(enum pin_question_kind kind);

#endif
