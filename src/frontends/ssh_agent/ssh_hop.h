/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_HOP_H
#define SSH_AGENT_SSH_HOP_H

/* One end of a destination constraint, and whether a host or user is it. */

#include <stdbool.h>

#include "base/bytes.h"

struct ssh_hop {
	struct kc_view user; /* a pattern; empty: any */
	struct kc_view host;
	struct kc_view keys; /* string and boolean, string and boolean … */
	size_t n_keys;
};

struct ssh_constraint {
	struct ssh_hop from; /* without host: from here */
	struct ssh_hop to;
};

/* The next of @constraints, and move past it. Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status ssh_hop_read_constraint(struct kc_view *constraints,
						     struct ssh_constraint *ret_constraint);

/* Is @host_key one of the hop's keys, or a certificate for its host by one of its authorities? */
bool ssh_hop_is(const struct ssh_hop *hop, struct kc_view host_key);

/* OpenSSH's patterns: '*' is any number of characters, '?' is one. */
bool ssh_hop_matches(struct kc_view pattern, struct kc_view text);

#endif
