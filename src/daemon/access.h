/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ACCESS_H
#define DAEMON_ACCESS_H

/*
 * May this peer do that? Rights are what dispatch.c's rows ask for. Nobody but programs of the
 * daemon's own user gets as far as a call (client.c); which items they reach is a matter of their
 * access groups (groups.h). Who talks to a card without a driver can change its PINs and keys and
 * block it, so raw_card_access of config.json says who may; a sandboxed program never by default,
 * and it never administers. Each call is checked to come from the process that connected, running
 * what it ran then.
 */

#include "wire/service.h"

enum right {
	RIGHT_READ = 1, /* look at items, tokens and slots */
	RIGHT_USE,	/* use a private key, prove a PIN */
	RIGHT_ADMIN,	/* stop the daemon, choose its drivers */
	RIGHT_RAW_CARD, /* talk to a card without a driver, reset it */
};

/* A wire_admit_fn. Expected: KC_ERR_MISSING_ENTITLEMENT
 *			      KC_ERR_NOT_AVAILABLE  entitlements.d denies it everything */
KC_MUST_CHECK enum kc_status access_check(struct wire_call *call, const struct wire_method *method);

#endif
