/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTHOST_KEYPAD_H
#define SLOTHOST_KEYPAD_H

/*
 * The reader's own keypad, as whoever has a card channel uses it: packets of CLA FF mean the
 * reader (PC/SC part 10), never the card, and none but those known here reach it.
 */

#include "codec/part10.h"
#include "slots/port.h"

struct keypad {
	struct port *port; /* borrowed */
	unsigned limit_s; /* for a person to type, as far as a reader can wait; 0: it is not used */
	struct part10_features features;
};

/* Ask the reader what it has; within a transaction. A reader that does not answer has none. */
void keypad_find(struct keypad *keypad);

bool keypad_can_verify(const struct keypad *keypad);
bool keypad_can_change(const struct keypad *keypad);

/* Is @packet for the reader, not for the card? */
bool keypad_is_meant(struct kc_view packet);

/* Carry out @packet, append the response; a PIN entry may take limit_s. Statuses: as port.h has
 * them. @packet is written to: the time limit is ours. */
KC_MUST_CHECK enum kc_status keypad_answer(struct keypad *keypad, uint8_t *packet, size_t len,
					   struct bytes *response);

#endif
