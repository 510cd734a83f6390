/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_Decrypt and its siblings. How long the plaintext is shows only when the key was used: until
 * then as much room as the modulus is named, and what then does not fit is kept. What was not
 * encrypted with PKCS#1 v1.5 comes out of that as noise, as the daemon has it, never as a failure.
 * (3.0, 5.10.)
 */
#include "frontends/pkcs11/p11_decrypt.h"

#include <stddef.h>

#include <keycask/names.h>

#include "frontends/pkcs11/p11_padding.h"
#include "frontends/pkcs11/p11_use.h"

static const struct p11_verb decryption = {CKF_DECRYPT, CKA_DECRYPT,
					   offsetof(struct p11_session, decrypt)};

static CK_RV ask(struct p11_operation *operation, const char *algorithm, struct kc_view data)
{
	struct kc_options options = p11_use_options(operation);
	enum kc_status status =
		kc_key_decrypt(operation->key->key, algorithm, data, &options, &operation->result);

	return p11_use_status(operation, status, CKR_ENCRYPTED_DATA_INVALID);
}

static CK_RV unpad(struct p11_operation *operation)
{
	struct bytes message = BYTES_INIT(P11_BLOCK_MAX);
	CK_RV result = p11_padding_take_oaep(&operation->how, kc_view_of_bytes(&operation->result),
					     &message);

	kc_bytes_free(&operation->result);
	if (result == CKR_OK)
		operation->result = bytes_take(&message);
	return result;
}

CK_RV p11_decrypt_data(struct p11_operation *operation, struct kc_view data)
{
	const char *algorithm = p11_parameters_encryption(&operation->how);
	CK_RV result = CKR_OK;

	if (data.len != p11_use_modulus_bytes(operation->key))
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (algorithm)
		return ask(operation, algorithm, data);
	result = ask(operation, KC_ALGORITHM_RSA_ENCRYPTION_RAW, data);
	return result == CKR_OK ? unpad(operation) : result;
}

/* Without a buffer nothing is decrypted: "C_Decrypt … to determine the length" need not be exact
 * (5.2), and a person would be asked for a PIN. */
static CK_RV finish(struct p11_turn *turn, struct kc_view data, CK_BYTE *plain, CK_ULONG *len)
{
	struct p11_operation *operation = turn->operation;
	uint8_t digest[P11_DIGEST_MAX];
	CK_RV result = CKR_OK;

	if (!operation->has_result && (!plain || !len)) {
		(void)p11_operation_has_room(turn, p11_use_modulus_bytes(operation->key), NULL, len,
					     &result);
		return result;
	}
	if (!operation->has_result)
		result = p11_decrypt_data(operation, p11_operation_input(operation, data, digest));
	return result == CKR_OK ? p11_operation_put_result(turn, plain, len) : result;
}

/* --- the standard's functions ----------------------------------------------------------------- */

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return p11_operation_begin(session, &decryption, mechanism, key);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len,
		CK_BYTE *data, CK_ULONG *data_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result =
		p11_operation_enter_whole(session, &decryption, encrypted, encrypted_len, &turn);

	return result == CKR_OK ? finish(&turn, view_of(encrypted, encrypted_len), data, data_len)
				: result;
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted_part,
		      CK_ULONG encrypted_part_len, CK_BYTE *part, CK_ULONG *part_len)
{
	(void)part;
	return p11_operation_update_quietly(session, &decryption, encrypted_part,
					    encrypted_part_len, part_len);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE *last_part, CK_ULONG *last_part_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter(session, &decryption, &turn);

	return result == CKR_OK ? finish(&turn, view_of(NULL, 0), last_part, last_part_len)
				: result;
}
