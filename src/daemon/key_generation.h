/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_KEY_GENERATION_H
#define DAEMON_KEY_GENERATION_H

/*
 * Making a key that is kept here: in the loop when it takes microseconds, in a thread when it is
 * RSA. When whoever asked leaves, the thread soon ends too.
 */

#include "daemon/daemon.h"
#include "keys/generation.h"

struct key_generation_options {
	/* @key's content may be taken; empty on failure. The call is the caller's again. May run
	 * inside key_generation_start(). */
	void (*done)(void *details, enum kc_status status, struct private_key *key);
	/* Instead of done(): whoever called has left. To free @details; the call is gone. */
	void (*gone)(void *details);
	void *details;
};

/* On success @call is taken until done() or gone(). */
KC_MUST_CHECK enum kc_status key_generation_start(struct wire_call *call,
						  const struct generation_kind *kind,
						  const struct key_generation_options *options);

#endif
