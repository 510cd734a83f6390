/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_WIRING_H
#define DAEMON_WIRING_H

/* The one file that knows all rooms: makes the parts of the daemon and connects them. */

#include "daemon/daemon.h"

struct wiring_listeners {
	int client;
	int agent; /* of the ssh-agent */
};

/*
 * Paths, folder and lock of @daemon.
 * Expected: KC_ERR_DUPLICATE_ITEM  another keycaskd has this place
 */
KC_MUST_CHECK enum kc_status wiring_take_place(struct daemon *daemon);

/*
 * Store, registry, service and server for @daemon, whose place, event loop and config are there.
 * @listeners (-1: make one) are listening sockets from systemd, taken.
 */
KC_MUST_CHECK enum kc_status wiring_connect(struct daemon *daemon,
					    struct wiring_listeners listeners);

/* Undo it, in reverse. Fine on a half-connected daemon. */
void wiring_disconnect(struct daemon *daemon);

#endif
