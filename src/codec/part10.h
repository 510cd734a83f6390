/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_PART10_H
#define CODEC_PART10_H

/*
 * PC/SC part 10: readers with a keypad of their own, and what such a reader says that it can do.
 * How it is asked for a PIN is in part10_entry.h.
 *
 * On a card channel a feature is asked for by the pseudo-APDU FF C2 01 <feature> (part 10, 2.3);
 * CLA FF is invalid in ISO 7816-4, so no card is meant.
 */

#include <stdbool.h>

#include "base/bytes.h"
#include "codec/pin_format.h"

/* Tags of the feature list, and P2 of the pseudo-APDU; 00 asks for the list itself. */
enum part10_feature {
	PART10_FEATURE_LIST = 0x00,
	PART10_VERIFY_PIN_DIRECT = 0x06,
	PART10_MODIFY_PIN_DIRECT = 0x07,
	PART10_PIN_PROPERTIES = 0x0A,
	PART10_TLV_PROPERTIES = 0x12,
};

enum {
	PART10_CLA = 0xFF,
	PART10_INS = 0xC2,
	PART10_P1 = 0x01,

	PART10_FEATURES_MAX = 0x20,
	PART10_TIMEOUT_MAX_S = 255,
	PART10_VERIFY_HEAD = 19, /* bytes before the APDU */
	PART10_MODIFY_HEAD = 24,
	PART10_STRUCTURE_MAX = PART10_MODIFY_HEAD + 5 + 255,
};

/* What a reader answers instead of the card (part 10, 2.5.2 and 2.6.2). */
enum part10_sw {
	PART10_SW_TIMEOUT = 0x6400,
	PART10_SW_CANCELLED = 0x6401,
	PART10_SW_MISMATCH = 0x6402, /* the new PIN typed twice */
	PART10_SW_LENGTH = 0x6403,   /* fewer or more digits than the structure allows */
	PART10_SW_STRUCTURE = 0x6B80,
};

/* The control code of each feature, 0 for none. */
struct part10_features {
	uint32_t control[PART10_FEATURES_MAX];
};

/* Read the list of features. Expected: KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status part10_get_features(struct kc_view list,
						 struct part10_features *ret_features);
KC_MUST_CHECK enum kc_status part10_put_features(struct bytes *list,
						 const struct part10_features *features);
static inline bool part10_has(const struct part10_features *features, enum part10_feature feature)
{
	return features->control[feature] != 0;
}

/* What a reader says about its keypad; 0: it does not say. */
struct part10_properties {
	uint8_t entry_conditions; /* what may end an entry */
	uint8_t min_pin;
	uint8_t max_pin;
};

/* Read PART10_TLV_PROPERTIES. Expected: KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status part10_get_properties(struct kc_view list,
						   struct part10_properties *ret_properties);

/* How much data an APDU may have, from the same list; 0: short APDUs only.
 * Expected: KC_ERR_CORRUPTED_DATA, KC_ERR_OBJECT_NOT_FOUND  the reader does not say */
KC_MUST_CHECK enum kc_status part10_get_apdu_data(struct kc_view list, uint32_t *ret_bytes);

/* Can PINs of @format be typed there? Expected: KC_ERR_NOT_IMPLEMENTED, with the reason. */
KC_MUST_CHECK enum kc_status part10_check_format(const struct kc_pin_format *format,
						 const struct part10_properties *properties);

#endif
