/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROMPTS_WORDING_H
#define PROMPTS_WORDING_H

/* What a prompt says, and its buttons. Foreign text is made harmless and cut here. */

#include <keycask/status.h>

#include "tokens/pin_question.h"

enum prompt_kind {
	/* What an operation of a token wants, in the order of enum pin_question_kind. */
	PROMPT_PIN,
	PROMPT_PIN_CURRENT,
	PROMPT_PIN_UNBLOCK,
	PROMPT_PIN_NEW,
	PROMPT_PIN_REPEAT,
	PROMPT_PIN_KEYPAD,
	PROMPT_PIN_ADMIN,
	PROMPT_MANAGEMENT_KEY,
	/* What an item's access control wants. */
	PROMPT_ITEM_CONFIRM,  /* yes or no */
	PROMPT_KEY_CONFIRM,   /* the same, of whoever asks to use a key */
	PROMPT_ITEM_PASSCODE, /* the keychain password */
	PROMPT_ITEM_PASSWORD, /* the item's own, which came with no context */
	PROMPT_ITEM_PASSWORD_NEW,
	PROMPT_ITEM_PASSWORD_REPEAT,
	/* The keychain's password, for itself. */
	PROMPT_KEYCHAIN_UNLOCK,
	PROMPT_KEYCHAIN_CURRENT, /* before another, or none */
	PROMPT_KEYCHAIN_NEW,
	PROMPT_KEYCHAIN_REPEAT,
	/* A backup's own password. */
	PROMPT_BACKUP_NEW,
	PROMPT_BACKUP_REPEAT,
	PROMPT_BACKUP_PASSWORD,
	/* That of a file that is imported, or made. */
	PROMPT_FILE_PASSPHRASE,
	PROMPT_FILE_NEW,
	PROMPT_FILE_REPEAT,
};

enum prompt_kind wording_kind(enum pin_question_kind kind);

struct prompt_text {
	enum prompt_kind kind;
	int client;		 /* its process ID, for its quota */
	const char *program;	 /* path of its executable, for its quota; may be "" */
	const char *application; /* who asks: the name of the client's program */
	const char *act;	 /* what the program wants to do; NULL: the kind says it */
	const char *pin;	 /* which PIN: what a person calls it; NULL: the token's */
	const char *key;	 /* label; NULL: the token itself */
	const char *item;	 /* label; NULL: it is about no item */
	const char *scope;	 /* what else the answer is good for; NULL: nothing */
	const char *folder;	 /* where that is done; may be NULL */
	const char *reason;	 /* what the client gives as such; may be NULL */
	const char *token;	 /* label and ID; NULL: it is about none */
	const char *rules;	 /* what a new PIN must look like; NULL: nothing is known */
	const char *error;	 /* why it is asked again; may be NULL */
	int tries_left;		 /* -1: unknown */
};

/* All lines of the dialog, the caller's to free(). */
KC_MUST_CHECK enum kc_status wording_describe(const struct prompt_text *text,
					      char **ret_description);
/* Why it is asked again; NULL when it is asked for the first time. */
KC_MUST_CHECK enum kc_status wording_error(const struct prompt_text *text, char **ret_error);
/* What stands before the field: "PIN:"; NULL: nothing is typed, a button is pressed. Static. */
const char *wording_field(enum prompt_kind kind);
/* The buttons. Static; NULL: as the program likes. */
const char *wording_ok(enum prompt_kind kind);
const char *wording_cancel(enum prompt_kind kind);

#endif
