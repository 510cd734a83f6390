/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_SERVE_H
#define DRIVERKIT_SERVE_H

/* org.keycask.Driver on the control socket: JSON to the calls of session.h and back. */

#include "driverkit/token.h"

/*
 * Serve @token on @control_fd (taken) until the daemon closes it: KC_OK then.
 * Expected: KC_ERR_DECODE  the daemon sent nonsense
 */
KC_MUST_CHECK enum kc_status serve_token(struct kc_token *token, int control_fd);

#endif
