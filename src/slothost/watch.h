/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTHOST_WATCH_H
#define SLOTHOST_WATCH_H

/* org.keycask.Readers: tells the daemon of the readers of pcscd for as long as it lives. */

#include "slothost/serve.h"
#include "slots/pcscd.h"

/* @control_fd is taken, @pcscd borrowed. */
enum slothost_end watch_readers(int control_fd, struct pcscd *pcscd);

#endif
