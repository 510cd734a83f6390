/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many pieces of work for a few threads: all come back on the loop, unless they were given up. */
#include "sys/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"

enum {
	ERRANDS = 200,
};

static atomic_int n_running;
static atomic_int n_running_most;
static atomic_int n_freed;
static int n_done;
static sd_event *event;
static int gate; /* eventfd, a semaphore: who shall wait takes one */

struct errand {
	int number;
	bool waits;
	pthread_t thread;
};

static enum kc_status run(void *work)
{
	struct errand *errand = work;
	int n = atomic_fetch_add(&n_running, 1) + 1;
	eventfd_t one = 0;

	if (n > n_running_most)
		n_running_most = n;
	if (errand->waits)
		CHECK_INT(eventfd_read(gate, &one), 0);
	errand->thread = pthread_self();
	atomic_fetch_sub(&n_running, 1);
	REQUIRE(errand->number % 2 == 0, KC_ERR_DECODE, "number %d is odd", errand->number);
	return KC_OK;
}

static void on_done(void *work, enum kc_status status)
{
	const struct errand *errand = work;

	CHECK(!pthread_equal(errand->thread, pthread_self()));
	CHECK_STATUS(status, errand->number % 2 == 0 ? KC_OK : KC_ERR_DECODE);
	if (status != KC_OK)
		CHECK(strstr(error_get()->message, "is odd"));
	n_done++;
}

static void done_with(void *work)
{
	(void)work;
	atomic_fetch_add(&n_freed, 1);
}

static void loop_until_done(int n)
{
	while (n_done < n)
		CHECK(sd_event_run(event, UINT64_MAX) >= 0);
}

static void begin(void)
{
	n_done = 0;
	n_freed = 0;
	n_running_most = 0;
	gate = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	CHECK(gate >= 0);
	CHECK(sd_event_new(&event) >= 0);
}

static void end(struct crew *crew)
{
	CHECK(!crew_free(crew));
	event = sd_event_unref(event);
	close(gate);
}

TEST(all_of_many_come_back_from_a_few_threads)
{
	static struct errand errands[ERRANDS];
	struct crew_job *job = NULL;
	struct crew *crew = NULL;

	begin();
	CHECK_OK(crew_new(event, &crew));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < ERRANDS; i++) {
			errands[i] = (struct errand){.number = i};
			CHECK_OK(crew_start(crew, run, &errands[i], on_done, &job));
		}
		CHECK_INT(n_done, round * ERRANDS); /* never inside crew_start() */
		loop_until_done((round + 1) * ERRANDS);
	}
	CHECK(n_running_most >= 1 && n_running_most <= CREW_THREADS_MAX);
	end(crew);
}

TEST(what_was_given_up_does_not_come_back)
{
	static struct errand errands[ERRANDS];
	struct crew_job *jobs[ERRANDS];
	struct crew *crew = NULL;

	begin();
	CHECK_OK(crew_new(event, &crew));
	for (int i = 0; i < ERRANDS; i++) {
		errands[i] = (struct errand){.number = i, .waits = true};
		CHECK_OK(crew_start(crew, run, &errands[i], on_done, &jobs[i]));
	}
	while (n_running == 0)
		CHECK_INT(usleep(100), 0);
	/* Some run, the others wait. */
	for (int i = 0; i < ERRANDS; i += 2)
		crew_abandon(jobs[i], done_with);
	CHECK_INT(eventfd_write(gate, ERRANDS), 0);
	loop_until_done(ERRANDS / 2);
	end(crew);
	CHECK_INT(n_freed, ERRANDS / 2);
	CHECK_INT(n_done, ERRANDS / 2);
}

TEST(what_is_done_can_be_given_up_before_the_loop_hears)
{
	struct errand errand = {.number = 0};
	struct crew_job *job = NULL;
	struct crew *crew = NULL;

	begin();
	CHECK_OK(crew_new(event, &crew));
	CHECK_OK(crew_start(crew, run, &errand, on_done, &job));
	CHECK(sd_event_prepare(event) >= 0);
	CHECK(sd_event_wait(event, UINT64_MAX) > 0); /* something has come */
	crew_abandon(job, done_with);
	end(crew);
	CHECK_INT(n_freed, 1);
	CHECK_INT(n_done, 0);
}

TEST(who_ends_waits_for_what_runs)
{
	struct errand errand = {.number = 0, .waits = true};
	struct crew_job *job = NULL;
	struct crew *crew = NULL;

	begin();
	CHECK_OK(crew_new(event, &crew));
	CHECK_OK(crew_start(crew, run, &errand, on_done, &job));
	while (n_running == 0)
		CHECK_INT(usleep(100), 0);
	crew_abandon(job, done_with);
	CHECK_INT(n_freed, 0);
	CHECK_INT(eventfd_write(gate, 1), 0);
	end(crew);
	CHECK_INT(n_freed, 1);
}
