/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PERSON_H
#define CLI_PERSON_H

/* Whoever sits before this machine: can they be asked for a PIN, and told what to do? */

#include <keycask/key.h>

/* A window could open. */
bool person_has_display(void);

/*
 * Before a PIN is wanted: where no prompt can appear, a reader with a keypad waits for it all the
 * same, and nobody else would say so.
 */
void person_announce_keypad(const struct kc_options *options);

#endif
