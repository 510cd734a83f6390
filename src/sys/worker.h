/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_WORKER_H
#define SYS_WORKER_H

/*
 * One piece of work in a thread of its own, so that the loop never waits: stretching a password,
 * sealing a backup. The thread touches nothing but what it was given.
 */

#include <systemd/sd-event.h>

#include <keycask/status.h>

struct worker;

/* In the thread; what it returns reaches on_done, with the thread's error record adopted. */
typedef enum kc_status (*worker_run_fn)(void *work);
/* On the loop, once, never inside worker_start(). @work is the caller's again. */
typedef void (*worker_done_fn)(void *work, enum kc_status status);

/* *ret_worker lives until on_done, or worker_abandon(). */
KC_MUST_CHECK enum kc_status worker_start(sd_event *event, worker_run_fn run, void *work,
					  worker_done_fn on_done, struct worker **ret_worker);

/* on_done will not run; @done_with frees the work when the thread has ended, in that thread. */
void worker_abandon(struct worker *worker, void (*done_with)(void *work));

/* Before the process ends: wait for the threads of all that was abandoned. */
void worker_await_abandoned(void);

#endif
