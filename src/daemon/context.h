/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CONTEXT_H
#define DAEMON_CONTEXT_H

/*
 * Authentication contexts: what a person has proved in one call serves the others of the same
 * connection that name the context, for five minutes and until the keychain is locked; and it may
 * carry the password of items that have one of their own.
 */

#include "base/cleanup.h"
#include "base/list.h"
#include "base/secret.h"
#include "items/engine.h"

enum {
	CONTEXTS_MAX = 16, /* of one connection */
	CONTEXT_PROOF_S = 300,
};

struct context;

/* When it is: a proof is good for a while, and only for as long as nothing is locked. */
struct context_time {
	uint64_t now_us; /* on a clock that runs while the machine sleeps */
	unsigned n_locks;
};

struct context_time context_now(unsigned n_locks);

/*
 * One more in @contexts, a connection's. Takes @application_key, which may be empty.
 * Expected: KC_ERR_NOT_AVAILABLE  the connection has too many
 */
KC_MUST_CHECK enum kc_status context_new(struct list *contexts, bool interaction_not_allowed,
					 struct secret *application_key,
					 struct context **ret_context);
struct context *context_free(struct context *context);
DEFINE_FREEP(context)
void context_free_all(struct list *contexts);

/* Nobody can guess it, so that a program cannot use another's by mistake. */
const char *context_name(const struct context *context);
/* Expected: KC_ERR_PARAM  there is no such context */
KC_MUST_CHECK enum kc_status context_find(struct list *contexts, const char *name,
					  struct context **ret_context);

/* For how long a proof counts: CONTEXT_PROOF_S unless it is said. */
void context_set_limit(struct context *context, unsigned seconds);

bool context_forbids_interaction(const struct context *context);
/* What it proves now. Borrows from @context. */
struct engine_proof context_proof(const struct context *context, const struct context_time *time);
/* A person has just proved this. */
void context_note(struct context *context, const struct engine_proof *proof,
		  const struct context_time *time);

#endif
