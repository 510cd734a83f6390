/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_BENCH_H
#define DRIVERTOOL_BENCH_H

/*
 * A driver's process on the bench: started as keycaskd starts it, called over its control socket,
 * with the player behind its card channel. Everything it says on either is looked at.
 */

#include "drivertool/player.h"
#include "sys/child.h"
#include "wire/idl.h"

enum {
	BENCH_WHY_MAX = 256,
	BENCH_SECRETS_MAX = 4,
};

struct bench_settings {
	const char *program;
	unsigned deadline_ms;			/* of one call */
	unsigned apdus_max;			/* in one call */
	const char *secrets[BENCH_SECRETS_MAX]; /* PINs that will be used; NULL: no more */
};

struct bench {
	const struct bench_settings *settings;
	struct player *player;
	struct child child;
	struct idl *definition;
	int control;
	int card;
	struct bytes input; /* of the control socket */
	uint8_t *packet;
	unsigned n_apdus;	  /* in this call */
	char leak[BENCH_WHY_MAX]; /* a PIN where none belongs, or empty */
};

enum bench_outcome {
	BENCH_ANSWERED,
	BENCH_FAILED,  /* with the status */
	BENCH_CRASHED, /* everything below: the driver is over */
	BENCH_HUNG,
	BENCH_FLOODED,
	BENCH_SPOKE_WRONG,
};

struct bench_reply {
	enum bench_outcome outcome;
	enum kc_status status;
	struct json_object *parameters; /* NULL unless answered */
	char why[BENCH_WHY_MAX];
};

void bench_reply_done(struct bench_reply *reply);

/* Expected: KC_ERR_NOT_AVAILABLE  it cannot be started, with the reason */
KC_MUST_CHECK enum kc_status bench_start(const struct bench_settings *settings,
					 struct player *player, struct bench *ret_bench);

/* Call @method (without its interface); takes @parameters. Fails for our own troubles only. */
KC_MUST_CHECK enum kc_status bench_call(struct bench *bench, const char *method,
					struct json_object *parameters,
					struct bench_reply *ret_reply);

/* The daemon is done with it. *ret_why is what is wrong with how it ended, or empty. */
void bench_end(struct bench *bench, char *ret_why);
/* The same, without looking. */
void bench_done(struct bench *bench);

#endif
