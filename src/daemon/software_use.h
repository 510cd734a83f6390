/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_SOFTWARE_USE_H
#define DAEMON_SOFTWARE_USE_H

/*
 * One use of a private key that is kept in the keychain: in the loop when it takes microseconds, in
 * a thread when it is RSA. Whoever asked may leave meanwhile.
 */

#include "daemon/daemon.h"
#include "keys/plan.h"

struct software_use_options {
	/* @answer is the base operation's, borrowed; empty on failure. The call is the caller's
	 * again. May run inside software_use_start(). */
	void (*done)(void *details, enum kc_status status, struct kc_view answer);
	/* Instead of done(): whoever called has left. To free @details; the call is gone. */
	void (*gone)(void *details);
	void *details;
};

/*
 * Perform what @plan says with @key, whose private half is taken. On success @call is taken until
 * done() or gone(). Expected: KC_ERR_PARAM  the key has no value
 */
KC_MUST_CHECK enum kc_status software_use_start(struct wire_call *call, struct engine_key *key,
						const struct plan *plan,
						const struct software_use_options *options);

#endif
