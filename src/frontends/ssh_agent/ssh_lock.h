/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_LOCK_H
#define SSH_AGENT_SSH_LOCK_H

/* ssh-add -x and -X: while the agent is locked it shows and signs nothing. */

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

struct ssh_lock {
	bool is_locked;
	struct secret password;
	unsigned n_wrong;
	int64_t closed_until_us; /* CLOCK_MONOTONIC; no password is looked at before */
};

void ssh_lock_done(struct ssh_lock *lock);

/* Expected: KC_ERR_PARAM  it is locked already */
KC_MUST_CHECK enum kc_status ssh_lock_close(struct ssh_lock *lock, struct kc_view password);
/* Expected: KC_ERR_AUTH_FAILED  another password; KC_ERR_PARAM  it is not locked;
 * KC_ERR_NOT_AVAILABLE  too soon after a wrong one, whoever gave that */
KC_MUST_CHECK enum kc_status ssh_lock_open(struct ssh_lock *lock, struct kc_view password);

/* How long the answer to a wrong password waits, and every other attempt is refused meanwhile: who
 * connects anew for each, or many times, tries no more of them. */
unsigned ssh_lock_penalty_ms(const struct ssh_lock *lock);

#endif
