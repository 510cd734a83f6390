/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_KEYS_H
#define VCARD_OPENPGP_KEYS_H

/* GENERATE ASYMMETRIC KEY PAIR, and importing a key with PUT DATA. Each returns the status word. */

#include "vcard/card.h"

uint16_t openpgp_keys_generate(struct card *card, const struct apdu_command *command,
			       struct bytes *answer);
uint16_t openpgp_keys_import(struct card *card, const struct apdu_command *command,
			     struct bytes *answer);

#endif
