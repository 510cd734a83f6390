/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A worker's result comes back on the loop; one that is given up cleans up in its thread. */
#include "sys/worker.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"

/* Work that lasts until it is told to go on. */
struct errand {
	int go;	   /* eventfd */
	int freed; /* eventfd */
	pthread_t thread;
	bool shall_fail;
	bool is_done;
	enum kc_status status;
	struct error_record record;
	sd_event *event;
};

static enum kc_status run(void *work)
{
	struct errand *errand = work;
	eventfd_t n = 0;

	CHECK_INT(eventfd_read(errand->go, &n), 0);
	errand->thread = pthread_self();
	REQUIRE(!errand->shall_fail, KC_ERR_DECODE, "as it was told");
	return KC_OK;
}

static void on_done(void *work, enum kc_status status)
{
	struct errand *errand = work;

	CHECK(!errand->is_done);
	errand->is_done = true;
	errand->status = status;
	errand->record = *error_get();
	CHECK(sd_event_exit(errand->event, 0) >= 0);
}

static void done_with(void *work)
{
	struct errand *errand = work;

	CHECK(pthread_equal(errand->thread, pthread_self()));
	CHECK_INT(eventfd_write(errand->freed, 1), 0);
}

static struct errand new_errand(void)
{
	struct errand errand = {.go = eventfd(0, EFD_CLOEXEC), .freed = eventfd(0, EFD_CLOEXEC)};

	CHECK(errand.go >= 0 && errand.freed >= 0);
	CHECK(sd_event_new(&errand.event) >= 0);
	return errand;
}

static void errand_done(struct errand *errand)
{
	close(errand->go);
	close(errand->freed);
	sd_event_unref(errand->event);
}

TEST(the_result_comes_on_the_loop)
{
	struct errand errand = new_errand();
	struct worker *worker = NULL;

	CHECK_OK(worker_start(errand.event, run, &errand, on_done, &worker));
	CHECK_INT(eventfd_write(errand.go, 1), 0);
	CHECK(!errand.is_done);
	CHECK(sd_event_loop(errand.event) >= 0);
	CHECK(errand.is_done);
	CHECK_OK(errand.status);
	CHECK(!pthread_equal(errand.thread, pthread_self()));
	errand_done(&errand);
}

TEST(a_failure_comes_with_its_record)
{
	struct errand errand = new_errand();
	struct worker *worker = NULL;

	errand.shall_fail = true;
	CHECK_OK(worker_start(errand.event, run, &errand, on_done, &worker));
	CHECK_INT(eventfd_write(errand.go, 1), 0);
	CHECK(sd_event_loop(errand.event) >= 0);
	CHECK_STATUS(errand.status, KC_ERR_DECODE);
	CHECK_TEXT(errand.record.message, "as it was told");
	errand_done(&errand);
}

TEST(what_is_given_up_ends_in_its_thread)
{
	struct errand errand = new_errand();
	struct worker *worker = NULL;
	eventfd_t n = 0;

	CHECK_OK(worker_start(errand.event, run, &errand, on_done, &worker));
	worker_abandon(worker, done_with);
	CHECK_INT(eventfd_write(errand.go, 1), 0);
	worker_await_abandoned();
	CHECK_INT(eventfd_read(errand.freed, &n), 0);
	CHECK(!errand.is_done);
	errand_done(&errand);
}

static void note_freed(void *work)
{
	struct errand *errand = work;

	CHECK_INT(eventfd_write(errand->freed, 1), 0);
}

/* The thread may have ended, and the loop not looked yet. */
TEST(what_has_ended_can_be_given_up)
{
	struct errand errand = new_errand();
	struct worker *worker = NULL;
	eventfd_t n = 0;

	for (int i = 0; i < 100; i++) {
		CHECK_OK(worker_start(errand.event, run, &errand, on_done, &worker));
		CHECK_INT(eventfd_write(errand.go, 1), 0);
		if (i % 2)
			CHECK(sd_event_prepare(errand.event) >= 0);
		worker_abandon(worker, note_freed);
		CHECK_INT(eventfd_read(errand.freed, &n), 0);
		CHECK_INT(n, 1);
		if (i % 2)
			CHECK(sd_event_wait(errand.event, 0) >= 0);
	}
	worker_await_abandoned();
	CHECK(!errand.is_done);
	errand_done(&errand);
}

TEST(nothing_can_be_given_up)
{
	worker_abandon(NULL, note_freed);
	worker_await_abandoned();
}
