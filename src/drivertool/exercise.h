/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_EXERCISE_H
#define DRIVERTOOL_EXERCISE_H

/*
 * One life of a driver: opened, enumerated, asked for its PIN and its keys, as keycaskd would, and
 * watched for what a driver must never do, whatever the card says.
 */

#include "drivertool/bench.h"
#include "drivertool/findings.h"

struct exercise {
	const struct bench_settings *settings;
	struct player *player;
	struct findings *findings;
	struct findings_place place;
	const char *aid; /* NULL: a bare card */
	const char *pin;
	const char *new_pin;
	bool is_faithful; /* the card is as recorded: what was recorded must work */
	/* What the driver says of the token: instance_id, label, objects, pins, tries_left. */
	struct json_object *token;
};

void exercise_done(struct exercise *exercise);

/* Fails for our own troubles only: those of the driver are findings. */
KC_MUST_CHECK enum kc_status exercise_run(struct exercise *exercise);

#endif
