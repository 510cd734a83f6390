/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_CONFINE_H
#define DRIVERKIT_CONFINE_H

/* The descriptors a driver process inherits, and the confinement it puts itself into. */

#include <keycask/status.h>

enum {
	CONFINE_CONTROL_FD = 3, /* Varlink, from keycaskd */
	CONFINE_CARD_FD = 4,	/* SEQPACKET, from the slot process */
	CONFINE_INHERITED = 5,
};

/* Expected: KC_ERR_NOT_AVAILABLE  do not start */
KC_MUST_CHECK enum kc_status confine_enter(void);

#endif
