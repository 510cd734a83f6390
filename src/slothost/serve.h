/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTHOST_SERVE_H
#define SLOTHOST_SERVE_H

/*
 * The slot process's loop: answer the daemon on its control socket and carry APDUs between card
 * channels and the card, one at a time.
 */

#include "slots/port.h"

/* Why the loop ended; also the exit status of the process. */
enum slothost_end {
	SLOTHOST_DONE = 0, /* the daemon closed its end */
	SLOTHOST_GONE = 3, /* the card was removed */
	SLOTHOST_MUTE = 4, /* the card stopped answering */
	SLOTHOST_ERROR = 5,
	SLOTHOST_WAITING = 6, /* another program did not let go of the card */
	SLOTHOST_AGAIN = 7,   /* start a new process: this one sees no more of pcscd */
};

/* @control_fd is taken, @port borrowed. @keypad_s is how long a person may type on the reader's own
 * keypad, 0: it is not used. */
enum slothost_end serve_slot(int control_fd, struct port *port, unsigned keypad_s);

#endif
