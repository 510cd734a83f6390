/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CHOOSING_IMPL_H
#define DAEMON_CHOOSING_IMPL_H

/*
 * What the files of choosing share: choosing.c steps, choosing_wish.c reads what is asked for,
 * choosing_facts.c gets what is known of certificates, choosing_judgement.c judges.
 */

#include "choice/chain.h"
#include "choice/judge.h"
#include "choice/shortlist.h"
#include "daemon/calls.h"
#include "daemon/issuer_pool.h"
#include "items/roster.h"
#include "keys/repertoire.h"
#include "tokens/inspector.h"

enum step {
	STEP_DONE, /* it has been answered */
	STEP_GO_ON,
	STEP_WAIT, /* for an answer, or for a turn */
};

struct choosing {
	struct wire_call *call;
	struct daemon *daemon;
	struct wish wish;
	enum repertoire_use use;
	struct json_object *algorithms; /* that are wished for; borrowed, NULL */
	struct json_object *issuers;	/* owned: normalized so far */
	struct engine_cursor cursor;
	struct roster_entry entry;
	bool has_entry;
	struct json_object *facts; /* of its certificate; owned, NULL: not known yet */
	struct issuer_pool pool;
	struct shortlist fit;
	struct shortlist left_out;
	bool explains;
	struct inspection *inspection;
	sd_event_source *turn;
	size_t n_in_turn;
};

/* A step that has waited is over: the next ones, or the end of the call. */
void choosing_resume(struct choosing *choosing, enum kc_status status);

/* The identity is done with, whatever became of it. */
void choosing_drop_entry(struct choosing *choosing);

/* What is in the call's parameters but for the issuers, whose names choosing_facts.c normalizes. */
KC_MUST_CHECK enum kc_status choosing_wish_read(struct choosing *choosing);

bool choosing_facts_has_issuer(const struct choosing *choosing);
/* The next of the issuers that are wished for. Ends in choosing_resume(). */
KC_MUST_CHECK enum kc_status choosing_facts_normalize(struct choosing *choosing);
/* Of the certificate that is wanted next; *ret_step says whether that takes an answer. */
KC_MUST_CHECK enum kc_status choosing_facts_find(struct choosing *choosing, enum step *ret_step);

/* Among the fit ones or those that are left out. */
KC_MUST_CHECK enum kc_status choosing_judgement_pass(struct choosing *choosing,
						     const struct chain *chain);
/* Of an identity that may not be looked at. */
KC_MUST_CHECK enum kc_status choosing_judgement_unseen(struct choosing *choosing);

#endif
