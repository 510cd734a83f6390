/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_CARD_JSON_H
#define VCARD_CARD_JSON_H

/* The card's memory as JSON text and back. Pure; the file itself is card_file's. */

#include "vcard/card_state.h"

/* New text, the caller's to free(). */
KC_MUST_CHECK enum kc_status card_json_write(const struct card_state *state, char **ret_text);

/*
 * Read what card_json_write() wrote, strictly.
 * Expected: KC_ERR_PARAM  something else than a card; KC_ERR_DECODE  a damaged card
 */
KC_MUST_CHECK enum kc_status card_json_read(struct kc_view text, struct card_state *ret_state);

#endif
