/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_PASSWORD_QUESTION_H
#define DAEMON_PASSWORD_QUESTION_H

/*
 * Asking a person for a password, the keychain's or an item's own, at the place of a call: typed,
 * stretched, checked, and asked again when it is wrong.
 */

#include "base/cleanup.h"
#include "daemon/daemon.h"

struct password_question;

/* Is it right? KC_ERR_AUTH_FAILED: no; it is asked again. */
typedef enum kc_status (*password_check_fn)(void *userdata, struct kc_view stretched);
/* @stretched is empty unless @status is KC_OK, and may be taken. Never runs inside
 * password_question_start(). */
typedef void (*password_done_fn)(void *userdata, enum kc_status status, struct secret *stretched);

struct password_question_options {
	enum prompt_kind kind;
	enum prompt_kind repeat; /* a new one is asked twice; @kind: once */
	const char *item;	 /* label; NULL: it is about no item. Copied */
	const char *scope;	 /* of the prompt, with folder; borrowed, NULL */
	const char *folder;
	const char *reason; /* NULL: what the call's interaction says. Borrowed from the call */
	const char *error;  /* why it is asked again; NULL: it is not. Copied */
	struct keybag_stretching stretching;
	bool is_plain;		 /* no stretching: on_done gets what was typed */
	password_check_fn check; /* NULL: whatever is typed will do, but for nothing */
	password_done_fn on_done;
	void *userdata;
};

/*
 * *ret_question lives until on_done, or password_question_cancel(). Expected: as prompt_start()
 */
KC_MUST_CHECK enum kc_status password_question_start(
	struct wire_call *call, const struct password_question_options *options,
	struct password_question **ret_question);

/* Take it away; on_done does not run. NULL is fine. */
void password_question_cancel(struct password_question *question);

#endif
