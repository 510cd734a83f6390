/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_PIV_YUBICO_H
#define VCARD_PIV_YUBICO_H

/*
 * The instructions of Yubico's PIV extensions that yubico-piv-tool and ykman need, except IMPORT
 * (piv_keys.h). Attestation (F9) and moving keys (F6) are not offered: 6D00.
 */

#include "vcard/card.h"

uint16_t piv_yubico_version(struct card *card, const struct apdu_command *command,
			    struct bytes *answer);
uint16_t piv_yubico_serial(struct card *card, const struct apdu_command *command,
			   struct bytes *answer);
uint16_t piv_yubico_metadata(struct card *card, const struct apdu_command *command,
			     struct bytes *answer);
uint16_t piv_yubico_set_management_key(struct card *card, const struct apdu_command *command,
				       struct bytes *answer);
uint16_t piv_yubico_move_key(struct card *card, const struct apdu_command *command,
			     struct bytes *answer);
uint16_t piv_yubico_set_retries(struct card *card, const struct apdu_command *command,
				struct bytes *answer);
uint16_t piv_yubico_reset(struct card *card, const struct apdu_command *command,
			  struct bytes *answer);

#endif
