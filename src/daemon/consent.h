/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CONSENT_H
#define DAEMON_CONSENT_H

/* Somebody's yes to one use of a key, because whoever asks for the use wants it so. */

#include "daemon/daemon.h"

struct consent_options {
	const char *key;   /* label; NULL: it has none */
	const char *token; /* its ID; NULL: it is in the keychain */
	/* With KC_OK the call is the caller's again; may run inside consent_ask(). */
	void (*done)(void *details, enum kc_status status);
	/* Instead of done(): whoever called has left. To free @details; the call is gone. */
	void (*gone)(void *details);
	void *details;
};

/* Takes @call until done() or gone(); at once when its interaction does not say confirm. */
void consent_ask(struct wire_call *call, const struct consent_options *options);

#endif
