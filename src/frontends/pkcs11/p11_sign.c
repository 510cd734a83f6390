/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_Sign and its siblings. What is hashed is hashed here, so that data of any size is one round
 * trip with a digest in it; the size of a signature is known without asking anybody, so that no
 * buffer is too small after the key was used. (3.0, 5.13.)
 */
#include <stddef.h>
#include <string.h>

#include <keycask/names.h>

#include "frontends/pkcs11/p11_padding.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_use.h"

enum {
	PKCS1_OVERHEAD = 11,	/* RFC 8017 9.2: 00 01, eight FF and 00 */
	ECDSA_DATA_MAX = 1024,	/* of which the order's length counts */
	TOKEN_DATA_MAX = 65535, /* EdDSA: what a card takes; keys of the keychain take more */
};

static const struct p11_verb signing = {CKF_SIGN, CKA_SIGN, offsetof(struct p11_session, sign)};
static const struct p11_verb recoverable_signing = {CKF_SIGN_RECOVER, CKA_SIGN_RECOVER,
						    offsetof(struct p11_session, sign)};

/* --- the signature ---------------------------------------------------------------------------- */

static bool fits(const struct p11_operation *operation, size_t len)
{
	size_t wanted = p11_parameters_digest_bytes(&operation->how);
	bool is_of_keychain = operation->key->slot == P11_SLOT_KEYCHAIN;

	if (wanted > 0)
		return len == wanted;
	switch (operation->how.mechanism->scheme) {
	case P11_RSA_PKCS1:
		return len > 0 && len + PKCS1_OVERHEAD <= p11_use_modulus_bytes(operation->key);
	case P11_RSA_RAW:
		return len > 0 && len <= p11_use_modulus_bytes(operation->key);
	case P11_ECDSA:
		return len > 0 && len <= ECDSA_DATA_MAX;
	case P11_EDDSA:
		return len <= (is_of_keychain ? (size_t)P11_DATA_MAX : TOKEN_DATA_MAX);
	case P11_RSA_PSS:
	case P11_RSA_OAEP:
	case P11_ECDH:
	case P11_DIGEST:
	case P11_GENERATION:
		break;
	}
	return false;
}

/* A number that is not below the modulus; more than a card pads, or takes of a message; a token
 * that cannot do this at all. */
static CK_RV refusal_of(const struct p11_operation *operation)
{
	enum p11_scheme scheme = operation->how.mechanism->scheme;

	if (scheme == P11_RSA_RAW)
		return CKR_DATA_INVALID;
	if (scheme == P11_EDDSA || (scheme == P11_RSA_PKCS1 && operation->hash.kind == P11_NO_HASH))
		return CKR_DATA_LEN_RANGE;
	return CKR_KEY_FUNCTION_NOT_PERMITTED;
}

static CK_RV ask(struct p11_operation *operation, const char *algorithm, struct kc_view data)
{
	struct kc_options options = p11_use_options(operation);
	enum kc_status status =
		kc_key_sign(operation->key->key, algorithm, data, &options, &operation->result);

	return p11_use_status(operation, status, refusal_of(operation));
}

static CK_RV ask_for_padded(struct p11_operation *operation, struct kc_view digest)
{
	struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	CK_RV result = p11_padding_put_pss(&operation->how, digest,
					   (size_t)operation->key->key_size_in_bits, &block);

	if (result == CKR_OK)
		result = ask(operation, KC_ALGORITHM_RSA_SIGNATURE_RAW, bytes_view(&block));
	bytes_done(&block);
	return result;
}

static CK_RV make(struct p11_operation *operation, struct kc_view data)
{
	uint8_t digest[P11_DIGEST_MAX];
	struct kc_view input = p11_operation_input(operation, data, digest);
	const char *algorithm = p11_parameters_signature(&operation->how, operation->key->key_type);

	if (!fits(operation, input.len))
		return CKR_DATA_LEN_RANGE;
	return algorithm ? ask(operation, algorithm, input) : ask_for_padded(operation, input);
}

/* The one use of the key, if there is room for what comes of it. */
static CK_RV finish(struct p11_turn *turn, struct kc_view data, CK_BYTE *signature, CK_ULONG *len)
{
	CK_RV result = CKR_OK;

	if (!p11_operation_has_room(turn, p11_use_signature_bytes(turn->operation->key), signature,
				    len, &result))
		return result;
	if (!turn->operation->has_result)
		result = make(turn->operation, data);
	return result == CKR_OK ? p11_operation_put_result(turn, signature, len) : result;
}

static CK_RV sign_whole(CK_SESSION_HANDLE handle, const struct p11_verb *verb, struct kc_view data,
			CK_BYTE *signature, CK_ULONG *signature_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter_whole(handle, verb, data.data, data.len, &turn);

	return result == CKR_OK ? finish(&turn, data, signature, signature_len) : result;
}

/* --- the standard's functions ----------------------------------------------------------------- */

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return p11_operation_begin(session, &signing, mechanism, key);
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
	     CK_ULONG *signature_len)
{
	return sign_whole(session, &signing, view_of(data, data_len), signature, signature_len);
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
	return p11_operation_update(session, &signing, part, part_len);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter(session, &signing, &turn);

	return result == CKR_OK ? finish(&turn, view_of(NULL, 0), signature, signature_len)
				: result;
}

/* The data comes out of the signature again, as it does of every one without a hash: 3.0, 5.13.5.
 */
CK_RV C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return p11_operation_begin(session, &recoverable_signing, mechanism, key);
}

CK_RV C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
		    CK_ULONG *signature_len)
{
	return sign_whole(session, &recoverable_signing, view_of(data, data_len), signature,
			  signature_len);
}
