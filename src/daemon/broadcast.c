/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watching calls. A peer that does not read is closed by the wire's output limit, not by us. */
#include "daemon/broadcast.h"

#include <stdlib.h>

#include "base/try.h"

struct watcher {
	struct list link; /* broadcast::watchers */
	struct wire_call *call;
};

void broadcast_init(struct broadcast *broadcast)
{
	list_init(&broadcast->watchers);
}

static void watcher_end(struct watcher *watcher)
{
	list_remove(&watcher->link);
	wire_call_on_gone(watcher->call, NULL, NULL);
	wire_call_drop(watcher->call);
	free(watcher);
}

static void on_gone(void *userdata)
{
	watcher_end(userdata);
}

void broadcast_done(struct broadcast *broadcast)
{
	while (!list_is_empty(&broadcast->watchers))
		watcher_end(list_entry(broadcast->watchers.next, struct watcher, link));
}

enum kc_status broadcast_add(struct broadcast *broadcast, struct wire_call *call)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	REQUIRE(watcher, KC_ERR_ALLOCATE, "out of memory");
	watcher->call = call;
	list_append(&broadcast->watchers, &watcher->link);
	wire_call_on_gone(call, on_gone, watcher);
	return KC_OK;
}

void broadcast_send(struct broadcast *broadcast, struct json_object *event)
{
	list_for_each_safe (link, &broadcast->watchers) {
		struct watcher *watcher = list_entry(link, struct watcher, link);

		wire_call_continue(watcher->call, json_object_get(event));
	}
}
