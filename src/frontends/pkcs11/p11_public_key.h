/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_PUBLIC_KEY_H
#define PKCS11_P11_PUBLIC_KEY_H

/*
 * Public keys: the form that the keychain and certificates have of them, SubjectPublicKeyInfo (RFC
 * 5280, 4.1.2.7), and the one that PKCS #11 has, some attributes of each type.
 */

#include <stdbool.h>

#include <keycask/bytes.h>
#include <keycask/status.h>

#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_standard.h"

/* The types of keys, and what they are called where. */
struct p11_key_kind {
	const char *name;     /* of docs/vocabulary.md */
	CK_KEY_TYPE key_type; /* CKK_… */
	int size_in_bits;     /* 0: it differs from key to key */
};

/* NULL: none of ours. */
const struct p11_key_kind *p11_public_key_kind(const char *name);

/* What CKA_EC_PARAMS says of a key to be made or brought. */
struct p11_curve {
	const char *kind; /* "ec", "ed25519"… */
	int size_in_bits;
	struct kc_view params; /* as its OID in DER; static */
};

/* @ec_params is an OID (RFC 5480, RFC 8410) or, 3.0, 2.3.5 to 2.3.8, a curve's name in a
 * PrintableString. NULL: no curve that keys can be made on here. */
const struct p11_curve *p11_public_key_curve(struct kc_view ec_params);

/* What stands in the AlgorithmIdentifier of RSA keys, and the OID in that of EC keys; static. */
struct kc_view p11_public_key_algorithm_of_rsa(void);
struct kc_view p11_public_key_oid_of_ec(void);

/*
 * What @info says, into @attributes: CKA_PUBLIC_KEY_INFO, and of keys of a known type CKA_MODULUS
 * and CKA_PUBLIC_EXPONENT, or CKA_EC_PARAMS and CKA_EC_POINT.
 */
void p11_public_key_describe(struct kc_view info, struct p11_attributes *attributes);

/* The bits of its BIT STRING. Expected: false  it is none */
bool p11_public_key_bits(struct kc_view info, struct kc_view *ret_bits);

/* The point or the bytes in @ec_point, which may also stand there without an OCTET STRING around.
 */
struct kc_view p11_public_key_point(struct kc_view ec_point);

/*
 * The SubjectPublicKeyInfo of a key with these attributes of its type.
 * Expected: CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID
 * Ownership: free *ret_info with kc_bytes_free()
 */
CK_RV p11_public_key_build(const CK_ATTRIBUTE *template, CK_ULONG n, CK_KEY_TYPE key_type,
			   struct kc_bytes *ret_info);

#endif
