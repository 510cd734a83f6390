/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_TOKEN_WRITE_H
#define DAEMON_TOKEN_WRITE_H

/*
 * What a token's administrator may have done (tokens/writing.h), as a call: who proves it, the
 * answer, one line of the audit log.
 */

#include "daemon/daemon.h"
#include "tokens/writing.h"

/* All borrowed for token_write_start() alone but operation. */
struct token_write_options {
	const char *token_id;
	struct writing_wish wish;
	const char *operation;	  /* in the audit log; static */
	const char *item_class;	  /* likewise; NULL: a key */
	struct kc_view object_id; /* as published, of what is to be deleted */
	const char *label;	  /* likewise: for who is asked, and the audit log; NULL */
	/* The call's secrets have been taken from it, and this is the administrator's: taken; NULL:
	 * there was none. Without has_taken_secrets they are looked for. */
	bool has_taken_secrets;
	struct secret *administrator;
};

/*
 * Takes @call on success, and ends in one reply: {key, public_key} of a key that was made, {key} of
 * one that was imported, {certificate}, or nothing of what was deleted.
 * Expected: KC_ERR_ITEM_NOT_FOUND  the token is away
 */
KC_MUST_CHECK enum kc_status token_write_start(struct wire_call *call,
					       const struct token_write_options *options);

#endif
