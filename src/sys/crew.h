/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_CREW_H
#define SYS_CREW_H

/*
 * A few threads for many short pieces of work, in the order in which they come: as many as there
 * are processors, started when they are needed and ended when nothing has come for a moment. For
 * what takes seconds sys/worker.h has a thread of its own. The work touches nothing but what it was
 * given.
 */

#include <systemd/sd-event.h>

#include "sys/worker.h"

struct crew;
struct crew_job;

enum {
	CREW_THREADS_MAX = 16,
};

KC_MUST_CHECK enum kc_status crew_new(sd_event *event, struct crew **ret_crew);
/* Waits for work that runs. All jobs are over or abandoned. NULL is fine. Always returns NULL. */
struct crew *crew_free(struct crew *crew);

/* As worker_start(): *ret_job lives until on_done, or crew_abandon(). */
KC_MUST_CHECK enum kc_status crew_start(struct crew *crew, worker_run_fn run, void *work,
					worker_done_fn on_done, struct crew_job **ret_job);
/* on_done will not run; @done_with frees the work, here or in the thread that is at it. */
void crew_abandon(struct crew_job *job, void (*done_with)(void *work));

#endif
