/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_AUTOSTART_H
#define CLIENT_AUTOSTART_H

/*
 * Starting the user's daemon when nobody listens (design/decisions.md 15), unnoticed by the
 * application: no SIGCHLD, no child that its wait() would find, no inherited descriptor.
 */

#include "wire/client.h"

/* Not in a process with more rights than its caller, not with KEYCASK_AUTOSTART=0. */
bool autostart_is_allowed(void);

typedef enum kc_status (*autostart_connect_fn)(struct wire_client **ret_client);

/*
 * Run "keycaskd --user --detach", which ends when a daemon listens, its own or another one that
 * was faster, and @connect.
 * Expected: KC_ERR_NOT_AVAILABLE  with what the daemon said
 */
KC_MUST_CHECK enum kc_status autostart_connect(autostart_connect_fn connect,
					       struct wire_client **ret_client);

#endif
