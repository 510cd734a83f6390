/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CHOOSING_H
#define DAEMON_CHOOSING_H

/*
 * One Choose on its way: identity after identity is looked at, which may take keycask-x509, and
 * kept in its place among the fit ones or among those that are left out.
 */

#include "daemon/daemon.h"

/* Takes @call, and ends it with a reply. What is asked for is in its parameters, which are
 * checked here. */
void choosing_begin(struct wire_call *call);

#endif
