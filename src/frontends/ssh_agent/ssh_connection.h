/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_CONNECTION_H
#define SSH_AGENT_SSH_CONNECTION_H

/* One program that talks to the agent: its bytes, its turn, and the hosts it was bound to. */

#include <systemd/sd-event.h>

#include "frontends/ssh_agent/ssh_agent.h"

struct ssh_connection;

/* It is over, and freed after this. */
typedef void (*ssh_connection_ended_fn)(void *userdata, struct ssh_connection *connection);

struct ssh_connection_options {
	sd_event *event;
	struct ssh_agent *agent;
	ssh_connection_ended_fn on_ended;
	void *userdata;
};

/* Takes @fd. Expected: KC_ERR_MISSING_ENTITLEMENT  another user */
KC_MUST_CHECK enum kc_status ssh_connection_new(const struct ssh_connection_options *options,
						int fd, struct ssh_connection **ret_connection);
/* on_ended does not run. What a thread is at goes on, and its result is thrown away. */
struct ssh_connection *ssh_connection_free(struct ssh_connection *connection);
DEFINE_FREEP(ssh_connection)

/* Nothing was asked that is not answered. */
bool ssh_connection_is_idle(const struct ssh_connection *connection);

struct list *ssh_connection_link(struct ssh_connection *connection);
struct ssh_connection *ssh_connection_from_link(struct list *link);

#endif
