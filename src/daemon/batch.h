/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_BATCH_H
#define DAEMON_BATCH_H

/*
 * One consent for a batch: signatures that different processes of one program make on behalf of one
 * run of another, such as git, which starts its signer anew for each commit of a rebase. What a
 * person has proved for the first serves the others, until that run ends. docs/access.md says what
 * it protects.
 */

#include "daemon/context.h"
#include "daemon/daemon.h"
#include "tokens/pin_session.h"

struct batch;

/*
 * The batch that @call asks for (its interaction's "batch"), made when it is the first that does.
 * NULL: it asks for none, or nothing that has started its process would end it: then the call
 * stands for itself. Expected: KC_ERR_PARAM  there are no such batches Ownership: batch_leave()
 * when the call has been answered.
 */
KC_MUST_CHECK enum kc_status batch_join(struct wire_call *call, struct batch **ret_batch);
/* NULL is fine. Always returns NULL. */
struct batch *batch_leave(struct batch *batch);
void batch_forget_all(struct daemon *daemon);

/* Its session with a token, made when it is first needed. Borrowed. */
KC_MUST_CHECK enum kc_status batch_session(struct batch *batch, const char *token_id,
					   struct pin_session **ret_session);

/* What has been proved for the software key named @key, and for no other. Borrowed. */
KC_MUST_CHECK enum kc_status batch_context(struct batch *batch, const char *key,
					   struct context **ret_context);

/* For a prompt: "every signature of this run of git rebase (process 17), until it ends", and where
 * that works, or NULL. Borrowed. */
const char *batch_scope(const struct batch *batch);
const char *batch_folder(const struct batch *batch);

#endif
