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

static enum kc_status add(struct broadcast *broadcast, struct wire_call *call)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	REQUIRE(watcher, KC_ERR_ALLOCATE, "out of memory");
	watcher->call = call;
	list_append(&broadcast->watchers, &watcher->link);
	wire_call_on_gone(call, on_gone, watcher);
	return KC_OK;
}

void broadcast_serve(struct broadcast *broadcast, struct wire_call *call, broadcast_greet_fn greet)
{
	enum kc_status status = KC_OK;

	error_clear();
	if (!wire_call_wants_more(call)) {
		wire_call_expect_more(call);
		return;
	}
	status = greet(call);
	if (status == KC_OK)
		status = add(broadcast, call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}

void broadcast_send(struct broadcast *broadcast, struct json_object *event)
{
	list_for_each_safe (link, &broadcast->watchers) {
		struct watcher *watcher = list_entry(link, struct watcher, link);

		wire_call_continue(watcher->call, json_object_get(event));
	}
}
