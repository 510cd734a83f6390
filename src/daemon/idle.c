/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One timer, off while nothing happens, and malloc_trim() when it is due and all was quiet since:
 * whoever goes on asking keeps what makes answers fast.
 */
#include "daemon/idle.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/try.h"

#define IDLE_USEC (2 * 1000 * 1000ULL)

struct idle {
	sd_event_source *timer;
	idle_shrink_fn shrink;
	void *context;
	bool is_used; /* since the timer was set */
};

static void set_timer(struct idle *idle)
{
	idle->is_used = false;
	if (sd_event_source_set_time_relative(idle->timer, IDLE_USEC) >= 0)
		ignore(sd_event_source_set_enabled(idle->timer, SD_EVENT_ONESHOT) >= 0);
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct idle *idle = userdata;

	(void)source;
	(void)usec;
	idle->shrink(idle->context, idle->is_used);
	if (idle->is_used) {
		set_timer(idle);
		return 0;
	}
	ignore(malloc_trim(0));
	return 0;
}

enum kc_status idle_new(sd_event *event, idle_shrink_fn shrink, void *context,
			struct idle **ret_idle)
{
	struct idle *idle = calloc(1, sizeof(*idle));
	int error = 0;

	REQUIRE(idle, KC_ERR_ALLOCATE, "out of memory");
	idle->shrink = shrink;
	idle->context = context;
	error = sd_event_add_time_relative(event, &idle->timer, CLOCK_MONOTONIC, IDLE_USEC, 0,
					   on_idle, idle);
	if (error < 0) {
		free(idle);
		return fail(KC_ERR_INTERNAL, "no timer: %s", strerror(-error));
	}
	*ret_idle = idle;
	return KC_OK;
}

struct idle *idle_free(struct idle *idle)
{
	if (!idle)
		return NULL;
	sd_event_source_disable_unref(idle->timer);
	free(idle);
	return NULL;
}

void idle_expect(struct idle *idle)
{
	int enabled = SD_EVENT_OFF;

	idle->is_used = true;
	if (sd_event_source_get_enabled(idle->timer, &enabled) < 0 || enabled == SD_EVENT_OFF)
		set_timer(idle);
}
