/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_WRITING_IMPL_H
#define TOKENS_WRITING_IMPL_H

/*
 * A writing inside this room. Its way through one turn with the card: writing_look.c → writing.c
 * plans → writing_admin.c → writing.c performs.
 */

#include "tokens/admin_proof.h"
#include "tokens/operation_impl.h"
#include "tokens/writing.h"

#define WRITING_METHOD(name) "org.keycask.Driver." name

/* How each kind is asked of a driver, and spoken of. */
struct writing_manner {
	const char *plan;
	const char *perform;
	const char *what;
	const char *act;   /* for whoever is asked */
	const char *kind;  /* of the Object that is answered; NULL: none is */
	const char *taken; /* what to do about a place that is taken */
	bool must_look;	   /* what the token has counts, and others may have changed it */
};

struct writing {
	const struct writing_manner *manner;
	enum writing_kind kind;
	struct json_object *wish;
	struct json_object *key; /* of an import; a secret, whose text is wiped when it is freed */
	struct json_object *meant; /* of a deletion: told_identify() when it was asked for */
	struct json_object *seen;  /* Enumerate's answer in this turn */
	bool is_outdated;	   /* what is published of the token, as was seen in this turn */
	struct token_pin guard;	   /* the administrator's PIN, when there is no cipher */
	struct admin_proof proof;  /* of a management key */
};

/* One call to the driver. On failure @on_reply does not run. */
KC_MUST_CHECK enum kc_status writing_ask_driver(struct operation *operation, const char *method,
						struct json_object *parameters,
						wire_reply_fn on_reply);

/* --- writing_look.c: what the token has at this moment -----------------------------------------
 */

/* Keep what the wish of a deletion means. Expected: KC_ERR_ITEM_NOT_FOUND */
KC_MUST_CHECK enum kc_status writing_look_remember(const struct token *token,
						   struct writing *writing);
/* Have the driver read it; goes on with writing_plan(), or ends the operation. */
void writing_look_begin(struct operation *operation);
/* The operation is to fail: what is published is looked at again, when it was seen to be outdated.
 */
void writing_look_publish(const struct operation *operation);

/* --- writing.c ---------------------------------------------------------------------------------
 */

void writing_plan(struct operation *operation);
void writing_perform(struct operation *operation);

/* --- writing_admin.c: who may have it done -----------------------------------------------------
 */

/* Goes on with writing_perform(), or ends the operation. */
void writing_admin_begin(struct operation *operation);

#endif
