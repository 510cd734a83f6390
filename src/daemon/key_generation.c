/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread makes the key in a piece of work of its own, which it may outlive us with. */
#include "daemon/key_generation.h"

#include <stdlib.h>

#include "base/try.h"
#include "sys/worker.h"

struct key_generation;

/* All that the thread touches, but for @generation, which is the loop's. */
struct work {
	struct key_generation *generation;
	struct generation_kind kind;
	atomic_bool is_cancelled;
	struct private_key key;
};

struct key_generation {
	struct wire_call *call;
	struct key_generation_options options;
	struct worker *worker;
	struct work *work; /* the thread's */
};

static struct work *work_free(struct work *work)
{
	if (!work)
		return NULL;
	private_key_done(&work->key);
	free(work);
	return NULL;
}
DEFINE_FREEP(work)

static void free_abandoned(void *work)
{
	ignore(work_free(work) != NULL);
}

static enum kc_status make(void *userdata)
{
	struct work *work = userdata;

	return generation_run(&work->kind, &work->is_cancelled, &work->key);
}

static void on_made(void *userdata, enum kc_status status)
{
	CLEANUP(work_freep) struct work *work = userdata;
	struct key_generation_options options = work->generation->options;

	wire_call_on_gone(work->generation->call, NULL, NULL);
	free(work->generation);
	options.done(options.details, status, &work->key);
}

static void on_gone(void *userdata)
{
	struct key_generation *generation = userdata;
	struct key_generation_options options = generation->options;
	struct wire_call *call = generation->call;

	wire_call_on_gone(call, NULL, NULL);
	atomic_store(&generation->work->is_cancelled, true);
	worker_abandon(generation->worker, free_abandoned);
	free(generation);
	options.gone(options.details);
	wire_call_drop(call);
}

static enum kc_status start_thread(struct wire_call *call, struct work *work,
				   const struct key_generation_options *options)
{
	struct daemon *daemon = wire_call_context(call);
	CLEANUP(freep) struct key_generation *generation = calloc(1, sizeof(*generation));

	REQUIRE(generation, KC_ERR_ALLOCATE, "out of memory");
	*generation = (struct key_generation){.call = call, .options = *options, .work = work};
	work->generation = generation;
	TRY(worker_start(daemon->event, make, work, on_made, &generation->worker));
	wire_call_on_gone(call, on_gone, generation);
	take(generation); /* the thread's end brings it back */
	return KC_OK;
}

enum kc_status key_generation_start(struct wire_call *call, const struct generation_kind *kind,
				    const struct key_generation_options *options)
{
	CLEANUP(work_freep) struct work *work = calloc(1, sizeof(*work));

	REQUIRE(work, KC_ERR_ALLOCATE, "out of memory");
	work->kind = *kind;
	atomic_init(&work->is_cancelled, false);
	if (generation_is_slow(kind)) {
		TRY(start_thread(call, work, options));
		take(work);
		return KC_OK;
	}
	options->done(options->details, make(work), &work->key);
	return KC_OK;
}
