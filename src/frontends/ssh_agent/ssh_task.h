/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_TASK_H
#define SSH_AGENT_SSH_TASK_H

/*
 * What takes long: a signature, for which a person may be asked, and whatever else waits on the one
 * connection to the daemon to which PINs and keys belong. It runs in a thread and touches nothing
 * but itself; begin and finish are the loop's.
 */

#include "frontends/ssh_agent/ssh_agent.h"
#include "frontends/ssh_agent/ssh_private.h"
#include "frontends/ssh_agent/ssh_reason.h"
#include "frontends/ssh_agent/ssh_signature.h"

struct ssh_task;

struct ssh_task_kind {
	enum kc_status (*run)(struct ssh_task *task);
	/* Append the answer to @reply. Not called when run() failed. */
	enum kc_status (*finish)(struct ssh_task *task, struct ssh_agent *agent,
				 struct ssh_session *session, struct bytes *reply);
};

struct ssh_task {
	const struct ssh_task_kind *kind;
	struct bytes message; /* the request; what follows points into it */
	/* A signature. */
	struct ssh_key *key;
	const struct ssh_algorithm *algorithm;
	struct kc_view data;
	char reason[SSH_REASON_MAX];
	char fingerprint[SSH_BLOB_FINGERPRINT_MAX];
	bool confirm;
	pid_t client;
	struct kc_bytes signature;
	/* A binding. */
	struct ssh_binding binding;
	/* A key that comes. */
	struct ssh_private private_key;
	struct kc_view comment;
	struct ssh_limits limits;
	struct kc_key *imported;
};

KC_MUST_CHECK enum kc_status ssh_task_new(const struct ssh_task_kind *kind, struct kc_view message,
					  struct ssh_task **ret_task);
struct ssh_task *ssh_task_free(struct ssh_task *task);
DEFINE_FREEP(ssh_task)

extern const struct ssh_task_kind ssh_task_sign;
extern const struct ssh_task_kind ssh_task_bind;
extern const struct ssh_task_kind ssh_task_add;
extern const struct ssh_task_kind ssh_task_clear;

/* Answers. */
enum {
	SSH_AGENT_FAILURE = 5,
	SSH_AGENT_SUCCESS = 6,
	SSH_AGENT_IDENTITIES_ANSWER = 12,
	SSH_AGENT_SIGN_RESPONSE = 14,
	SSH_AGENT_EXTENSION_FAILURE = 28,
	SSH_AGENT_EXTENSION_RESPONSE = 29,
};

#endif
