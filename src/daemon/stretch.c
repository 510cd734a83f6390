/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A password on its way through a worker. What the thread works on is the thread's alone, so that
 * it may outlive whoever asked. One is stretched at a time, whoever asks: each takes a hundred
 * megabytes, and connections are many.
 */
#include "daemon/stretch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/try.h"
#include "sys/worker.h"

struct stretch_work {
	struct stretch *stretch;
	struct keybag_stretching stretching;
	struct secret password;
	struct secret stretched;
	atomic_bool is_unwanted; /* set on the loop */
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

struct stretch {
	struct stretch_work *work;
	struct worker *worker;
	stretch_done_fn on_done;
	void *userdata;
};

static void free_work(void *userdata)
{
	struct stretch_work *work = userdata;

	secret_done(&work->password);
	secret_done(&work->stretched);
	free(work);
}

/* In the thread. */
static enum kc_status run(void *userdata)
{
	struct stretch_work *work = userdata;
	enum kc_status status = KC_ERR_USER_CANCELED; /* which nobody hears of */

	ignore(pthread_mutex_lock(&one_at_a_time));
	if (!atomic_load(&work->is_unwanted))
		status = keybag_stretch(&work->stretching, secret_view(&work->password),
					&work->stretched);
	ignore(pthread_mutex_unlock(&one_at_a_time));
	return status;
}

static void on_stretched(void *userdata, enum kc_status status)
{
	struct stretch_work *work = userdata;
	struct stretch *stretch = work->stretch;

	stretch->on_done(stretch->userdata, status, &work->stretched);
	free(stretch);
	free_work(work);
}

static enum kc_status start(sd_event *event, struct stretch_work *work, struct secret *password)
{
	enum kc_status status = KC_OK;

	work->password = secret_take(password);
	status = worker_start(event, run, work, on_stretched, &work->stretch->worker);
	if (status != KC_OK)
		*password = secret_take(&work->password);
	return status;
}

enum kc_status stretch_start(sd_event *event, const struct keybag_stretching *stretching,
			     struct secret *password, stretch_done_fn on_done, void *userdata,
			     struct stretch **ret_stretch)
{
	CLEANUP(freep) struct stretch_work *work = calloc(1, sizeof(*work));
	CLEANUP(freep) struct stretch *stretch = calloc(1, sizeof(*stretch));

	REQUIRE(work && stretch, KC_ERR_ALLOCATE, "out of memory");
	*stretch = (struct stretch){.work = work, .on_done = on_done, .userdata = userdata};
	work->stretch = stretch;
	work->stretching = *stretching;
	TRY(start(event, work, password));
	take(work);
	*ret_stretch = take(stretch);
	return KC_OK;
}

void stretch_abandon(struct stretch *stretch)
{
	if (!stretch)
		return;
	atomic_store(&stretch->work->is_unwanted, true);
	worker_abandon(stretch->worker, free_work);
	free(stretch);
}
