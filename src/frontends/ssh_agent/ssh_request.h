/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_REQUEST_H
#define SSH_AGENT_SSH_REQUEST_H

/* The agent's messages: RFC 9987, and the extensions of OpenSSH's PROTOCOL.agent. */

#include "frontends/ssh_agent/ssh_task.h"

enum {
	SSH_REQUEST_MAX = 256 * 1024, /* as OpenSSH */
};

/*
 * Handle @message, which is one without its length: the answer is appended to @reply, or
 * *ret_task is to be run first, and ssh_request_finish() called. @client is who asks, as the kernel
 * says. Never fails: what cannot be done is answered so.
 */
void ssh_request_handle(struct ssh_agent *agent, struct ssh_session *session, pid_t client,
			struct kc_view message, struct bytes *reply, struct ssh_task **ret_task);

/* @status is what the task's run has returned. Frees the task. */
void ssh_request_finish(struct ssh_agent *agent, struct ssh_session *session, struct ssh_task *task,
			enum kc_status status, struct bytes *reply);

#endif
