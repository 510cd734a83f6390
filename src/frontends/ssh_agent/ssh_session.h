/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_SESSION_H
#define SSH_AGENT_SSH_SESSION_H

/* The hosts that a connection was bound to: session-bind@openssh.com of OpenSSH's PROTOCOL.agent.
 */

#include "frontends/ssh_agent/ssh_destination.h"

enum {
	SSH_SESSION_BOUND_MAX = 16, /* hosts in a row */
	SSH_SESSION_ID_MAX = 128,
};

struct ssh_session {
	struct ssh_bound bound[SSH_SESSION_BOUND_MAX];
	size_t n_bound;
	unsigned n_unproved; /* bindings that were tried, and not accepted (yet) */
	struct bytes content[SSH_SESSION_BOUND_MAX]; /* what each one points into */
};

void ssh_session_done(struct ssh_session *session);
struct ssh_way ssh_session_way(const struct ssh_session *session);

/* A binding that was asked for; its views point into the request. */
struct ssh_binding {
	struct kc_view host_key;
	struct kc_view session_id;
	struct kc_view signature;
	bool is_forwarding;
};

/* Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status ssh_session_read(struct kc_view content,
					      struct ssh_binding *ret_binding);
/* Has that host signed that session? Asks the daemon, touches nothing of a session. */
KC_MUST_CHECK enum kc_status ssh_session_verify(const struct ssh_binding *binding);
/* Note what was verified. Expected: KC_ERR_PARAM  the connection cannot be bound to it */
KC_MUST_CHECK enum kc_status ssh_session_bind(struct ssh_session *session,
					      const struct ssh_binding *binding);

#endif
