/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_AGENT_SOCKET_H
#define DAEMON_AGENT_SOCKET_H

/*
 * The socket of the ssh-agent, beside the daemon's own: keycask-ssh-agent is started when somebody
 * connects, with the listening socket, so that who has connected meanwhile is served by it too. It
 * ends when it is idle and is started again; one that crashes waits longer each time. Where it
 * cannot be started, or crashes each time, whoever connects is sent away at once.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "sys/paths.h"

enum {
	AGENT_SOCKET_TROUBLE_MAX = 256,
};

struct agent_socket;

/*
 * Takes @listener, which systemd has passed; -1: listen at ssh-agent.sock beside @socket, the
 * daemon's. Expected: KC_ERR_NOT_AVAILABLE  nobody can listen there
 */
KC_MUST_CHECK enum kc_status agent_socket_new(sd_event *event, const char *socket, int listener,
					      struct agent_socket **ret_agent_socket);
/* Ends the agent, and takes the socket away if it was made here. */
struct agent_socket *agent_socket_free(struct agent_socket *agent_socket);
DEFINE_FREEP(agent_socket)

/* Where it listens; NULL: there is none. Borrowed. */
const char *agent_socket_path(const struct agent_socket *agent_socket);
/* Why nobody is served there at present; NULL: nothing is known to be wrong. Borrowed. */
const char *agent_socket_trouble(const struct agent_socket *agent_socket);

#endif
