/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_PROFILE_H
#define VCARD_PROFILE_H

/*
 * What a new card is to hold, as people write it. A card has the application PIV or OpenPGP, or
 * both, with a stroke between them: "piv/openpgp", which is also called "both". Either is a name
 * alone, for the usual keys, or has a list of keys, "none" for none.
 *
 * OpenPGP's keys stand in openpgp_profile.h; PIV's are 9a=rsa2048,9c=p256,82=p384. Behind a key,
 * with +: gzip (compressed certificate), or the PIN policy never, once or always, or the touch
 * policy touch (each time) or touch-cached. Among the keys, the card's manner:
 * pin=application|both|global, extended=none|BYTES, strict=yes, firmware=5.7.
 */

#include "vcard/card_state.h"
#include "vcard/openpgp_profile.h"

#define PROFILE_DEFAULT "piv:9a=rsa2048,9c=p256,9d=rsa2048,9e=p256"

struct profile_key {
	const struct piv_slot *slot;
	const struct piv_algorithm *algorithm;
	uint8_t pin_policy;
	uint8_t touch_policy;
	bool is_compressed;
};

struct profile {
	struct profile_key keys[PIV_N_SLOTS];
	size_t n_keys;
	struct card_manner manner;
	bool has_piv;
	struct openpgp_profile openpgp;
};

/* Expected: KC_ERR_PARAM  what is wrong with @text is in the record. */
KC_MUST_CHECK enum kc_status profile_parse(const char *text, struct profile *ret_profile);

/* How many keys there are in all. */
size_t profile_count(const struct profile *profile);

/*
 * Give @state the keys of @profile and certificates for them from a test CA of its own, whose
 * certificate is appended to @ca_pem when that is not NULL.
 */
KC_MUST_CHECK enum kc_status profile_apply(const struct profile *profile, struct card_state *state,
					   struct bytes *ca_pem);

#endif
