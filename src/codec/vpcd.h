/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_VPCD_H
#define CODEC_VPCD_H

/*
 * The framing of vpcd, the virtual smart card reader: every message is a big-endian 16-bit length
 * and that many bytes. Towards the card a message of one byte is a control command; anything
 * longer is an APDU. From the card come ATRs (answering VPCD_GET_ATR) and response APDUs.
 */

#include <stdbool.h>

#include "base/bytes.h"

enum vpcd_control {
	VPCD_POWER_OFF = 0,
	VPCD_POWER_ON = 1,
	VPCD_RESET = 2,
	VPCD_GET_ATR = 4,
	/* Ours, and ignored by cards that do not know it: is the card in a reader with features of
	 * PC/SC part 10? Then a message of VPCD_FEATURES_MARK and their list comes before the ATR,
	 * and that reader takes their pseudo-APDUs as if they were for the card, and answers what
	 * SCardControl() would give. */
	VPCD_GET_FEATURES = 0x50,
};

#define VPCD_FEATURES_MARK "keycask reader:"

enum {
	VPCD_MESSAGE_MAX = 65535,
	VPCD_HEADER_BYTES = 2,
};

/* Append the frame around @message. Expected: KC_ERR_PARAM  longer than VPCD_MESSAGE_MAX. */
KC_MUST_CHECK enum kc_status vpcd_put(struct bytes *bytes, struct kc_view message);

/*
 * Look for a whole frame at the start of @input. True: *ret_message is its content, borrowed, and
 * *ret_used the bytes to consume. False: more bytes are needed.
 */
bool vpcd_get(struct kc_view input, struct kc_view *ret_message, size_t *ret_used);

#endif
