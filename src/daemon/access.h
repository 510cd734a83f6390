/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ACCESS_H
#define DAEMON_ACCESS_H

/*
 * May this peer do that? Rights are what dispatch.c's rows ask for. Today every program of the
 * daemon's own user has all of them and nobody else gets as far as a call (client.c); the question
 * is asked in one place so that policy has one place to answer.
 */

#include "wire/service.h"

enum right {
	RIGHT_READ = 1, /* look at items, tokens and slots */
	RIGHT_USE,	/* use a private key, prove a PIN */
	RIGHT_ADMIN,	/* stop the daemon, choose its drivers */
};

/* A wire_admit_fn. Expected: KC_ERR_MISSING_ENTITLEMENT */
KC_MUST_CHECK enum kc_status access_check(struct wire_call *call, const struct wire_method *method);

#endif
