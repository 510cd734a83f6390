/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_HOST_H
#define SSH_AGENT_SSH_HOST_H

/* keycask ssh-agent as somebody types it: where the agent is, an agent of one's own. */

#include <keycask/status.h>

/* SSH_AUTH_SOCK of the agent beside the daemon, which is started when it does not run. With
 * @command it runs with that; else what a shell is to be told is printed. */
KC_MUST_CHECK enum kc_status ssh_host_show(char **command);

/*
 * An agent of its own at the socket @path: for as long as @command runs, whose exit status
 * becomes *ret_exit_status; without one (NULL), in the background, and what a shell is to be told
 * is printed.
 */
KC_MUST_CHECK enum kc_status ssh_host_run(const char *path, char **command, int *ret_exit_status);

#endif
