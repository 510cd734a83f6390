/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_KEYCHAIN_H
#define DAEMON_KEYCHAIN_H

/* The keychain's lock, as several calls and the login session use it. */

#include "daemon/daemon.h"
#include "wire/service.h"

/* Expected: KC_ERR_NOT_AVAILABLE  it is not open, with the reason */
KC_MUST_CHECK enum kc_status keychain_find(const struct daemon *daemon, struct keybag **ret_keybag);

/*
 * Lock it; contexts have proved nothing any more. @call is who asked: NULL when nobody did.
 * Expected: KC_ERR_NOT_AVAILABLE  it is not open, or has no password
 */
KC_MUST_CHECK enum kc_status keychain_lock(struct daemon *daemon, struct wire_call *call);

/* The person has left, or wants everything locked: where it can be, the keychain is too. */
void keychain_lock_if_possible(struct daemon *daemon, struct wire_call *call);

/* One line of the audit log: "unlock", "lock", "set_password" … */
void keychain_audit(const struct daemon *daemon, struct wire_call *call, const char *operation,
		    enum kc_status result);

#endif
