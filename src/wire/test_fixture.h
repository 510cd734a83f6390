/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_TEST_FIXTURE_H
#define WIRE_TEST_FIXTURE_H

/* A service with every type of the definition language and every way to answer, for tests. */

#include "wire/service.h"

enum {
	FIXTURE_WAITING_MAX = 64,
	FIXTURE_PAGE_BYTES = 2048, /* of text in a reply of Pages */
};

struct fixture {
	struct wire_service *service;
	struct wire_call *waiting[FIXTURE_WAITING_MAX]; /* calls of Wait, oldest first */
	size_t n_waiting;
	unsigned n_calls; /* that reached a handler */
	unsigned n_gone;  /* whose peer left before Wait was answered */
	int64_t n_pages;  /* that Pages has made; one call of it at a time */
	int64_t n_pages_wanted;
	enum kc_status admit_status;
	void (*on_stop)(struct fixture *fixture); /* method Stop, before it is answered */
};

extern const char fixture_description[];

void fixture_init(struct fixture *fixture);
/* Drops what still waits. */
void fixture_done(struct fixture *fixture);

/* Answer the oldest call of Wait. */
void fixture_release(struct fixture *fixture);

#endif
