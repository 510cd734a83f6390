/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_PIV_AUTH_H
#define VCARD_PIV_AUTH_H

/* GENERAL AUTHENTICATE: using the private keys, and proving the management key. */

#include "vcard/card.h"

uint16_t piv_auth_general(struct card *card, const struct apdu_command *command,
			  struct bytes *answer);

#endif
