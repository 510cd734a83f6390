/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_DATA_H
#define VCARD_OPENPGP_DATA_H

/* SELECT DATA, GET DATA, GET NEXT DATA and PUT DATA. Each returns the status word. */

#include "vcard/card.h"

uint16_t openpgp_data_select(struct card *card, const struct apdu_command *command,
			     struct bytes *answer);
uint16_t openpgp_data_get(struct card *card, const struct apdu_command *command,
			  struct bytes *answer);
uint16_t openpgp_data_get_next(struct card *card, const struct apdu_command *command,
			       struct bytes *answer);
uint16_t openpgp_data_put(struct card *card, const struct apdu_command *command,
			  struct bytes *answer);

#endif
