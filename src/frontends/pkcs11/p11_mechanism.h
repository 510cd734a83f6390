/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_MECHANISM_H
#define PKCS11_P11_MECHANISM_H

/*
 * The one table of mechanisms: what PKCS #11 calls it, what keycask calls it, which keys do it,
 * what is hashed here before, and what C_GetMechanismInfo tells of it.
 */

#include <stdbool.h>

#include "frontends/pkcs11/p11_hash.h"

enum p11_scheme {
	P11_RSA_PKCS1,
	P11_RSA_RAW, /* what the standard calls X.509 */
	P11_RSA_PSS,
	P11_RSA_OAEP,
	P11_ECDSA,
	P11_EDDSA,
	P11_ECDH,
	P11_DIGEST,
	P11_GENERATION,
};

struct p11_mechanism {
	CK_MECHANISM_TYPE type;
	enum p11_scheme scheme;
	enum p11_hash_kind hash; /* of the data, made here; P11_NO_HASH: data goes as it is */
	const char *signature;	 /* keycask's algorithm; NULL: none, or parameters decide */
	const char *encryption;	 /* the same, or of key exchange */
	const char *key_types;	 /* those of docs/vocabulary.md that have it, between spaces */
	CK_ULONG min_bits, max_bits;
	CK_FLAGS flags; /* without CKF_HW, which is a slot's */
};

/* NULL: no such mechanism. */
const struct p11_mechanism *p11_mechanism_find(CK_MECHANISM_TYPE type);

/* The mechanism at @i of the table; NULL: no more. */
const struct p11_mechanism *p11_mechanism_at(size_t i);

/* May a key of @key_type (of docs/vocabulary.md) be used with it? */
bool p11_mechanism_is_for(const struct p11_mechanism *mechanism, const char *key_type);

#endif
