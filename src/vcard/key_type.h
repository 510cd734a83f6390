/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_KEY_TYPE_H
#define VCARD_KEY_TYPE_H

/*
 * The kinds of keys a card can hold, whatever its applications call them. A table and its look-up:
 * key_types[KEY_TYPE_P256] never misses.
 */

#include <stdbool.h>
#include <stddef.h>

enum key_family {
	KEY_RSA,
	KEY_EC,		/* the NIST curves: ECDSA and ECDH */
	KEY_EDWARDS,	/* RFC 8032: signs */
	KEY_MONTGOMERY, /* RFC 7748: agrees */
};

enum key_type_id {
	KEY_TYPE_RSA2048,
	KEY_TYPE_RSA3072,
	KEY_TYPE_RSA4096,
	KEY_TYPE_P256,
	KEY_TYPE_P384,
	KEY_TYPE_P521,
	KEY_TYPE_ED25519,
	KEY_TYPE_X25519,
	KEY_N_TYPES,
};

struct key_type {
	const char *name;
	enum key_family family;
	int rsa_bits;	    /* 0 for a curve */
	const char *curve;  /* OpenSSL's name, NULL for RSA */
	size_t field_bytes; /* of the modulus or of a coordinate */
};

extern const struct key_type key_types[KEY_N_TYPES];

/* NULL when no type is called so. */
const struct key_type *key_type_named(const char *name);

#endif
