/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_PIV_PIN_H
#define VCARD_PIV_PIN_H

/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER. Each returns the status word. */

#include "vcard/card.h"

uint16_t piv_pin_verify(struct card *card, const struct apdu_command *command,
			struct bytes *answer);
uint16_t piv_pin_change(struct card *card, const struct apdu_command *command,
			struct bytes *answer);
uint16_t piv_pin_unblock(struct card *card, const struct apdu_command *command,
			 struct bytes *answer);

#endif
