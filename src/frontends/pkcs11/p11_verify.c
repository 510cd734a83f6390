/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_Verify and its siblings: the daemon verifies, with the public key that the object names, what
 * was hashed here; no token takes part. (3.0, 5.15.)
 */
#include <stddef.h>
#include <string.h>

#include "frontends/pkcs11/p11_encrypt.h"
#include "frontends/pkcs11/p11_padding.h"
#include "frontends/pkcs11/p11_status.h"
#include "frontends/pkcs11/p11_use.h"

enum {
	PKCS1_FILL_MIN = 8, /* RFC 8017 9.2 step 5 */
};

static const struct p11_verb verification = {CKF_VERIFY, CKA_VERIFY,
					     offsetof(struct p11_session, verify)};
static const struct p11_verb recovery = {CKF_VERIFY_RECOVER, CKA_VERIFY_RECOVER,
					 offsetof(struct p11_session, verify)};

/* --- verification ------------------------------------------------------------------------- */

static CK_RV ask(const struct p11_operation *operation, const char *algorithm, struct kc_view data,
		 struct kc_view signature)
{
	enum kc_status status = kc_key_verify(operation->key->key, algorithm, data, signature);

	/* A number that is not below the modulus is nobody's signature. */
	if (status == KC_ERR_PARAM)
		return CKR_SIGNATURE_INVALID;
	return p11_status_of_key(status);
}

static CK_RV check_padded(const struct p11_operation *operation, struct kc_view digest,
			  struct kc_view signature)
{
	CLEANUP(kc_bytes_free) struct kc_bytes block = {0};
	CK_RV result = p11_encrypt_signature(operation->key, signature, &block);

	if (result != CKR_OK)
		return result;
	return p11_padding_is_pss(&operation->how, digest, (size_t)operation->key->key_size_in_bits,
				  kc_view_of_bytes(&block))
		       ? CKR_OK
		       : CKR_SIGNATURE_INVALID;
}

static CK_RV check(struct p11_operation *operation, struct kc_view data, struct kc_view signature)
{
	uint8_t digest[P11_DIGEST_MAX];
	struct kc_view input = p11_operation_input(operation, data, digest);
	size_t wanted = p11_parameters_digest_bytes(&operation->how);
	const char *algorithm = p11_parameters_signature(&operation->how, operation->key->key_type);

	if (wanted > 0 && input.len != wanted)
		return CKR_DATA_LEN_RANGE;
	if (signature.len != p11_use_signature_bytes(operation->key))
		return CKR_SIGNATURE_LEN_RANGE;
	return algorithm ? ask(operation, algorithm, input, signature)
			 : check_padded(operation, input, signature);
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return p11_operation_begin(session, &verification, mechanism, key);
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
	       CK_ULONG signature_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter_whole(session, &verification, data, data_len, &turn);

	if (result != CKR_OK)
		return result;
	if (!signature && signature_len > 0)
		return CKR_ARGUMENTS_BAD;
	return check(turn.operation, view_of(data, data_len), view_of(signature, signature_len));
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
	return p11_operation_update(session, &verification, part, part_len);
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter(session, &verification, &turn);

	if (result != CKR_OK)
		return result;
	if (!signature && signature_len > 0)
		return CKR_ARGUMENTS_BAD;
	return check(turn.operation, view_of(NULL, 0), view_of(signature, signature_len));
}

/* --- what was signed comes out again ------------------------------------------------------ */

/* EMSA-PKCS1-v1_5: 00 01, FF … FF, 00, and what was signed. All of it is public. */
static CK_RV unpad(struct kc_view block, struct kc_view *ret_data)
{
	size_t at = 2;

	if (block.len < 2 || block.data[0] != 0x00 || block.data[1] != 0x01)
		return CKR_SIGNATURE_INVALID;
	while (at < block.len && block.data[at] == 0xff)
		at++;
	if (at < 2 + PKCS1_FILL_MIN || at == block.len || block.data[at] != 0x00)
		return CKR_SIGNATURE_INVALID;
	*ret_data = view_slice(block, at + 1, block.len);
	return CKR_OK;
}

static CK_RV recover(struct p11_operation *operation, struct kc_view signature)
{
	CLEANUP(kc_bytes_free) struct kc_bytes block = {0};
	struct bytes data = BYTES_INIT(P11_BLOCK_MAX);
	struct kc_view view;
	CK_RV result = CKR_OK;

	if (signature.len != p11_use_signature_bytes(operation->key))
		return CKR_SIGNATURE_LEN_RANGE;
	result = p11_encrypt_signature(operation->key, signature, &block);
	view = kc_view_of_bytes(&block);
	if (result == CKR_OK && operation->how.mechanism->scheme == P11_RSA_PKCS1)
		result = unpad(view, &view);
	if (result == CKR_OK && view.len > 0 && bytes_append(&data, view) != KC_OK)
		result = CKR_HOST_MEMORY;
	if (result == CKR_OK)
		operation->result = bytes_take(&data);
	return result;
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return p11_operation_begin(session, &recovery, mechanism, key);
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_len,
		      CK_BYTE *data, CK_ULONG *data_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result =
		p11_operation_enter_whole(session, &recovery, signature, signature_len, &turn);

	if (result == CKR_OK && !turn.operation->has_result)
		result = recover(turn.operation, view_of(signature, signature_len));
	return result == CKR_OK ? p11_operation_put_result(&turn, data, data_len) : result;
}
