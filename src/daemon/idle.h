/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_IDLE_H
#define DAEMON_IDLE_H

/* Memory that requests have used and freed goes back to the system a moment after they are over:
 * a daemon that waits for a card all day keeps what it holds, not what it once needed. */

#include <stdbool.h>

#include <systemd/sd-event.h>

#include <keycask/status.h>

struct idle;

/* First @shrink lets go of what it can do without; when it @is_busy, of what nobody has used of
 * late. */
typedef void (*idle_shrink_fn)(void *context, bool is_busy);
KC_MUST_CHECK enum kc_status idle_new(sd_event *event, idle_shrink_fn shrink, void *context,
				      struct idle **ret_idle);
struct idle *idle_free(struct idle *idle);

/* A client has left, a call has ended. Costs a wakeup every two seconds as long as it goes on. */
void idle_expect(struct idle *idle);

#endif
