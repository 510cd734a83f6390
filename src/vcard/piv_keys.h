/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_PIV_KEYS_H
#define VCARD_PIV_KEYS_H

/* GENERATE ASYMMETRIC KEY PAIR, and Yubico's IMPORT. Each returns the status word. */

#include "vcard/card.h"

uint16_t piv_keys_generate(struct card *card, const struct apdu_command *command,
			   struct bytes *answer);
uint16_t piv_keys_import(struct card *card, const struct apdu_command *command,
			 struct bytes *answer);

#endif
