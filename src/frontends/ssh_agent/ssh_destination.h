/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_DESTINATION_H
#define SSH_AGENT_SSH_DESTINATION_H

/*
 * Destination constraints: over which hosts a key may be used, and to log in as whom (OpenSSH's
 * PROTOCOL.agent, restrict-destination-v00@openssh.com). Every key may have them: one that ssh-add
 * brought, one of a token, one of the keychain; the rules see no difference.
 */

#include <stdbool.h>

#include "base/bytes.h"

enum {
	SSH_DESTINATIONS_MAX = 256,	/* of one key */
	SSH_DESTINATION_KEYS_MAX = 128, /* of one hop */
	SSH_DESTINATIONS_BYTES_MAX = 64 * 1024,
};

/* The connection's way here: each host that was bound, in order, the agent's own first. */
struct ssh_bound {
	struct kc_view host_key; /* a blob */
	struct kc_view session_id;
	bool is_forwarding;
};

struct ssh_way {
	const struct ssh_bound *bound;
	size_t n_bound;
	bool has_failed; /* a binding was tried and refused: who came over that host is unknown */
};

/* The constraints of one key, as they came. Empty: none. */
struct ssh_destinations {
	struct bytes encoded; /* strings, each a constraint */
};

#define SSH_DESTINATIONS_INIT                                                                      \
	((struct ssh_destinations){.encoded = BYTES_INIT(SSH_DESTINATIONS_BYTES_MAX)})

void ssh_destinations_done(struct ssh_destinations *destinations);

/* Are they well-formed? @constraints as the extension holds them.
 * Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status ssh_destinations_check(struct kc_view constraints);
/* Check and append. */
KC_MUST_CHECK enum kc_status ssh_destinations_add(struct ssh_destinations *destinations,
						  struct kc_view constraints);

static inline bool ssh_destinations_are_any(const struct ssh_destinations *destinations)
{
	return destinations->encoded.len == 0;
}

/* May the key be shown to whoever came that way? */
bool ssh_destinations_show(const struct ssh_destinations *destinations, const struct ssh_way *way);

/*
 * May it sign @data for whoever came that way? With constraints it signs nothing but the login of a
 * user to the host that was bound last. @key is the blob that was asked for.
 */
bool ssh_destinations_permit(const struct ssh_destinations *destinations, const struct ssh_way *way,
			     struct kc_view key, struct kc_view data);

/* What the constraint that permits the last hop calls that host; empty: nothing does. Borrowed. */
struct kc_view ssh_destinations_name(const struct ssh_destinations *destinations,
				     const struct ssh_way *way);

/* Append a constraint from one hop to another; @from_host NULL: from here. */
struct ssh_destination_hop {
	const char *user; /* NULL: any */
	const char *host;
	const struct kc_view *keys; /* blobs */
	const bool *are_authorities;
	size_t n_keys;
};
KC_MUST_CHECK enum kc_status ssh_destination_put(const struct ssh_destination_hop *from,
						 const struct ssh_destination_hop *to,
						 struct bytes *bytes);

#endif
