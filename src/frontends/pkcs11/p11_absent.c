/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this module does not have. Each of these stands in the tables all the same, so that nobody
 * calls a null pointer: "a function that is not supported ... simply returns
 * CKR_FUNCTION_NOT_SUPPORTED" (3.0, 3.6). Who implements one takes its line away here.
 */
#include "frontends/pkcs11/p11_standard.h"

/* Their arguments are looked at by nobody, and are as many as the standard has. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define ABSENT(name, parameters)                                                                   \
	CK_RV name parameters                                                                      \
	{                                                                                          \
		return CKR_FUNCTION_NOT_SUPPORTED;                                                 \
	}

/* NOLINTBEGIN(readability-function-size) */
ABSENT(C_InitToken, (CK_SLOT_ID slot_id, CK_BYTE *pin, CK_ULONG pin_len, CK_BYTE *label))
ABSENT(C_InitPIN, (CK_SESSION_HANDLE session, CK_BYTE *pin, CK_ULONG pin_len))
ABSENT(C_GetOperationState,
       (CK_SESSION_HANDLE session, CK_BYTE *operation_state, CK_ULONG *operation_state_len))
ABSENT(C_SetOperationState,
       (CK_SESSION_HANDLE session, CK_BYTE *operation_state, CK_ULONG operation_state_len,
	CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentiation_key))
ABSENT(C_DigestEncryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len,
			       CK_BYTE *encrypted_part, CK_ULONG *encrypted_part_len))
ABSENT(C_DecryptDigestUpdate, (CK_SESSION_HANDLE session, CK_BYTE *encrypted_part,
			       CK_ULONG encrypted_part_len, CK_BYTE *part, CK_ULONG *part_len))
ABSENT(C_SignEncryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len,
			     CK_BYTE *encrypted_part, CK_ULONG *encrypted_part_len))
ABSENT(C_DecryptVerifyUpdate, (CK_SESSION_HANDLE session, CK_BYTE *encrypted_part,
			       CK_ULONG encrypted_part_len, CK_BYTE *part, CK_ULONG *part_len))
ABSENT(C_MessageEncryptInit,
       (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
ABSENT(C_EncryptMessage, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			  CK_BYTE *associated, CK_ULONG associated_len, CK_BYTE *plain,
			  CK_ULONG plain_len, CK_BYTE *cipher, CK_ULONG *cipher_len))
ABSENT(C_EncryptMessageBegin, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			       CK_BYTE *associated, CK_ULONG associated_len))
ABSENT(C_EncryptMessageNext,
       (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, CK_BYTE *plain,
	CK_ULONG plain_len, CK_BYTE *cipher, CK_ULONG *cipher_len, CK_FLAGS flags))
ABSENT(C_MessageEncryptFinal, (CK_SESSION_HANDLE session))
ABSENT(C_MessageDecryptInit,
       (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
ABSENT(C_DecryptMessage, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			  CK_BYTE *associated, CK_ULONG associated_len, CK_BYTE *cipher,
			  CK_ULONG cipher_len, CK_BYTE *plain, CK_ULONG *plain_len))
ABSENT(C_DecryptMessageBegin, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			       CK_BYTE *associated, CK_ULONG associated_len))
ABSENT(C_DecryptMessageNext,
       (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, CK_BYTE *cipher,
	CK_ULONG cipher_len, CK_BYTE *plain, CK_ULONG *plain_len, CK_FLAGS flags))
ABSENT(C_MessageDecryptFinal, (CK_SESSION_HANDLE session))
ABSENT(C_MessageSignInit,
       (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
ABSENT(C_SignMessage,
       (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, CK_BYTE *data,
	CK_ULONG data_len, CK_BYTE *signature, CK_ULONG *signature_len))
ABSENT(C_SignMessageBegin, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len))
ABSENT(C_SignMessageNext,
       (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, CK_BYTE *data,
	CK_ULONG data_len, CK_BYTE *signature, CK_ULONG *signature_len))
ABSENT(C_MessageSignFinal, (CK_SESSION_HANDLE session))
ABSENT(C_MessageVerifyInit,
       (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
ABSENT(C_VerifyMessage,
       (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, CK_BYTE *data,
	CK_ULONG data_len, CK_BYTE *signature, CK_ULONG signature_len))
ABSENT(C_VerifyMessageBegin, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len))
ABSENT(C_VerifyMessageNext,
       (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, CK_BYTE *data,
	CK_ULONG data_len, CK_BYTE *signature, CK_ULONG signature_len))
ABSENT(C_MessageVerifyFinal, (CK_SESSION_HANDLE session))
/* NOLINTEND(readability-function-size) */

/* 3.0, 5.20: "legacy function which should simply return the value CKR_FUNCTION_NOT_PARALLEL" */
CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE session)
{
	return CKR_FUNCTION_NOT_PARALLEL;
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE session)
{
	return CKR_FUNCTION_NOT_PARALLEL;
}
