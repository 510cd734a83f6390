/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_BROADCAST_H
#define DAEMON_BROADCAST_H

/*
 * A stream of events to all calls that watch it: each event reaches each watcher once, in order.
 */

#include "base/list.h"
#include "wire/service.h"

struct broadcast {
	struct list watchers;
};

void broadcast_init(struct broadcast *broadcast);
/* Ends every watching call. */
void broadcast_done(struct broadcast *broadcast);

/* @call, which wants more, is the stream's from now on. Expected: KC_ERR_ALLOCATE */
KC_MUST_CHECK enum kc_status broadcast_add(struct broadcast *broadcast, struct wire_call *call);

/* Send @event, borrowed, to every watcher. */
void broadcast_send(struct broadcast *broadcast, struct json_object *event);

#endif
