/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

/*
 * What keycask doctor finds by itself, whether or not a daemon runs, and the list in which all
 * findings end. Texts are copied.
 */

#include <stdbool.h>

#include <keycask/dictionary.h>

#include "base/cleanup.h"
#include "base/try.h"

enum {
	DOCTOR_TEXT_MAX = 512,
	DOCTOR_FINDINGS_MAX = 256,
};

struct finding {
	char topic[32];
	char state[16]; /* "ok", "warning", "problem" */
	char what[DOCTOR_TEXT_MAX];
	char why[DOCTOR_TEXT_MAX]; /* or empty */
	char advice[DOCTOR_TEXT_MAX];
};

struct doctor {
	struct finding *findings;
	size_t n;
	bool has_problem;
	char agent_socket[DOCTOR_TEXT_MAX]; /* the daemon's, for ssh; "": none */
};

void doctor_done(struct doctor *doctor);

/* @why and @advice may be NULL. What does not fit is dropped: it is not the first problem. */
void doctor_add(struct doctor *doctor, const char *topic, const char *state, const char *why,
		const char *advice, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* By topic, from the ground up. */
void doctor_sort(struct doctor *doctor);

/* The daemon, started if need be, and what it says. */
KC_MUST_CHECK enum kc_status doctor_ask_daemon(struct doctor *doctor, bool *ret_uses_readers);

/* doctor_pcscd.c: is pcscd there, does it let us in, which is it? */
void doctor_pcscd_look_at_socket(struct doctor *doctor);

#endif
