/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_Encrypt and its siblings. It is the daemon that encrypts, with the public key that the object
 * names: the application's process has no libcrypto. No token takes part. (3.0, 5.8.)
 */
#include "frontends/pkcs11/p11_encrypt.h"

#include <stddef.h>

#include <keycask/names.h>

#include "frontends/pkcs11/p11_padding.h"
#include "frontends/pkcs11/p11_status.h"
#include "frontends/pkcs11/p11_use.h"

enum {
	PKCS1_OVERHEAD = 11, /* RFC 8017 7.2.1: 00 02, eight bytes other than 00, and 00 */
};

static const struct p11_verb encryption = {CKF_ENCRYPT, CKA_ENCRYPT,
					   offsetof(struct p11_session, encrypt)};

static bool fits(const struct p11_object *key, const struct p11_parameters *how, size_t len)
{
	size_t room = p11_use_modulus_bytes(key);

	if (how->mechanism->scheme == P11_RSA_PKCS1)
		return len + PKCS1_OVERHEAD <= room;
	if (how->mechanism->scheme == P11_RSA_OAEP)
		return len + 2 * p11_hash_bytes(how->hash) + 2 <= room;
	return len > 0 && len <= room;
}

static CK_RV ask(const struct p11_object *key, const char *algorithm, struct kc_view data,
		 struct kc_bytes *ret_ciphertext)
{
	return p11_status_of_key(kc_key_encrypt(key->key, algorithm, data, ret_ciphertext));
}

static CK_RV ask_with_padded(const struct p11_object *key, const struct p11_parameters *how,
			     struct kc_view data, struct kc_bytes *ret_ciphertext)
{
	struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	CK_RV result = p11_padding_put_oaep(how, data, p11_use_modulus_bytes(key), &block);

	if (result == CKR_OK)
		result = ask(key, KC_ALGORITHM_RSA_ENCRYPTION_RAW, bytes_view(&block),
			     ret_ciphertext);
	bytes_done(&block);
	return result;
}

CK_RV p11_encrypt_data(const struct p11_object *key, const struct p11_parameters *how,
		       struct kc_view data, struct kc_bytes *ret_ciphertext)
{
	const char *algorithm = p11_parameters_encryption(how);

	if (!fits(key, how, data.len))
		return CKR_DATA_LEN_RANGE;
	if (algorithm)
		return ask(key, algorithm, data, ret_ciphertext);
	return ask_with_padded(key, how, data, ret_ciphertext);
}

CK_RV p11_encrypt_signature(const struct p11_object *key, struct kc_view signature,
			    struct kc_bytes *ret_block)
{
	CK_RV result = ask(key, KC_ALGORITHM_RSA_ENCRYPTION_RAW, signature, ret_block);

	return result == CKR_DATA_INVALID ? CKR_SIGNATURE_INVALID : result;
}

static CK_RV finish(struct p11_turn *turn, struct kc_view data, CK_BYTE *encrypted, CK_ULONG *len)
{
	struct p11_operation *operation = turn->operation;
	uint8_t digest[P11_DIGEST_MAX];
	CK_RV result = CKR_OK;

	if (!p11_operation_has_room(turn, p11_use_modulus_bytes(operation->key), encrypted, len,
				    &result))
		return result;
	data = p11_operation_input(operation, data, digest);
	result = p11_encrypt_data(operation->key, &operation->how, data, &operation->result);
	return result == CKR_OK ? p11_operation_put_result(turn, encrypted, len) : result;
}

/* --- the standard's functions ----------------------------------------------------------------- */

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return p11_operation_begin(session, &encryption, mechanism, key);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *encrypted,
		CK_ULONG *encrypted_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter_whole(session, &encryption, data, data_len, &turn);

	return result == CKR_OK ? finish(&turn, view_of(data, data_len), encrypted, encrypted_len)
				: result;
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len,
		      CK_BYTE *encrypted_part, CK_ULONG *encrypted_part_len)
{
	(void)encrypted_part;
	return p11_operation_update_quietly(session, &encryption, part, part_len,
					    encrypted_part_len);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE *last_part, CK_ULONG *last_part_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter(session, &encryption, &turn);

	return result == CKR_OK ? finish(&turn, view_of(NULL, 0), last_part, last_part_len)
				: result;
}
