/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_PROFILE_H
#define VCARD_OPENPGP_PROFILE_H

/*
 * The OpenPGP part of a profile: a list of keys such as sig=rsa2048,dec=x25519,aut=p256. Behind a
 * key, with +: cert (a certificate on the card), touch. Among the keys: pin=lasting, for a PW1 that
 * serves several signatures.
 */

#include "vcard/certify.h"
#include "vcard/openpgp_state.h"

#define OPENPGP_PROFILE_DEFAULT "openpgp:sig=rsa2048,dec=rsa2048,aut=p256"

struct openpgp_profile_key {
	const struct key_type *type; /* NULL: no key */
	bool has_certificate;
	bool is_touched;
};

struct openpgp_profile {
	bool is_wanted;
	bool is_pw1_lasting;
	struct openpgp_profile_key keys[OPENPGP_N_KEYS];
};

/* Add one element of the list, "sig" and "rsa2048+cert"; @value is taken apart in place. */
KC_MUST_CHECK enum kc_status openpgp_profile_add(struct openpgp_profile *profile, const char *name,
						 char *value);
size_t openpgp_profile_count(const struct openpgp_profile *profile);

/* Give the card the application and its keys, with certificates from @authority. */
KC_MUST_CHECK enum kc_status openpgp_profile_apply(const struct openpgp_profile *profile,
						   const struct certify_authority *authority,
						   struct openpgp_state *state);

#endif
