/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parameters are a struct of another's memory with pointers in it, of which only the sizes can be
 * checked. Mechanisms that have none are not looked at for any: programs leave rubbish there.
 * (PKCS #11 3.0, current mechanisms: RSA 2.1.7 and 2.1.9, EdDSA 2.3.14, ECDH 2.3.16.)
 */
#include "frontends/pkcs11/p11_parameters.h"

#include <string.h>

#include <keycask/names.h>

enum {
	/* Longer than any use; a label of megabytes would only cost memory. */
	LABEL_MAX = 64 * 1024,
	PUBLIC_KEY_MAX = 1024,
	SALT_MAX = 2048,
};

/* 3.0's CK_EDDSA_PARAMS, which p11-kit's header has not got. */
struct eddsa_parameters {
	CK_BBOOL is_prehashed;
	CK_ULONG context_len;
	CK_BYTE *context;
};

/* CKM_RSA_PKCS_OAEP's only source of a label: the parameters themselves. */
#ifndef CKZ_DATA_SPECIFIED
#define CKZ_DATA_SPECIFIED 0x00000001UL
#endif

static CK_RV copy(const void *data, CK_ULONG len, struct bytes *ret_bytes)
{
	if ((!data && len > 0) || len > ret_bytes->max)
		return CKR_MECHANISM_PARAM_INVALID;
	if (len == 0)
		return CKR_OK;
	return bytes_append(ret_bytes, view_of(data, len)) == KC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

/* The struct itself, into @to, which need not be where an application has it. */
static CK_RV copy_struct(const CK_MECHANISM *mechanism, void *to, size_t size)
{
	if (!mechanism->pParameter || mechanism->ulParameterLen != size)
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(to, mechanism->pParameter, size);
	return CKR_OK;
}

static CK_RV find_hashes(CK_MECHANISM_TYPE hash, CK_RSA_PKCS_MGF_TYPE mask,
			 struct p11_parameters *parameters)
{
	parameters->hash = p11_hash_find(hash);
	parameters->mask = p11_hash_find_mask(mask);
	if (parameters->hash == P11_NO_HASH || parameters->mask == P11_NO_HASH)
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* 2.1.15: of a mechanism that hashes, the parameters name the same hash. */
static CK_RV read_pss(const CK_MECHANISM *mechanism, struct p11_parameters *parameters)
{
	enum p11_hash_kind hash = parameters->mechanism->hash;
	CK_RSA_PKCS_PSS_PARAMS given;
	CK_RV result = copy_struct(mechanism, &given, sizeof(given));

	if (result == CKR_OK)
		result = find_hashes(given.hashAlg, given.mgf, parameters);
	if (result != CKR_OK)
		return result;
	if ((hash != P11_NO_HASH && parameters->hash != hash) || given.sLen > SALT_MAX)
		return CKR_MECHANISM_PARAM_INVALID;
	parameters->salt_len = given.sLen;
	return CKR_OK;
}

static CK_RV read_oaep(const CK_MECHANISM *mechanism, struct p11_parameters *parameters)
{
	CK_RSA_PKCS_OAEP_PARAMS given;
	CK_RV result = copy_struct(mechanism, &given, sizeof(given));

	if (result == CKR_OK)
		result = find_hashes(given.hashAlg, given.mgf, parameters);
	if (result != CKR_OK)
		return result;
	/* "ulSourceDataLen … 0 if source is 0": some leave it 0 and mean an empty label too. */
	if (given.source != CKZ_DATA_SPECIFIED && given.ulSourceDataLen > 0)
		return CKR_MECHANISM_PARAM_INVALID;
	return copy(given.pSourceData, given.ulSourceDataLen, &parameters->label);
}

/* RFC 8032 5.1: without prehash and context it is what everybody calls Ed25519; keycask's keys do
 * nothing else. */
static CK_RV read_eddsa(const CK_MECHANISM *mechanism)
{
	struct eddsa_parameters given;
	CK_RV result = CKR_OK;

	if (!mechanism->pParameter && mechanism->ulParameterLen == 0)
		return CKR_OK;
	result = copy_struct(mechanism, &given, sizeof(given));
	if (result == CKR_OK && (given.is_prehashed || given.context_len > 0))
		result = CKR_MECHANISM_PARAM_INVALID;
	return result;
}

static const struct {
	CK_ULONG type;
	enum p11_hash_kind hash;
} derivations[] = {
	{CKD_NULL, P11_NO_HASH},      {CKD_SHA1_KDF, P11_SHA1},	    {CKD_SHA224_KDF, P11_SHA224},
	{CKD_SHA256_KDF, P11_SHA256}, {CKD_SHA384_KDF, P11_SHA384}, {CKD_SHA512_KDF, P11_SHA512},
};

static CK_RV find_derivation(CK_ULONG type, enum p11_hash_kind *ret_hash)
{
	for (size_t i = 0; i < ARRAY_LEN(derivations); i++)
		if (derivations[i].type == type) {
			*ret_hash = derivations[i].hash;
			return CKR_OK;
		}
	return CKR_MECHANISM_PARAM_INVALID;
}

/* "With the key derivation function CKD_NULL, pSharedData must be NULL and ulSharedDataLen must be
 * zero." */
static CK_RV read_ecdh(const CK_MECHANISM *mechanism, struct p11_parameters *parameters)
{
	CK_ECDH1_DERIVE_PARAMS given;
	CK_RV result = copy_struct(mechanism, &given, sizeof(given));

	if (result == CKR_OK)
		result = find_derivation(given.kdf, &parameters->hash);
	if (result == CKR_OK && parameters->hash == P11_NO_HASH && given.ulSharedDataLen > 0)
		result = CKR_MECHANISM_PARAM_INVALID;
	if (result == CKR_OK && given.ulPublicDataLen == 0)
		result = CKR_MECHANISM_PARAM_INVALID;
	if (result == CKR_OK)
		result = copy(given.pSharedData, given.ulSharedDataLen, &parameters->label);
	if (result == CKR_OK)
		result = copy(given.pPublicData, given.ulPublicDataLen, &parameters->public_key);
	return result;
}

static CK_RV read_all(const CK_MECHANISM *mechanism, struct p11_parameters *parameters)
{
	switch (parameters->mechanism->scheme) {
	case P11_RSA_PSS:
		return read_pss(mechanism, parameters);
	case P11_RSA_OAEP:
		return read_oaep(mechanism, parameters);
	case P11_EDDSA:
		return read_eddsa(mechanism);
	case P11_ECDH:
		return read_ecdh(mechanism, parameters);
	case P11_RSA_PKCS1:
	case P11_RSA_RAW:
	case P11_ECDSA:
	case P11_DIGEST:
	case P11_GENERATION:
		break;
	}
	return CKR_OK;
}

CK_RV p11_parameters_read(const CK_MECHANISM *mechanism, struct p11_parameters *ret_parameters)
{
	struct p11_parameters parameters = {
		.mechanism = p11_mechanism_find(mechanism->mechanism),
		.label = BYTES_INIT(LABEL_MAX),
		.public_key = BYTES_INIT(PUBLIC_KEY_MAX),
	};
	CK_RV result = CKR_MECHANISM_INVALID;

	if (parameters.mechanism)
		result = read_all(mechanism, &parameters);
	if (result == CKR_OK)
		*ret_parameters = parameters;
	else
		p11_parameters_done(&parameters);
	return result;
}

void p11_parameters_done(struct p11_parameters *parameters)
{
	bytes_done(&parameters->label);
	bytes_done(&parameters->public_key);
}

/* --- keycask's names -------------------------------------------------------------------------- */

static const char *const pss[P11_N_HASHES] = {
	[P11_SHA1] = KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA1,
	[P11_SHA224] = KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA224,
	[P11_SHA256] = KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA256,
	[P11_SHA384] = KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA384,
	[P11_SHA512] = KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA512,
};

static const char *const oaep[P11_N_HASHES] = {
	[P11_SHA1] = KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA1,
	[P11_SHA224] = KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA224,
	[P11_SHA256] = KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA256,
	[P11_SHA384] = KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA384,
	[P11_SHA512] = KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA512,
};

static const char *const x963[P11_N_HASHES] = {
	[P11_SHA1] = KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA1,
	[P11_SHA224] = KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA224,
	[P11_SHA256] = KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA256,
	[P11_SHA384] = KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA384,
	[P11_SHA512] = KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA512,
};

/* keycask's PSS has the hash in its mask too, and a salt as long as the hash. */
static bool is_usual_pss(const struct p11_parameters *parameters)
{
	return parameters->mask == parameters->hash &&
	       parameters->salt_len == p11_hash_bytes(parameters->hash);
}

const char *p11_parameters_signature(const struct p11_parameters *parameters, const char *key_type)
{
	if (parameters->mechanism->scheme == P11_RSA_PSS)
		return is_usual_pss(parameters) ? pss[parameters->hash] : NULL;
	if (parameters->mechanism->scheme == P11_EDDSA)
		return strcmp(key_type, KC_KEY_TYPE_NAME_ED448) == 0
			       ? KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED448
			       : KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519;
	return parameters->mechanism->signature;
}

const char *p11_parameters_encryption(const struct p11_parameters *parameters)
{
	if (parameters->mechanism->scheme != P11_RSA_OAEP)
		return parameters->mechanism->encryption;
	if (parameters->label.len > 0 || parameters->mask != parameters->hash)
		return NULL;
	return oaep[parameters->hash];
}

/* Every curve here has the cofactor 1, with which both exchanges are the same. */
const char *p11_parameters_exchange(const struct p11_parameters *parameters)
{
	return parameters->hash == P11_NO_HASH ? parameters->mechanism->encryption
					       : x963[parameters->hash];
}

size_t p11_parameters_digest_bytes(const struct p11_parameters *parameters)
{
	return parameters->mechanism->scheme == P11_RSA_PSS
		       ? p11_hash_bytes(parameters->hash)
		       : p11_hash_bytes(parameters->mechanism->hash);
}
