/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTS_PCSC_H
#define SLOTS_PCSC_H

/*
 * A card in a reader of pcscd. The connection is open within a transaction only: between two of
 * ours other programs may do what they like with the card, even have it for themselves. It is
 * reset before its first transaction and whenever one is ended so.
 *
 * pcsc-lite knows no time limit, so this port ends the process when a call takes longer than
 * allowed: a card that does not answer must not become somebody who waits for it for ever.
 */

#include "slots/port.h"

struct pcsc_options {
	const char *reader;		 /* borrowed */
	struct port_deadlines deadlines; /* of each call */
	int exit_mute;	  /* the process's exit status when the card does not answer in time */
	int exit_waiting; /* and when another program does not let go of it */
};

/* Expected: KC_ERR_TOKEN_NOT_FOUND  pcscd does not run */
KC_MUST_CHECK enum kc_status pcsc_open(const struct pcsc_options *options, struct port **ret_port);

#endif
