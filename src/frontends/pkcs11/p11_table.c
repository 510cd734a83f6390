/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables that programs call through, and the three functions by which they get them: the only
 * names that the module exports. All programs know 2.40's C_GetFunctionList; 3.0 adds interfaces,
 * of which this module has one name, "PKCS 11", in two versions.
 */
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_standard.h"

#define EXPORT __attribute__((visibility("default")))

/* What 2.40's list and the first part of 3.0's have in common: all but the version. */
#define ROWS_OF_2_40                                                                               \
	.C_Initialize = C_Initialize, .C_Finalize = C_Finalize, .C_GetInfo = C_GetInfo,            \
	.C_GetFunctionList = C_GetFunctionList, .C_GetSlotList = C_GetSlotList,                    \
	.C_GetSlotInfo = C_GetSlotInfo, .C_GetTokenInfo = C_GetTokenInfo,                          \
	.C_GetMechanismList = C_GetMechanismList, .C_GetMechanismInfo = C_GetMechanismInfo,        \
	.C_InitToken = C_InitToken, .C_InitPIN = C_InitPIN, .C_SetPIN = C_SetPIN,                  \
	.C_OpenSession = C_OpenSession, .C_CloseSession = C_CloseSession,                          \
	.C_CloseAllSessions = C_CloseAllSessions, .C_GetSessionInfo = C_GetSessionInfo,            \
	.C_GetOperationState = C_GetOperationState, .C_SetOperationState = C_SetOperationState,    \
	.C_Login = C_Login, .C_Logout = C_Logout, .C_CreateObject = C_CreateObject,                \
	.C_CopyObject = C_CopyObject, .C_DestroyObject = C_DestroyObject,                          \
	.C_GetObjectSize = C_GetObjectSize, .C_GetAttributeValue = C_GetAttributeValue,            \
	.C_SetAttributeValue = C_SetAttributeValue, .C_FindObjectsInit = C_FindObjectsInit,        \
	.C_FindObjects = C_FindObjects, .C_FindObjectsFinal = C_FindObjectsFinal,                  \
	.C_EncryptInit = C_EncryptInit, .C_Encrypt = C_Encrypt,                                    \
	.C_EncryptUpdate = C_EncryptUpdate, .C_EncryptFinal = C_EncryptFinal,                      \
	.C_DecryptInit = C_DecryptInit, .C_Decrypt = C_Decrypt,                                    \
	.C_DecryptUpdate = C_DecryptUpdate, .C_DecryptFinal = C_DecryptFinal,                      \
	.C_DigestInit = C_DigestInit, .C_Digest = C_Digest, .C_DigestUpdate = C_DigestUpdate,      \
	.C_DigestKey = C_DigestKey, .C_DigestFinal = C_DigestFinal, .C_SignInit = C_SignInit,      \
	.C_Sign = C_Sign, .C_SignUpdate = C_SignUpdate, .C_SignFinal = C_SignFinal,                \
	.C_SignRecoverInit = C_SignRecoverInit, .C_SignRecover = C_SignRecover,                    \
	.C_VerifyInit = C_VerifyInit, .C_Verify = C_Verify, .C_VerifyUpdate = C_VerifyUpdate,      \
	.C_VerifyFinal = C_VerifyFinal, .C_VerifyRecoverInit = C_VerifyRecoverInit,                \
	.C_VerifyRecover = C_VerifyRecover, .C_DigestEncryptUpdate = C_DigestEncryptUpdate,        \
	.C_DecryptDigestUpdate = C_DecryptDigestUpdate,                                            \
	.C_SignEncryptUpdate = C_SignEncryptUpdate,                                                \
	.C_DecryptVerifyUpdate = C_DecryptVerifyUpdate, .C_GenerateKey = C_GenerateKey,            \
	.C_GenerateKeyPair = C_GenerateKeyPair, .C_WrapKey = C_WrapKey,                            \
	.C_UnwrapKey = C_UnwrapKey, .C_DeriveKey = C_DeriveKey, .C_SeedRandom = C_SeedRandom,      \
	.C_GenerateRandom = C_GenerateRandom, .C_GetFunctionStatus = C_GetFunctionStatus,          \
	.C_CancelFunction = C_CancelFunction, .C_WaitForSlotEvent = C_WaitForSlotEvent

static CK_FUNCTION_LIST functions_2_40 = {.version = {2, 40}, ROWS_OF_2_40};

static struct p11_function_list functions_3_0 = {
	.first = {.version = {3, 0}, ROWS_OF_2_40},
	.C_GetInterfaceList = C_GetInterfaceList,
	.C_GetInterface = C_GetInterface,
	.C_LoginUser = C_LoginUser,
	.C_SessionCancel = C_SessionCancel,
	.C_MessageEncryptInit = C_MessageEncryptInit,
	.C_EncryptMessage = C_EncryptMessage,
	.C_EncryptMessageBegin = C_EncryptMessageBegin,
	.C_EncryptMessageNext = C_EncryptMessageNext,
	.C_MessageEncryptFinal = C_MessageEncryptFinal,
	.C_MessageDecryptInit = C_MessageDecryptInit,
	.C_DecryptMessage = C_DecryptMessage,
	.C_DecryptMessageBegin = C_DecryptMessageBegin,
	.C_DecryptMessageNext = C_DecryptMessageNext,
	.C_MessageDecryptFinal = C_MessageDecryptFinal,
	.C_MessageSignInit = C_MessageSignInit,
	.C_SignMessage = C_SignMessage,
	.C_SignMessageBegin = C_SignMessageBegin,
	.C_SignMessageNext = C_SignMessageNext,
	.C_MessageSignFinal = C_MessageSignFinal,
	.C_MessageVerifyInit = C_MessageVerifyInit,
	.C_VerifyMessage = C_VerifyMessage,
	.C_VerifyMessageBegin = C_VerifyMessageBegin,
	.C_VerifyMessageNext = C_VerifyMessageNext,
	.C_MessageVerifyFinal = C_MessageVerifyFinal,
};

/* 3.0, 5.4.5: without a name and a version C_GetInterface gives the first, "the library's choice".
 */
static CK_UTF8CHAR interface_name[] = "PKCS 11";
static struct p11_interface interfaces[] = {
	{interface_name, &functions_3_0, CKF_INTERFACE_FORK_SAFE},
	{interface_name, &functions_2_40, CKF_INTERFACE_FORK_SAFE},
};

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ret_list)
{
	if (!ret_list)
		return CKR_ARGUMENTS_BAD;
	*ret_list = &functions_2_40;
	return CKR_OK;
}

EXPORT CK_RV C_GetInterfaceList(struct p11_interface *ret_interfaces, CK_ULONG *count)
{
	CK_ULONG room = 0;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = ARRAY_LEN(interfaces);
	if (!ret_interfaces)
		return CKR_OK;
	if (room < ARRAY_LEN(interfaces))
		return CKR_BUFFER_TOO_SMALL;
	memcpy(ret_interfaces, interfaces, sizeof(interfaces));
	return CKR_OK;
}

static int is_wanted(const struct p11_interface *interface, const CK_UTF8CHAR *name,
		     const CK_VERSION *version, CK_FLAGS flags)
{
	const CK_VERSION *own = interface->functions;

	if (name && strcmp((const char *)name, (const char *)interface->name) != 0)
		return 0;
	if (version && (version->major != own->major || version->minor != own->minor))
		return 0;
	return (interface->flags & flags) == flags;
}

EXPORT CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version,
			    struct p11_interface **ret_interface, CK_FLAGS flags)
{
	if (!ret_interface)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < ARRAY_LEN(interfaces); i++) {
		if (!is_wanted(&interfaces[i], name, version, flags))
			continue;
		*ret_interface = &interfaces[i];
		return CKR_OK;
	}
	/* 3.0, 5.4.6 has CKR_ARGUMENTS_BAD and CKR_FUNCTION_FAILED to choose from. */
	return CKR_FUNCTION_FAILED;
}
