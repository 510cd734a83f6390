/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_OPENPGP_H
#define VCARD_OPENPGP_H

/*
 * The numbers of the OpenPGP card edge ("Functional Specification of the OpenPGP application on
 * ISO Smart Card Operating Systems", version 3.4), and the two tables they are looked up in: the
 * three keys and the algorithm attributes. Data only; what a card does with them is in the
 * openpgp_* files. Status words and the instructions that PIV has too are in piv.h.
 */

#include <stdint.h>

#include "base/bytes.h"
#include "vcard/key_type.h"

enum openpgp_instruction {
	INS_MANAGE_SECURITY_ENVIRONMENT = 0x22,
	INS_PERFORM_SECURITY_OPERATION = 0x2A,
	INS_ACTIVATE_FILE = 0x44,
	INS_GET_CHALLENGE = 0x84,
	INS_INTERNAL_AUTHENTICATE = 0x88,
	INS_SELECT_DATA = 0xA5,
	INS_GET_SIMPLE_DATA = 0xCA,
	INS_GET_NEXT_DATA = 0xCC,
	INS_PUT_SIMPLE_DATA = 0xDA,
	INS_TERMINATE_DF = 0xE6,
};

enum openpgp_sw {
	SW_TERMINATED = 0x6285,
	SW_NOT_TOUCHED = 0x6600, /* 7.3: reserved for the user interaction flag */
};

/* 4.3: what VERIFY names. PW1 has two states, one for signing and one for all else. */
enum openpgp_password {
	OPENPGP_PW1_SIGN = 0x81,
	OPENPGP_PW1 = 0x82,
	OPENPGP_PW3 = 0x83,
};

enum openpgp_key_index {
	OPENPGP_SIGNATURE,
	OPENPGP_DECRYPTION,
	OPENPGP_AUTHENTICATION,
	OPENPGP_N_KEYS,
};

/* 4.4.1 and 4.4.2: the data objects this card has. */
enum openpgp_tag {
	OPENPGP_AID = 0x4F,
	OPENPGP_LOGIN_DATA = 0x5E,
	OPENPGP_CARDHOLDER = 0x65,
	OPENPGP_NAME = 0x5B,
	OPENPGP_LANGUAGE = 0x5F2D,
	OPENPGP_SEX = 0x5F35,
	OPENPGP_APPLICATION = 0x6E,
	OPENPGP_DISCRETIONARY = 0x73,
	OPENPGP_SECURITY_SUPPORT = 0x7A,
	OPENPGP_SIGNATURE_COUNTER = 0x93,
	OPENPGP_EXTENDED_CAPABILITIES = 0xC0,
	OPENPGP_ATTRIBUTES_FIRST = 0xC1,
	OPENPGP_PASSWORD_STATUS = 0xC4,
	OPENPGP_FINGERPRINTS = 0xC5,
	OPENPGP_CA_FINGERPRINTS = 0xC6,
	OPENPGP_FINGERPRINT_FIRST = 0xC7,
	OPENPGP_CA_FINGERPRINT_FIRST = 0xCA,
	OPENPGP_TIMES = 0xCD,
	OPENPGP_TIME_FIRST = 0xCE,
	OPENPGP_RESET_CODE = 0xD3,
	OPENPGP_TOUCH_FIRST = 0xD6,
	OPENPGP_KEY_INFORMATION = 0xDE,
	OPENPGP_KDF = 0xF9,
	OPENPGP_ALGORITHMS = 0xFA,
	OPENPGP_PRIVATE_FIRST = 0x0101,
	OPENPGP_PRIVATE_LAST = 0x0104,
	OPENPGP_URL = 0x5F50,
	OPENPGP_HISTORICAL_BYTES = 0x5F52,
	OPENPGP_CERTIFICATE = 0x7F21,
	OPENPGP_LENGTHS = 0x7F66,
	OPENPGP_FEATURES = 0x7F74,
};

enum {
	OPENPGP_FINGERPRINT_BYTES = 20,
	OPENPGP_TIME_BYTES = 4,
	OPENPGP_PASSWORD_MAX = 127, /* C4 has seven bits for it */
	OPENPGP_OBJECT_MAX = 2048,  /* name, login, URL, private use: told in C0 */
	OPENPGP_CERTIFICATE_MAX = 4096,
	OPENPGP_CHALLENGE_MAX = 255,
	OPENPGP_ATTRIBUTES_MAX = 16,
};

/* DE: what is known of a key. */
enum openpgp_origin {
	OPENPGP_KEY_ABSENT,
	OPENPGP_KEY_GENERATED,
	OPENPGP_KEY_IMPORTED,
};

/* 4.4.3.6: user interaction flag. */
enum openpgp_touch {
	OPENPGP_TOUCH_OFF,
	OPENPGP_TOUCH_ON,
	OPENPGP_TOUCH_FIXED, /* on until the card is reset */
};

struct openpgp_slot {
	const char *name; /* in profiles and card files */
	uint8_t crt;	  /* 7.2.14: the control reference template that names it */
	uint8_t reference;
	uint32_t certificate_occurrence; /* 4.4.1: of 7F21 */
};

/* index < OPENPGP_N_KEYS never misses; the others give OPENPGP_N_KEYS when there is none. */
const struct openpgp_slot *openpgp_slot_at(size_t index);
size_t openpgp_slot_by_crt(uint32_t crt);
size_t openpgp_slot_named(const char *name);

/* Can key @index be of @type? Montgomery keys only decrypt, Edwards keys only sign. */
bool openpgp_takes_type(size_t index, const struct key_type *type);

/* Append the algorithm attributes of key @index when it is of @type (4.4.3.10). */
KC_MUST_CHECK enum kc_status openpgp_put_attributes(size_t index, const struct key_type *type,
						    struct bytes *bytes);

/* The type that @attributes mean for key @index; NULL when this card has none such. */
const struct key_type *openpgp_type_for(size_t index, struct kc_view attributes);

#endif
