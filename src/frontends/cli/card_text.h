/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CARD_TEXT_H
#define CLI_CARD_TEXT_H

/* Commands and responses as people write and read them. */

#include "frontends/cli/cli.h"

/* Upper-case hexadecimal; the caller's to free(). */
KC_MUST_CHECK enum kc_status card_text_hex(struct kc_view data, char **ret_text);
/* "00 A4 04 00", "00A40400", "00:a4:04:00". Expected: KC_ERR_PARAM  with what is wrong */
KC_MUST_CHECK enum kc_status card_text_read(const char *text, struct kc_bytes *ret_data);

/* Does the command carry a PIN (VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, with data)? */
bool card_text_has_pin(struct kc_view apdu);
/* As card_text_hex(), with its data as asterisks if they are a PIN. */
KC_MUST_CHECK enum kc_status card_text_command(struct kc_view apdu, char **ret_text);

#endif
