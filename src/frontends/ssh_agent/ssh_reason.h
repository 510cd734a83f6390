/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_REASON_H
#define SSH_AGENT_SSH_REASON_H

/* What a person is told that a signature is for: the user, the host, and over whom it was asked. */

#include "frontends/ssh_agent/ssh_destination.h"

enum {
	SSH_REASON_MAX = 512,
};

struct ssh_reason {
	const struct ssh_way *way;
	const struct ssh_destinations *destinations;
	const char *known_hosts; /* a path; NULL: none */
	struct kc_view key;	 /* the blob that signs */
	struct kc_view data;	 /* what is signed */
};

void ssh_reason_say(const struct ssh_reason *reason, char ret_text[SSH_REASON_MAX]);

#endif
