/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_JSON_H
#define VCARD_OPENPGP_JSON_H

/*
 * The OpenPGP application's part of a card file:
 *   {"is_alone": false (true: the card has no PIV application),
 *    "is_terminated": false, "is_pw1_lasting": false, "signature_counter": 0,
 *    "passwords": [{"value": HEX, "tries_left": 3}, … PW1, resetting code, PW3],
 *    "keys": [{"algorithm": "p256", "origin": 1, "touch": 0, "fingerprint": HEX,
 *              "ca_fingerprint": HEX, "time": HEX, "certificate": BASE64,
 *              "private_key": BASE64 of PKCS#8, or ""}, … signature, decryption, authentication],
 *    "objects": [{"tag": "5f50", "value": BASE64}]}
 */

#include <json-c/json.h>

#include "vcard/openpgp_state.h"

/* Expected: KC_ERR_DECODE  a damaged card. @state is released by the caller in any case. */
KC_MUST_CHECK enum kc_status openpgp_json_read(struct json_object *object,
					       struct openpgp_state *state);
KC_MUST_CHECK enum kc_status openpgp_json_write(struct json_object *object,
						const struct openpgp_state *state);

#endif
