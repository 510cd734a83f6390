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

/* Send the caller what is there already. */
typedef enum kc_status (*broadcast_greet_fn)(struct wire_call *call);

/* All of a watching method: greet @call's peer, then let it watch until it leaves. Takes @call. */
void broadcast_serve(struct broadcast *broadcast, struct wire_call *call, broadcast_greet_fn greet);

/* Send @event, borrowed, to every watcher. */
void broadcast_send(struct broadcast *broadcast, struct json_object *event);

#endif
