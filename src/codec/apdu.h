/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_APDU_H
#define CODEC_APDU_H

/*
 * Command and response APDUs of ISO 7816-4 section 5.1, short and extended, read and written.
 * Pure: sending, chaining and GET RESPONSE are the business of whoever has a card.
 */

#include <stdbool.h>

#include "base/bytes.h"

enum {
	APDU_SHORT_DATA_MAX = 255,
	APDU_SHORT_LE_MAX = 256,
	APDU_EXTENDED_MAX = 65536,
	APDU_SW_BYTES = 2,
	APDU_COMMAND_MIN = 4,
	APDU_SHORT_COMMAND_MAX = 4 + 1 + 255 + 1,
	APDU_SHORT_RESPONSE_MAX = 256 + 2,
	APDU_COMMAND_MAX = 4 + 3 + 65535 + 2,
	APDU_RESPONSE_MAX = 65536 + 2,
	APDU_CLA_CHAINING = 0x10, /* ISO 7816-4 5.1.1.1: not the last command of a chain */
};

struct apdu_command {
	uint8_t cla;
	uint8_t ins;
	uint8_t p1;
	uint8_t p2;
	struct kc_view data; /* borrowed; empty for cases 1 and 2 */
	uint32_t le;	     /* bytes expected at most, 0 for none, up to 65536 */
	bool is_extended;    /* lengths in the extended form */
};

struct apdu_response {
	struct kc_view data; /* borrowed */
	uint16_t sw;
};

/* Append the encoded command. Expected: KC_ERR_PARAM  too long for the chosen form. */
KC_MUST_CHECK enum kc_status apdu_put_command(struct bytes *bytes,
					      const struct apdu_command *command);

/* Read a whole command, all four cases, both forms. Expected: KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status apdu_get_command(struct kc_view input,
					      struct apdu_command *ret_command);

/* Split a response into data and status word. Expected: KC_ERR_COMMUNICATION  under 2 bytes. */
KC_MUST_CHECK enum kc_status apdu_get_response(struct kc_view input,
					       struct apdu_response *ret_response);

#endif
