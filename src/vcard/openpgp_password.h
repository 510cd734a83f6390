/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_PASSWORD_H
#define VCARD_OPENPGP_PASSWORD_H

/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER. Each returns the status word. */

#include "vcard/card.h"

uint16_t openpgp_password_verify(struct card *card, const struct apdu_command *command,
				 struct bytes *answer);
uint16_t openpgp_password_change(struct card *card, const struct apdu_command *command,
				 struct bytes *answer);
uint16_t openpgp_password_unblock(struct card *card, const struct apdu_command *command,
				  struct bytes *answer);

/* PUT DATA D3 and F9. The caller has checked PW3. */
uint16_t openpgp_password_put_reset_code(struct card *card, struct kc_view value);
uint16_t openpgp_password_put_kdf(struct card *card, struct kc_view value);

#endif
