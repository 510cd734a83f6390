/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_SHUTDOWN_H
#define DAEMON_SHUTDOWN_H

/* Ending in order: no new calls, those under way finish or reach a deadline, then the loop ends. */

#include "daemon/daemon.h"

void shutdown_begin(struct daemon *daemon);

#endif
