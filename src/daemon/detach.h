/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_DETACH_H
#define DAEMON_DETACH_H

/*
 * keycaskd --detach: whoever started us goes on as soon as the daemon is ready, and the daemon
 * lives on in a session of its own.
 */

#include <keycask/status.h>

/* Call first in main(). In the daemon *ret_ready is a descriptor for detach_report(); the process
 * that was started never returns from here: it exits with what the daemon reports. */
KC_MUST_CHECK enum kc_status detach_begin(int *ret_ready);

/* From now on what is said goes to the log, and no process of ours keeps the starter's standard
 * streams open. Nothing without @ready. */
void detach_leave_streams(int ready);

/* Tell the waiting process its exit status, and close *ready. */
void detach_report(int *ready, int exit_status);

#endif
