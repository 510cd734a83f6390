/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread for one piece of work. Who gives it up does not wait for it: the thread then cleans up
 * after itself, and the process waits for such threads before it ends, since what they use (a
 * library's tables) is taken down with it.
 */
#include "sys/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "sys/socket.h"

enum worker_state {
	WORKER_RUNS,
	WORKER_ENDED,	  /* its owner will be told */
	WORKER_ABANDONED, /* it has no owner */
};

struct worker {
	worker_run_fn run;
	worker_done_fn on_done;
	void (*done_with)(void *work); /* when WORKER_ABANDONED */
	void *work;
	pthread_t thread;
	_Atomic(enum worker_state) state;
	int ended; /* eventfd, written by the thread when it ends */
	sd_event_source *watch;
	enum kc_status status; /* the thread's, after it has ended */
	struct error_record record;
};

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int n;
} abandoned = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void count_abandoned(int change)
{
	ignore(pthread_mutex_lock(&abandoned.mutex));
	abandoned.n += change;
	ignore(pthread_cond_broadcast(&abandoned.changed));
	ignore(pthread_mutex_unlock(&abandoned.mutex));
}

void worker_await_abandoned(void)
{
	ignore(pthread_mutex_lock(&abandoned.mutex));
	while (abandoned.n > 0)
		ignore(pthread_cond_wait(&abandoned.changed, &abandoned.mutex));
	ignore(pthread_mutex_unlock(&abandoned.mutex));
}

static struct worker *worker_free(struct worker *worker)
{
	if (!worker)
		return NULL;
	worker->watch = sd_event_source_disable_unref(worker->watch);
	socket_close(&worker->ended);
	free(worker);
	return NULL;
}
DEFINE_FREEP(worker)

static void *run_thread(void *userdata)
{
	struct worker *worker = userdata;

	error_clear();
	worker->status = worker->run(worker->work);
	worker->record = *error_get();
	if (atomic_exchange(&worker->state, WORKER_ENDED) == WORKER_RUNS) {
		ignore(eventfd_write(worker->ended, 1));
		return NULL;
	}
	worker->done_with(worker->work);
	ignore(worker_free(worker) != NULL);
	count_abandoned(-1);
	return NULL;
}

static int on_ended(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	CLEANUP(worker_freep) struct worker *worker = userdata;

	(void)source;
	(void)fd;
	(void)revents;
	ignore(pthread_join(worker->thread, NULL));
	error_adopt(&worker->record);
	worker->on_done(worker->work, worker->status);
	return 0;
}

enum kc_status worker_start(sd_event *event, worker_run_fn run, void *work, worker_done_fn on_done,
			    struct worker **ret_worker)
{
	CLEANUP(worker_freep) struct worker *worker = calloc(1, sizeof(*worker));

	REQUIRE(worker, KC_ERR_ALLOCATE, "out of memory");
	worker->run = run;
	worker->on_done = on_done;
	worker->work = work;
	worker->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	REQUIRE(worker->ended >= 0, KC_ERR_NOT_AVAILABLE, "eventfd: %s", strerror(errno));
	REQUIRE(sd_event_add_io(event, &worker->watch, worker->ended, EPOLLIN, on_ended, worker) >=
			0,
		KC_ERR_INTERNAL, "cannot watch a thread");
	REQUIRE(pthread_create(&worker->thread, NULL, run_thread, worker) == 0,
		KC_ERR_NOT_AVAILABLE, "no thread for a piece of work");
	*ret_worker = take(worker);
	return KC_OK;
}

void worker_abandon(struct worker *worker, void (*done_with)(void *work))
{
	pthread_t thread;

	if (!worker)
		return;
	thread = worker->thread;
	worker->watch = sd_event_source_disable_unref(worker->watch);
	worker->done_with = done_with;
	count_abandoned(1);
	if (atomic_exchange(&worker->state, WORKER_ABANDONED) == WORKER_RUNS) {
		ignore(pthread_detach(thread)); /* the worker is the thread's now */
		return;
	}
	count_abandoned(-1);
	ignore(pthread_join(thread, NULL));
	done_with(worker->work);
	ignore(worker_free(worker) != NULL);
}
