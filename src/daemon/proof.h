/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_PROOF_H
#define DAEMON_PROOF_H

/*
 * A call to the engine and what it takes (reference/keychain.md 4.6): the engine is asked; when it
 * needs a proof, the context that the call names may have it, or a person is asked; then the engine
 * is asked again. Whether somebody may be asked is the call's to say: use_authentication_ui,
 * use_authentication_context and use_operation_prompt of its dictionary, and where: interaction.
 */

#include "daemon/daemon.h"

struct proof;

struct proof_options {
	/* The call to the engine; runs once or more. Whatever it made is to be made anew. */
	enum kc_status (*run)(void *details, struct engine_request *request);
	/* run() has succeeded: is there more of it to come? Then proof_again() goes on, with all
	 * that has been proved. NULL: there never is. */
	enum kc_status (*goes_on)(void *details, struct proof *proof, bool *ret_goes_on);
	/* It is over, and @details and the call are the caller's again: to be answered, with the
	 * error record as run() has left it. May run inside proof_run(). */
	void (*done)(void *details, enum kc_status status);
	/* Instead of done(): whoever called has left. To free @details; the call is gone. */
	void (*gone)(void *details);
	void *details;
	/* With use_…: a query, an item; NULL: interaction says all. Borrowed from the call. */
	struct json_object *dictionary;
	/* Attributes that will be written: an added item's, an update's changes; NULL: none are. */
	struct json_object *written;
	bool may_join_batch; /* batch.h: of a call that names its "key" */
	bool may_skip; /* use_authentication_ui may be "skip": copying only, and the engine does it
			*/
};

/* Takes @call until done() or gone(). */
void proof_run(struct wire_call *call, const struct proof_options *options);

/* After goes_on(), and not inside it: ask the engine for more. */
void proof_again(struct proof *proof);

#endif
