/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTS_EMBEDDED_H
#define SLOTS_EMBEDDED_H

/*
 * The embedded slot: a software card at the other end of a stream socket that speaks vpcd's
 * protocol (codec/vpcd.h), with us as the reader. The card leaves by closing its end.
 */

#include "slots/port.h"

/* @fd is taken. A card that does not answer in time is mute. */
KC_MUST_CHECK enum kc_status embedded_open(int fd, struct port_deadlines deadlines,
					   struct port **ret_port);

#endif
