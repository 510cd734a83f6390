/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_PARAMETERS_H
#define PKCS11_P11_PARAMETERS_H

/*
 * What comes with a mechanism, checked and copied: programs build it on their stack. A size that is
 * not the struct's, a hash or mask that is not there, a null pointer with a length are refused
 * here.
 */

#include "base/bytes.h"
#include "frontends/pkcs11/p11_mechanism.h"

struct p11_parameters {
	const struct p11_mechanism *mechanism;
	enum p11_hash_kind hash; /* PSS, OAEP; the key derivation's, P11_NO_HASH: CKD_NULL */
	enum p11_hash_kind mask; /* PSS, OAEP: MGF1's */
	size_t salt_len;	 /* PSS */
	struct bytes label;	 /* OAEP's label, what a derivation mixes in */
	struct bytes public_key; /* ECDH: the other's, as it was given */
};

/* Expected: CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID. Ownership: p11_parameters_done().
 */
CK_RV p11_parameters_read(const CK_MECHANISM *mechanism, struct p11_parameters *ret_parameters);

/* Accepts a zeroed struct and leaves one. */
void p11_parameters_done(struct p11_parameters *parameters);

/*
 * keycask's name for signing, encrypting or exchanging so, of a digest where there is one; NULL:
 * it has none for these parameters, so that p11_padding.c has to pad what the raw operation takes.
 */
const char *p11_parameters_signature(const struct p11_parameters *parameters, const char *key_type);
const char *p11_parameters_encryption(const struct p11_parameters *parameters);
const char *p11_parameters_exchange(const struct p11_parameters *parameters);

/* How long what is signed has to be; 0: as long as it is. */
size_t p11_parameters_digest_bytes(const struct p11_parameters *parameters);

#endif
