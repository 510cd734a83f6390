/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_TEMPLATE_H
#define VCARD_OPENPGP_TEMPLATE_H

/* What the OpenPGP application says about itself: the data objects it puts together. */

#include "vcard/card_state.h"

/* AID: RID of the FSFE, application 01, version 3.4, no manufacturer's number, serial (4.2.1). */
enum {
	OPENPGP_AID_BYTES = 16,
};

void openpgp_template_aid(const struct card_state *state, uint8_t aid[OPENPGP_AID_BYTES]);

/*
 * Append the value of data object @tag, without its own tag, when it is one that the card
 * computes. Expected: KC_ERR_OBJECT_NOT_FOUND  it is not
 */
KC_MUST_CHECK enum kc_status openpgp_template_put(struct card_state *state, uint32_t tag,
						  struct bytes *value);

/* Template objects: GET DATA answers them with their tag, the others without (7.2.6). */
bool openpgp_template_is_constructed(uint32_t tag);

#endif
