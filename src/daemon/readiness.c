/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told: the process that started us (detach.h), systemd, and those who wait to connect. */
#include "daemon/readiness.h"

#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/try.h"
#include "daemon/detach.h"

enum {
	PATIENCE_USEC = 3 * 1000 * 1000, /* a card that takes longer is read behind our back */
};

static int on_patience_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	readiness_declare(userdata);
	return 0;
}

static void tell(struct daemon *daemon)
{
	detach_report(&daemon->starter, EXIT_SUCCESS);
	ignore(sd_notify(0, "READY=1"));
}

void readiness_await(struct daemon *daemon)
{
	bool can_wait =
		!registry_is_settled(daemon->registry) &&
		sd_event_add_time_relative(daemon->event, &daemon->patience, CLOCK_MONOTONIC,
					   PATIENCE_USEC, 0, on_patience_over, daemon) >= 0;

	if (can_wait)
		wire_server_set_open(daemon->server, false);
	else
		tell(daemon);
}

void readiness_declare(struct daemon *daemon)
{
	if (!daemon->patience)
		return;
	daemon->patience = sd_event_source_disable_unref(daemon->patience);
	wire_server_set_open(daemon->server, true);
	tell(daemon);
}
