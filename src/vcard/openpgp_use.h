/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_USE_H
#define VCARD_OPENPGP_USE_H

/* Using the three keys, and random numbers. Each returns the status word. */

#include "vcard/card.h"

/* COMPUTE DIGITAL SIGNATURE and DECIPHER. */
uint16_t openpgp_use_security_operation(struct card *card, const struct apdu_command *command,
					struct bytes *answer);
uint16_t openpgp_use_internal_authenticate(struct card *card, const struct apdu_command *command,
					   struct bytes *answer);
uint16_t openpgp_use_get_challenge(struct card *card, const struct apdu_command *command,
				   struct bytes *answer);

#endif
