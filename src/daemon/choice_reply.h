/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CHOICE_REPLY_H
#define DAEMON_CHOICE_REPLY_H

/* An identity as org.keycask.Identities tells of it. */

#include "choice/chain.h"
#include "choice/judge.h"
#include "items/roster.h"

/* *ret_candidate: Candidate of org.keycask.Identities. */
KC_MUST_CHECK enum kc_status choice_reply_candidate(const struct roster_entry *entry,
						    struct json_object *facts,
						    const struct chain *chain,
						    struct json_object *algorithms,
						    struct json_object **ret_candidate);

/* *ret_left_out: LeftOut. @facts may be NULL. */
KC_MUST_CHECK enum kc_status choice_reply_left_out(const struct roster_entry *entry,
						   struct json_object *facts,
						   const struct verdict *verdict,
						   struct json_object **ret_left_out);

#endif
