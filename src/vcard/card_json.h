/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_CARD_JSON_H
#define VCARD_CARD_JSON_H

/*
 * The card's memory as JSON text and back; the file itself is card_file's. One object, readable
 * with any tool:
 *   {"format": "keycask-vcard", "version": 1, "serial": 12345678,
 *    "pin": {"value": HEX, "tries_left": 3, "tries_max": 3}, "puk": …,
 *    "management_key": {"algorithm": "3des", "value": HEX, "touch_policy": 1},
 *    "keys": [{"slot": "9a", "algorithm": "p256", "pin_policy": "once", "touch_policy": 1,
 *              "origin": 1, "private_key": BASE64 of PKCS#8}],
 *    "objects": [{"tag": "5fc102", "value": BASE64}],
 *    "manner": {"pin_usage": "application", "is_strict": false, "extended_max": 65535,
 *               "hides_extended": false, "moves_keys": false},
 *    "global_pin": {…},
 *    "openpgp": what openpgp_json.h says}
 * Every member is required, for a file that lacks one was written by something else; only older
 * files lack "manner" and "global_pin", and are cards with the usual manner then, or "moves_keys"
 * in it, and only cards with an OpenPGP application have the last.
 */

#include "vcard/card_state.h"

#define CARD_JSON_FORMAT "keycask-vcard"

enum {
	CARD_JSON_VERSION = 1,
	CARD_JSON_PKCS8_MAX = 8192,
};

/* New text, the caller's to free(). */
KC_MUST_CHECK enum kc_status card_json_write(const struct card_state *state, char **ret_text);

/*
 * Read what card_json_write() wrote, strictly.
 * Expected: KC_ERR_PARAM  something else than a card; KC_ERR_DECODE  a damaged card
 */
KC_MUST_CHECK enum kc_status card_json_read(struct kc_view text, struct card_state *ret_state);

#endif
