/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way from "stop" to the end of the event loop. */
#include "daemon/shutdown.h"

#include "base/try.h"

enum {
	DRAIN_USEC = 3 * 1000 * 1000,
};

static void on_drained(void *userdata)
{
	struct daemon *daemon = userdata;

	ignore(sd_event_exit(daemon->event, 0));
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	on_drained(userdata);
	return 0;
}

void shutdown_begin(struct daemon *daemon)
{
	broadcast_done(&daemon->token_watchers);
	broadcast_done(&daemon->slot_watchers);
	desk_close(daemon->desk);
	/* A floating source: the loop owns it. */
	if (sd_event_add_time_relative(daemon->event, NULL, CLOCK_MONOTONIC, DRAIN_USEC, 0,
				       on_deadline, daemon) < 0)
		on_drained(daemon);
	wire_server_drain(daemon->server, on_drained, daemon);
}
