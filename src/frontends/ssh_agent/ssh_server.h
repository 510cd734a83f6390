/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_SERVER_H
#define SSH_AGENT_SSH_SERVER_H

/* The agent's process: it has a listening socket, confines itself and serves. */

#include <keycask/status.h>

struct ssh_server_options {
	int listener;	 /* CHILD_FIRST_DESCRIPTOR: what is above it is closed */
	unsigned idle_s; /* end when nothing has happened and nothing is kept for so long; 0: never
			  */
};

/* Returns when it has been idle, or was told to end. */
KC_MUST_CHECK enum kc_status ssh_server_run(const struct ssh_server_options *options);

#endif
