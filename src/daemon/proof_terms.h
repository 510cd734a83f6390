/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_PROOF_TERMS_H
#define DAEMON_PROOF_TERMS_H

/* What a call says of how it may be proved: whether somebody may be asked, and what was proved
 * before (reference/keychain.md 4.6). */

#include "daemon/context.h"
#include "wire/service.h"

struct proof_terms {
	/* NULL: none is named; the connection's, which makes one call at a time */
	struct context *context;
	struct engine_proof proof; /* what it proves now */
	const char *reason;	   /* of the program, for the person; NULL */
	bool may_ask;		   /* a person */
};

/*
 * From use_… of @dictionary, or (NULL) from the call's interaction. Borrows from @call.
 * Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status proof_terms_read(struct wire_call *call,
					      struct json_object *dictionary, bool may_skip,
					      struct proof_terms *ret_terms);

#endif
