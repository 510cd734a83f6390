/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_STATE_H
#define VCARD_OPENPGP_STATE_H

/*
 * What the OpenPGP application remembers without power: passwords with their counters, three keys
 * with what the host wrote about them, texts. No rule of the card edge lives here.
 */

#include <openssl/evp.h>

#include "vcard/openpgp.h"

#define OPENPGP_DEFAULT_PW1 "123456"
#define OPENPGP_DEFAULT_PW3 "12345678"

enum {
	OPENPGP_PW1_MIN = 6,
	OPENPGP_PW3_MIN = 8, /* and of the resetting code */
	OPENPGP_TRIES = 3,
	OPENPGP_N_TEXTS = 10,
};

enum openpgp_password_index {
	OPENPGP_PASSWORD_USER,
	OPENPGP_PASSWORD_RESET_CODE,
	OPENPGP_PASSWORD_ADMIN,
	OPENPGP_N_PASSWORDS,
};

struct openpgp_secret {
	uint8_t value[OPENPGP_PASSWORD_MAX];
	size_t len; /* 0: not set, a resetting code only */
	unsigned tries_left;
};

struct openpgp_key {
	EVP_PKEY *pkey;		     /* NULL: none */
	const struct key_type *type; /* also of a key that is still to come */
	uint8_t origin;
	uint8_t touch;
	uint8_t fingerprint[OPENPGP_FINGERPRINT_BYTES];
	uint8_t ca_fingerprint[OPENPGP_FINGERPRINT_BYTES];
	uint8_t time[OPENPGP_TIME_BYTES];
	struct kc_bytes certificate;
};

struct openpgp_state {
	bool is_on; /* the card has this application */
	bool is_terminated;
	bool is_pw1_lasting; /* C4: one VERIFY serves several signatures */
	uint32_t signature_counter;
	struct openpgp_secret passwords[OPENPGP_N_PASSWORDS];
	struct openpgp_key keys[OPENPGP_N_KEYS];
	struct kc_bytes texts[OPENPGP_N_TEXTS]; /* by openpgp_state_text_tag() */
};

/* As it leaves the factory: PW1 123456, PW3 12345678, no resetting code, no keys (4.2). */
KC_MUST_CHECK enum kc_status openpgp_state_init(struct openpgp_state *ret_state);

/* Wipe and release. Accepts a zeroed struct and leaves one. */
void openpgp_state_done(struct openpgp_state *state);

/* Set a password, all tries available. Expected: KC_ERR_PARAM  too long */
KC_MUST_CHECK enum kc_status openpgp_state_set_password(struct openpgp_secret *secret,
							struct kc_view value);

/* Put a key in its place: what was written about the former one goes. Takes @pkey. */
void openpgp_state_put_key(struct openpgp_state *state, size_t index, EVP_PKEY *pkey,
			   uint8_t origin);

/* The text object @tag, read and written as it is; NULL when it is none. */
struct kc_bytes *openpgp_state_find_text(struct openpgp_state *state, uint32_t tag);
uint32_t openpgp_state_text_tag(size_t index);

/* Replace @place by a copy of @value. */
KC_MUST_CHECK enum kc_status openpgp_state_replace(struct kc_bytes *place, struct kc_view value,
						   size_t max);

#endif
