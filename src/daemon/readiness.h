/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_READINESS_H
#define DAEMON_READINESS_H

/*
 * When the daemon is ready: once the cards that are in have been read, but after a few seconds in
 * any case. Whoever starts a daemon for one question, as the first command of a login or a cron job
 * does, would else be told that there is no card. Connections that come before wait.
 */

#include "daemon/daemon.h"

/* The last thing before the loop. */
void readiness_await(struct daemon *daemon);

/* Now it is. Fine at any time, and again. */
void readiness_declare(struct daemon *daemon);

#endif
