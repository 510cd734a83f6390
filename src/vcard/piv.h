/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_PIV_H
#define VCARD_PIV_H

/*
 * The numbers of the PIV card edge (SP 800-73-5 parts 1 and 2, SP 800-78-5, and the extensions
 * that Yubico publishes for its cards), and the two tables they are looked up in: key slots and
 * algorithms. Data only; what a card does with them is in the piv_* files.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vcard/key_type.h"

enum piv_sw {
	SW_OK = 0x9000,
	SW_MORE_DATA = 0x6100, /* plus the bytes that wait, 00 for 256 and more */
	SW_WRONG_PIN = 0x63C0, /* plus the tries left */
	SW_MEMORY_FAILURE = 0x6581,
	SW_WRONG_LENGTH = 0x6700,
	SW_NO_LOGICAL_CHANNEL = 0x6881,
	SW_NO_SECURE_MESSAGING = 0x6882,
	SW_CHAIN_BROKEN = 0x6883, /* last command of the chain expected */
	SW_NOT_AUTHENTICATED = 0x6982,
	SW_PIN_BLOCKED = 0x6983,
	SW_CONDITIONS = 0x6985,
	SW_WRONG_DATA = 0x6A80,
	SW_NO_FUNCTION = 0x6A81,
	SW_NOT_FOUND = 0x6A82,
	SW_NO_SPACE = 0x6A84,
	SW_WRONG_P1P2 = 0x6A86,
	SW_NO_REFERENCE = 0x6A88,
	SW_NO_INSTRUCTION = 0x6D00,
	SW_NO_CLASS = 0x6E00,
	SW_INTERNAL = 0x6F00,
};

enum piv_instruction {
	INS_VERIFY = 0x20,
	INS_CHANGE_REFERENCE_DATA = 0x24,
	INS_RESET_RETRY_COUNTER = 0x2C,
	INS_GENERATE = 0x47,
	INS_GENERAL_AUTHENTICATE = 0x87,
	INS_SELECT = 0xA4,
	INS_GET_RESPONSE = 0xC0,
	INS_GET_DATA = 0xCB,
	INS_PUT_DATA = 0xDB,
	INS_MOVE_KEY = 0xF6,
	INS_GET_METADATA = 0xF7,
	INS_GET_SERIAL = 0xF8,
	INS_SET_RETRIES = 0xFA,
	INS_RESET = 0xFB,
	INS_GET_VERSION = 0xFD,
	INS_IMPORT_KEY = 0xFE,
	INS_SET_MANAGEMENT_KEY = 0xFF,
};

/* SP 800-73-5 part 1 table 4b and part 2: key references. */
enum piv_reference {
	PIV_GLOBAL_PIN = 0x00,
	PIV_PIN = 0x80,
	PIV_PUK = 0x81,
	PIV_SLOT_RETIRED_FIRST = 0x82,
	PIV_SLOT_RETIRED_LAST = 0x95,
	PIV_SLOT_AUTHENTICATION = 0x9A,
	PIV_MANAGEMENT_KEY = 0x9B,
	PIV_SLOT_SIGNATURE = 0x9C,
	PIV_SLOT_KEY_MANAGEMENT = 0x9D,
	PIV_SLOT_CARD_AUTHENTICATION = 0x9E,
};

enum {
	PIV_N_RETIRED = PIV_SLOT_RETIRED_LAST - PIV_SLOT_RETIRED_FIRST + 1,
	PIV_N_SLOTS = 4 + PIV_N_RETIRED,
};

/* SP 800-73-5 part 1 table 3: the data objects this card treats specially. */
enum piv_object {
	PIV_DISCOVERY = 0x7E,
	PIV_OBJECT_FIRST = 0x5F0000,
	PIV_OBJECT_LAST = 0x5FFFFF,
	PIV_CARD_AUTHENTICATION_CERTIFICATE = 0x5FC101,
	PIV_CHUID = 0x5FC102,
	PIV_FINGERPRINTS = 0x5FC103,
	PIV_AUTHENTICATION_CERTIFICATE = 0x5FC105,
	PIV_CCC = 0x5FC107,
	PIV_FACE = 0x5FC108,
	PIV_PRINTED_INFORMATION = 0x5FC109,
	PIV_SIGNATURE_CERTIFICATE = 0x5FC10A,
	PIV_KEY_MANAGEMENT_CERTIFICATE = 0x5FC10B,
	PIV_KEY_HISTORY = 0x5FC10C,
	PIV_RETIRED_CERTIFICATE_FIRST = 0x5FC10D,
	PIV_IRIS = 0x5FC121,
	PIV_PAIRING_CODE = 0x5FC123,
};

enum piv_algorithm_id {
	PIV_3DES = 0x03,
	PIV_RSA3072 = 0x05,
	PIV_RSA2048 = 0x07,
	PIV_AES128 = 0x08,
	PIV_AES192 = 0x0A,
	PIV_AES256 = 0x0C,
	PIV_P256 = 0x11,
	PIV_P384 = 0x14,
	PIV_RSA4096 = 0x16,
};

/* Yubico's values; 0 in a command means the slot's default. */
enum piv_pin_policy {
	PIV_PIN_DEFAULT = 0,
	PIV_PIN_NEVER = 1,
	PIV_PIN_ONCE = 2,
	PIV_PIN_ALWAYS = 3,
};

enum piv_touch_policy {
	PIV_TOUCH_DEFAULT = 0,
	PIV_TOUCH_NEVER = 1,
	PIV_TOUCH_ALWAYS = 2,
	PIV_TOUCH_CACHED = 3,
};

/* SP 800-73-5 part 1, 3.3.2: which PINs a card has, and which of two it prefers. */
enum piv_pin_usage {
	PIV_USAGE_APPLICATION, /* the application's PIN alone */
	PIV_USAGE_BOTH,	       /* a global one besides */
	PIV_USAGE_GLOBAL,      /* both, and the global one is the primary */
};

enum piv_origin {
	PIV_GENERATED = 1,
	PIV_IMPORTED = 2,
};

enum {
	PIV_TAG_PIN_POLICY = 0xAA,
	PIV_TAG_TOUCH_POLICY = 0xAB,
	PIV_CIPHER_KEY_MAX = 32,
};

struct piv_slot {
	uint8_t reference;
	uint8_t default_pin_policy;
	uint32_t certificate_tag;
};

struct piv_algorithm {
	uint8_t id;
	const struct key_type *type;
};

/* The algorithms of the management key. */
struct piv_cipher {
	const char *name;
	uint8_t id;
	size_t key_bytes;
	size_t block_bytes;
	const char *openssl_name;
};

/* All of these look up a table and give NULL when there is no such row. */
const struct piv_slot *piv_slot_find(unsigned reference);
const struct piv_slot *piv_slot_at(size_t index); /* index < PIV_N_SLOTS never misses */
const struct piv_algorithm *piv_algorithm_find(unsigned id);
const struct piv_algorithm *piv_algorithm_named(const char *name);
const struct piv_algorithm *piv_algorithm_at(size_t index);
const struct piv_cipher *piv_cipher_find(unsigned id);
const struct piv_cipher *piv_cipher_named(const char *name);

/* "application", "both", "global"; false and NULL when there is no such usage. */
bool piv_pin_usage_named(const char *name, enum piv_pin_usage *ret_usage);
const char *piv_pin_usage_name(enum piv_pin_usage usage);

/* "never", "once", "always"; 0 and NULL when there is no such policy. */
uint8_t piv_pin_policy_named(const char *name);
const char *piv_pin_policy_name(unsigned policy);

#endif
