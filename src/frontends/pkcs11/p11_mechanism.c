/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table, and C_GetMechanismList and C_GetMechanismInfo, which read it. A token's slot has
 * CKF_HW for what the token itself does with its private keys, the keychain's slot never; hashing
 * and what public keys do is software in both.
 */
#include "frontends/pkcs11/p11_mechanism.h"

#include <string.h>

#include <keycask/names.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_ability.h"

/* 3.0's, which p11-kit's header has not got. */
#ifndef CKM_EC_MONTGOMERY_KEY_PAIR_GEN
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN 0x00001056UL
#endif

#define RSA	   " rsa ", 1024, 8192
#define RSA_NEW	   " rsa ", 2048, 4096
#define EC	   " ec ", 256, 521
#define EDWARDS	   " ed25519 ed448 ", 255, 448
#define MONTGOMERY " x25519 x448 ", 255, 448
#define EC_OR_X	   " ec x25519 x448 ", 255, 521

#define SIGNS	 (CKF_SIGN | CKF_VERIFY)
#define RECOVERS (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define ENCRYPTS (CKF_ENCRYPT | CKF_DECRYPT)
#define WRAPS	 (CKF_WRAP | CKF_UNWRAP)
#define OF_EC	 (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

/* The mechanism of @hash_ that signs what @scheme_ does. */
#define SIGNS_RSA(hash_, algorithm_)                                                               \
	{                                                                                          \
		CKM_##hash_##_RSA_PKCS, P11_RSA_PKCS1, P11_##hash_,                                \
			KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_##algorithm_, NULL, RSA, SIGNS  \
	}
#define SIGNS_PSS(hash_)                                                                           \
	{                                                                                          \
		CKM_##hash_##_RSA_PKCS_PSS, P11_RSA_PSS, P11_##hash_, NULL, NULL, RSA, SIGNS       \
	}
#define SIGNS_EC(hash_)                                                                            \
	{                                                                                          \
		CKM_ECDSA_##hash_, P11_ECDSA, P11_##hash_,                                         \
			KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754_##hash_, NULL, EC,             \
			SIGNS | OF_EC                                                              \
	}
#define DIGESTS(type_, hash_)                                                                      \
	{                                                                                          \
		type_, P11_DIGEST, hash_, NULL, NULL, NULL, 0, 0, CKF_DIGEST                       \
	}

static const struct p11_mechanism table[] = {
	{CKM_RSA_PKCS, P11_RSA_PKCS1, P11_NO_HASH, KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_RAW,
	 KC_ALGORITHM_RSA_ENCRYPTION_PKCS1, RSA, SIGNS | RECOVERS | ENCRYPTS | WRAPS},
	{CKM_RSA_X_509, P11_RSA_RAW, P11_NO_HASH, KC_ALGORITHM_RSA_SIGNATURE_RAW,
	 KC_ALGORITHM_RSA_ENCRYPTION_RAW, RSA, SIGNS | RECOVERS | ENCRYPTS},
	SIGNS_RSA(SHA1, SHA1),
	SIGNS_RSA(SHA224, SHA224),
	SIGNS_RSA(SHA256, SHA256),
	SIGNS_RSA(SHA384, SHA384),
	SIGNS_RSA(SHA512, SHA512),
	{CKM_RSA_PKCS_PSS, P11_RSA_PSS, P11_NO_HASH, NULL, NULL, RSA, SIGNS},
	SIGNS_PSS(SHA1),
	SIGNS_PSS(SHA224),
	SIGNS_PSS(SHA256),
	SIGNS_PSS(SHA384),
	SIGNS_PSS(SHA512),
	{CKM_RSA_PKCS_OAEP, P11_RSA_OAEP, P11_NO_HASH, NULL, NULL, RSA, ENCRYPTS | WRAPS},
	{CKM_ECDSA, P11_ECDSA, P11_NO_HASH, KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754, NULL, EC,
	 SIGNS | OF_EC},
	SIGNS_EC(SHA1),
	SIGNS_EC(SHA224),
	SIGNS_EC(SHA256),
	SIGNS_EC(SHA384),
	SIGNS_EC(SHA512),
	{CKM_EDDSA, P11_EDDSA, P11_NO_HASH, NULL, NULL, EDWARDS, SIGNS | OF_EC},
	{CKM_ECDH1_DERIVE, P11_ECDH, P11_NO_HASH, NULL, KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD,
	 EC_OR_X, CKF_DERIVE | OF_EC},
	{CKM_ECDH1_COFACTOR_DERIVE, P11_ECDH, P11_NO_HASH, NULL,
	 KC_ALGORITHM_ECDH_KEY_EXCHANGE_COFACTOR, EC, CKF_DERIVE | OF_EC},
	DIGESTS(CKM_SHA_1, P11_SHA1),
	DIGESTS(CKM_SHA224, P11_SHA224),
	DIGESTS(CKM_SHA256, P11_SHA256),
	DIGESTS(CKM_SHA384, P11_SHA384),
	DIGESTS(CKM_SHA512, P11_SHA512),
	{CKM_RSA_PKCS_KEY_PAIR_GEN, P11_GENERATION, P11_NO_HASH, NULL, NULL, RSA_NEW,
	 CKF_GENERATE_KEY_PAIR},
	{CKM_EC_KEY_PAIR_GEN, P11_GENERATION, P11_NO_HASH, NULL, NULL, EC,
	 CKF_GENERATE_KEY_PAIR | OF_EC},
	{CKM_EC_EDWARDS_KEY_PAIR_GEN, P11_GENERATION, P11_NO_HASH, NULL, NULL, EDWARDS,
	 CKF_GENERATE_KEY_PAIR | OF_EC},
	{CKM_EC_MONTGOMERY_KEY_PAIR_GEN, P11_GENERATION, P11_NO_HASH, NULL, NULL, MONTGOMERY,
	 CKF_GENERATE_KEY_PAIR | OF_EC},
};

const struct p11_mechanism *p11_mechanism_find(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].type == type)
			return &table[i];
	return NULL;
}

const struct p11_mechanism *p11_mechanism_at(size_t i)
{
	return i < ARRAY_LEN(table) ? &table[i] : NULL;
}

bool p11_mechanism_is_for(const struct p11_mechanism *mechanism, const char *key_type)
{
	size_t len = key_type ? strlen(key_type) : 0;
	const char *at = mechanism->key_types;

	while (len > 0 && at && (at = strstr(at, key_type))) {
		if (at[-1] == ' ' && at[len] == ' ')
			return true;
		at += len;
	}
	return false;
}

/* --- what a slot has ------------------------------------------------------------------------- */

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	CK_MECHANISM_TYPE types[ARRAY_LEN(table)];
	struct p11_ability ability = {0};
	CK_ULONG room = count ? *count : 0;
	CK_ULONG n = 0;
	CK_RV result = p11_ability_find(slot, &ability);

	if (result != CKR_OK)
		return result;
	if (!count)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (p11_ability_flags(&ability, &table[i]) != 0)
			types[n++] = table[i].type;
	*count = n;
	if (!list)
		return CKR_OK;
	if (room < n)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(list, types, n * sizeof(types[0]));
	return CKR_OK;
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	const struct p11_mechanism *mechanism = p11_mechanism_find(type);
	struct p11_ability ability = {0};
	CK_FLAGS flags = 0;
	CK_RV result = p11_ability_find(slot, &ability);

	if (result != CKR_OK)
		return result;
	if (!info)
		return CKR_ARGUMENTS_BAD;
	if (mechanism)
		flags = p11_ability_flags(&ability, mechanism);
	if (flags == 0)
		return CKR_MECHANISM_INVALID;
	*info = (CK_MECHANISM_INFO){mechanism->min_bits, mechanism->max_bits, flags};
	return CKR_OK;
}
