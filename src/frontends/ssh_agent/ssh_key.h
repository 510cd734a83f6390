/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_KEY_H
#define SSH_AGENT_SSH_KEY_H

/* The private key behind an offer, as long as anybody has it in hand. */

#include <systemd/sd-event.h>

#include <keycask/key.h>

#include "base/cleanup.h"

/* A key, held by offers and by signatures in progress. Counted on the loop only. */
struct ssh_key {
	unsigned n_holders;
	struct kc_key *key;
	sd_event *event; /* not NULL: ssh-add brought it, and the daemon forgets it with us */
};

/* Takes @key. With @event the last holder has the daemon forget it, in a thread. */
KC_MUST_CHECK enum kc_status ssh_key_new(struct kc_key *key, sd_event *event,
					 struct ssh_key **ret_key);
struct ssh_key *ssh_key_hold(struct ssh_key *key);
/* NULL is fine. Always returns NULL. */
struct ssh_key *ssh_key_free(struct ssh_key *key);
DEFINE_FREEP(ssh_key)

#endif
