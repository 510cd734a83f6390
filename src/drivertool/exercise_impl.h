/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_EXERCISE_IMPL_H
#define DRIVERTOOL_EXERCISE_IMPL_H

/* What exercise.c and exercise_write.c share: one life of a driver. */

#include "drivertool/exercise.h"

/* Sessions and transactions. */
enum {
	EXERCISE_NOBODY = 0,
	EXERCISE_ALICE = 1,
	EXERCISE_BOB = 2,
	EXERCISE_PROBED = 1, /* the transaction in which the slot has selected the application */
	EXERCISE_LATER = 2,  /* one before which others may have used the card */
};

/* A driver on the bench. */
struct life {
	struct exercise *exercise;
	struct bench bench;
	struct bench_reply reply; /* the last one */
	bool is_over;
};

struct findings_place exercise_place(const struct life *life, const char *method);

/* Takes @parameters. life->reply tells what came of it. */
KC_MUST_CHECK enum kc_status exercise_call(struct life *life, const char *method,
					   struct json_object *parameters, int64_t transaction,
					   int64_t session);
bool exercise_has_answered(const struct life *life);

/* What Enumerate has told; NULL: no more. */
struct json_object *exercise_object(const struct life *life, size_t i);

/* exercise_write.c: making keys, writing and deleting. Of a card that is played only. */
KC_MUST_CHECK enum kc_status exercise_write_run(struct life *life);

#endif
