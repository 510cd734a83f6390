/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_PIN_QUESTION_H
#define TOKENS_PIN_QUESTION_H

/* What an operation wants a person to do about a PIN. */

enum pin_question_kind {
	PIN_QUESTION_USE,     /* the token's PIN, to use it */
	PIN_QUESTION_CURRENT, /* a PIN that is to be changed */
	PIN_QUESTION_UNBLOCK, /* the one that unblocks another */
	PIN_QUESTION_NEW,
	PIN_QUESTION_REPEAT,	     /* the new one once more */
	PIN_QUESTION_KEYPAD,	     /* nothing is typed here, but on the reader */
	PIN_QUESTION_ADMIN,	     /* the administrator's PIN, to write something */
	PIN_QUESTION_MANAGEMENT_KEY, /* or the management key, in hexadecimal */
};

struct pin_question {
	enum pin_question_kind kind;
	const char *act;   /* of the administrator's: what it is that is done; static */
	const char *pin;   /* which PIN: what a person calls it; NULL: the token's */
	const char *rules; /* what a new one must look like; NULL: nothing is known */
	const char *why;   /* the failure before, NULL at first */
	int tries_left;	   /* -1: unknown */
};

#endif
