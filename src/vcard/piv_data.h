/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_PIV_DATA_H
#define VCARD_PIV_DATA_H

/* GET DATA and PUT DATA. Each returns the status word. */

#include "vcard/card.h"

uint16_t piv_data_get(struct card *card, const struct apdu_command *command, struct bytes *answer);
uint16_t piv_data_put(struct card *card, const struct apdu_command *command, struct bytes *answer);

#endif
