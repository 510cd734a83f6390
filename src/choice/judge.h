/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHOICE_JUDGE_H
#define CHOICE_JUDGE_H

/* What is said against an identity. */

#include "choice/candidate.h"

struct verdict {
	struct json_object *codes;   /* owned: array of text, empty when the identity fits */
	struct json_object *reasons; /* owned: a sentence for each */
};

void judge_done(struct verdict *verdict);

/* Everything that is said against @candidate, not only the first. */
KC_MUST_CHECK enum kc_status judge_candidate(const struct wish *wish,
					     const struct candidate *candidate,
					     struct verdict *ret_verdict);

/* One reason, of an identity that cannot be looked at. */
KC_MUST_CHECK enum kc_status judge_unseen(const char *code, const char *reason,
					  struct verdict *ret_verdict);

bool judge_is_fit(const struct verdict *verdict);

/* How far it is from fitting: less is nearer. */
int64_t judge_distance(const struct verdict *verdict);

/* How well the extended key usage fits: 0 made for it, 1 will do, 2 anything goes, -1 not. */
int judge_extended_usage(const struct purpose *purpose, struct json_object *facts);

#endif
