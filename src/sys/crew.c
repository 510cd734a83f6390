/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two lists under one lock: what waits for a thread, and what waits for the loop. A thread that
 * ends by itself leaves its place to be joined by whoever starts the next one.
 */
#include "sys/crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "base/try.h"
#include "sys/socket.h"

enum {
	IDLE_S = 2, /* then a thread ends */
};

enum place_state {
	PLACE_FREE,
	PLACE_RUNS,
	PLACE_ENDED, /* to be joined */
};

struct place {
	enum place_state state;
	pthread_t thread;
};

struct crew {
	pthread_mutex_t mutex; /* of all that follows, but for what the loop alone has */
	pthread_cond_t changed;
	struct list waiting; /* crew_job::link */
	struct list done;
	size_t n_waiting;
	size_t n_idle;
	bool is_ending;
	struct place places[CREW_THREADS_MAX];
	size_t n_places; /* of the loop */
	int told;	 /* eventfd: something is done */
	sd_event_source *watch;
};

struct crew_job {
	struct list link; // crew::waiting, crew::done, or its own while it runs
	struct crew *crew;
	worker_run_fn run;
	worker_done_fn on_done;
	void (*done_with)(void *work); /* it was abandoned */
	void *work;
	bool is_waiting;
	bool is_done;
	enum kc_status status;
	struct error_record record;
};

static void crew_lock(struct crew *crew)
{
	ignore(pthread_mutex_lock(&crew->mutex));
}

static void crew_unlock(struct crew *crew)
{
	ignore(pthread_mutex_unlock(&crew->mutex));
}

/* --- in a thread; locked, but for the work itself ------------------------------------------ */

/* False: nothing has come for a moment, or nothing will. */
static bool await_work(struct crew *crew)
{
	struct timespec until = {0};
	int error = 0;

	ignore(clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_sec += IDLE_S;
	crew->n_idle++;
	while (crew->n_waiting == 0 && !crew->is_ending && error == 0)
		error = pthread_cond_timedwait(&crew->changed, &crew->mutex, &until);
	crew->n_idle--;
	return crew->n_waiting > 0;
}

static void hand_back(struct crew *crew, struct crew_job *job)
{
	bool is_first = list_is_empty(&crew->done);

	job->is_done = true;
	list_append(&crew->done, &job->link);
	if (is_first)
		ignore(eventfd_write(crew->told, 1));
}

static void run_next(struct crew *crew)
{
	struct crew_job *job = list_entry(crew->waiting.next, struct crew_job, link);

	list_remove(&job->link);
	crew->n_waiting--;
	job->is_waiting = false;
	crew_unlock(crew);
	error_clear();
	job->status = job->run(job->work);
	job->record = *error_get();
	crew_lock(crew);
	if (!job->done_with) {
		hand_back(crew, job);
		return;
	}
	crew_unlock(crew);
	job->done_with(job->work);
	free(job);
	crew_lock(crew);
}

static void leave(struct crew *crew)
{
	for (size_t i = 0; i < crew->n_places; i++)
		if (crew->places[i].state == PLACE_RUNS &&
		    pthread_equal(crew->places[i].thread, pthread_self()))
			crew->places[i].state = PLACE_ENDED;
}

static void *live(void *userdata)
{
	struct crew *crew = userdata;

	crew_lock(crew);
	while (await_work(crew))
		run_next(crew);
	leave(crew);
	crew_unlock(crew);
	return NULL;
}

/* --- on the loop --------------------------------------------------------------------------- */

static struct crew_job *take_done(struct crew *crew)
{
	struct crew_job *job = NULL;

	crew_lock(crew);
	if (!list_is_empty(&crew->done)) {
		job = list_entry(crew->done.next, struct crew_job, link);
		list_remove(&job->link);
	}
	crew_unlock(crew);
	return job;
}

/* What is done may start more work, and abandon other work. */
static int on_told(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct crew *crew = userdata;
	struct crew_job *job = NULL;
	eventfd_t n = 0;

	(void)source;
	(void)revents;
	ignore(eventfd_read(fd, &n));
	while ((job = take_done(crew)) != NULL) {
		struct crew_job over = *job;

		free(job);
		error_adopt(&over.record);
		over.on_done(over.work, over.status);
	}
	return 0;
}

static size_t count_places(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 2 ? 2 : n > CREW_THREADS_MAX ? CREW_THREADS_MAX : (size_t)n;
}

/* Timed waits are on the clock that nobody sets. */
static bool make_locks(struct crew *crew)
{
	pthread_condattr_t attributes;

	return pthread_mutex_init(&crew->mutex, NULL) == 0 &&
	       pthread_condattr_init(&attributes) == 0 &&
	       pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
	       pthread_cond_init(&crew->changed, &attributes) == 0 &&
	       pthread_condattr_destroy(&attributes) == 0;
}

static void crew_freep(struct crew **crew)
{
	*crew = crew_free(*crew);
}

enum kc_status crew_new(sd_event *event, struct crew **ret_crew)
{
	CLEANUP(crew_freep) struct crew *crew = calloc(1, sizeof(*crew));

	REQUIRE(crew, KC_ERR_ALLOCATE, "out of memory");
	list_init(&crew->waiting);
	list_init(&crew->done);
	crew->told = -1;
	crew->n_places = count_places();
	REQUIRE(make_locks(crew), KC_ERR_INTERNAL, "no lock for threads");
	crew->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	REQUIRE(crew->told >= 0, KC_ERR_NOT_AVAILABLE, "eventfd: %s", strerror(errno));
	REQUIRE(sd_event_add_io(event, &crew->watch, crew->told, EPOLLIN, on_told, crew) >= 0,
		KC_ERR_INTERNAL, "cannot watch threads");
	*ret_crew = take(crew);
	return KC_OK;
}

static bool has_thread(struct crew *crew, size_t place)
{
	bool has_one = false;

	crew_lock(crew);
	has_one = crew->places[place].state != PLACE_FREE;
	crew_unlock(crew);
	return has_one;
}

static void end_threads(struct crew *crew)
{
	crew_lock(crew);
	crew->is_ending = true;
	ignore(pthread_cond_broadcast(&crew->changed));
	crew_unlock(crew);
	for (size_t i = 0; i < crew->n_places; i++)
		if (has_thread(crew, i))
			ignore(pthread_join(crew->places[i].thread, NULL));
}

struct crew *crew_free(struct crew *crew)
{
	if (!crew)
		return NULL;
	end_threads(crew);
	crew->watch = sd_event_source_disable_unref(crew->watch);
	socket_close(&crew->told);
	ignore(pthread_cond_destroy(&crew->changed));
	ignore(pthread_mutex_destroy(&crew->mutex));
	free(crew);
	return NULL;
}

/* Locked. A place whose thread has ended is free again; it ends without our lock. */
static struct place *find_place(struct crew *crew)
{
	for (size_t i = 0; i < crew->n_places; i++) {
		struct place *place = &crew->places[i];

		if (place->state == PLACE_ENDED)
			ignore(pthread_join(place->thread, NULL));
		if (place->state == PLACE_ENDED)
			place->state = PLACE_FREE;
		if (place->state == PLACE_FREE)
			return place;
	}
	return NULL;
}

static size_t count_threads(const struct crew *crew)
{
	size_t n = 0;

	for (size_t i = 0; i < crew->n_places; i++)
		n += crew->places[i].state == PLACE_RUNS;
	return n;
}

/* Locked. Without a new one those that run will do. */
static enum kc_status find_hands(struct crew *crew)
{
	struct place *place = NULL;

	if (crew->n_idle >= crew->n_waiting || !(place = find_place(crew)))
		return KC_OK;
	if (pthread_create(&place->thread, NULL, live, crew) == 0)
		place->state = PLACE_RUNS;
	REQUIRE(count_threads(crew) > 0, KC_ERR_NOT_AVAILABLE, "no thread for a piece of work");
	return KC_OK;
}

enum kc_status crew_start(struct crew *crew, worker_run_fn run, void *work, worker_done_fn on_done,
			  struct crew_job **ret_job)
{
	struct crew_job *job = calloc(1, sizeof(*job));
	enum kc_status status = KC_OK;

	REQUIRE(job, KC_ERR_ALLOCATE, "out of memory");
	*job = (struct crew_job){
		.crew = crew, .run = run, .on_done = on_done, .work = work, .is_waiting = true};
	crew_lock(crew);
	list_append(&crew->waiting, &job->link);
	crew->n_waiting++;
	status = find_hands(crew);
	if (status != KC_OK) {
		list_remove(&job->link);
		crew->n_waiting--;
	}
	ignore(pthread_cond_signal(&crew->changed));
	crew_unlock(crew);
	if (status != KC_OK)
		free(job);
	TRY(status);
	*ret_job = job;
	return KC_OK;
}

void crew_abandon(struct crew_job *job, void (*done_with)(void *work))
{
	struct crew *crew = job->crew;
	bool is_running = false;

	crew_lock(crew);
	is_running = !job->is_waiting && !job->is_done;
	if (is_running)
		job->done_with = done_with; /* the job is its thread's now */
	else
		list_remove(&job->link);
	crew->n_waiting -= job->is_waiting;
	crew_unlock(crew);
	if (is_running)
		return;
	done_with(job->work);
	free(job);
}
