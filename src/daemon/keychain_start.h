/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_KEYCHAIN_START_H
#define DAEMON_KEYCHAIN_START_H

#include "daemon/daemon.h"

/*
 * Make the engine, with keychain.db if it can be had. When it cannot, engine_file() says why, and
 * the daemon serves tokens.
 */
KC_MUST_CHECK enum kc_status keychain_start(struct daemon *daemon);

#endif
