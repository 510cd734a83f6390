/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_STANDARD_H
#define PKCS11_P11_STANDARD_H

/*
 * PKCS #11: what p11-kit's header has of 2.40, and here what 3.0 (OASIS Standard, 15 June 2020)
 * adds and this module has. Names and numbers are the standard's. The C_ functions stand each where
 * its matter is, those that this module does not have in p11_absent.c, and all of them in
 * p11_table.c.
 */

#include <p11-kit/pkcs11.h>

/* 3.0, 4.4.1: a name that lives as long as the object, unique on its token. */
#define CKA_UNIQUE_ID 0x00000004UL

/* 3.0, 2.3.8: X25519 and X448 */
#ifndef CKK_EC_MONTGOMERY
#define CKK_EC_MONTGOMERY 0x00000041UL
#endif

/* 3.0, 5.4.4: C_GetInterfaceList */
struct p11_interface {
	CK_UTF8CHAR *name;
	void *functions; /* begins with a CK_VERSION */
	CK_FLAGS flags;
};

#define CKF_INTERFACE_FORK_SAFE 0x00000001UL

/* 3.0, 5.6.5, C_SessionCancel: what to cancel; the others are CKF_ENCRYPT and so on. */
#define CKF_FIND_OBJECTS 0x00000040UL

#define CKR_OPERATION_CANCEL_FAILED 0x00000202UL

CK_RV C_GetInterfaceList(struct p11_interface *interfaces, CK_ULONG *count);
CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, struct p11_interface **ret_interface,
		     CK_FLAGS flags);
CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_len,
		  CK_UTF8CHAR *user_name, CK_ULONG user_name_len);
CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags);

CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			   CK_OBJECT_HANDLE key);
CK_RV C_EncryptMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		       CK_BYTE *associated, CK_ULONG associated_len, CK_BYTE *plain,
		       CK_ULONG plain_len, CK_BYTE *cipher, CK_ULONG *cipher_len);
CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			    CK_BYTE *associated, CK_ULONG associated_len);
CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			   CK_BYTE *plain, CK_ULONG plain_len, CK_BYTE *cipher,
			   CK_ULONG *cipher_len, CK_FLAGS flags);
CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session);
CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			   CK_OBJECT_HANDLE key);
CK_RV C_DecryptMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		       CK_BYTE *associated, CK_ULONG associated_len, CK_BYTE *cipher,
		       CK_ULONG cipher_len, CK_BYTE *plain, CK_ULONG *plain_len);
CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			    CK_BYTE *associated, CK_ULONG associated_len);
CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			   CK_BYTE *cipher, CK_ULONG cipher_len, CK_BYTE *plain,
			   CK_ULONG *plain_len, CK_FLAGS flags);
CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session);
CK_RV C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV C_SignMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		    CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature, CK_ULONG *signature_len);
CK_RV C_SignMessageBegin(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len);
CK_RV C_SignMessageNext(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
			CK_ULONG *signature_len);
CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session);
CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		      CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature, CK_ULONG signature_len);
CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len);
CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
			  CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
			  CK_ULONG signature_len);
CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session);

/* 3.0, 3.6: CK_FUNCTION_LIST_3_0. What 2.40's list has comes first, so that it begins with one. */
struct p11_function_list {
	CK_FUNCTION_LIST first;
	__typeof__(&C_GetInterfaceList) C_GetInterfaceList;
	__typeof__(&C_GetInterface) C_GetInterface;
	__typeof__(&C_LoginUser) C_LoginUser;
	__typeof__(&C_SessionCancel) C_SessionCancel;
	__typeof__(&C_MessageEncryptInit) C_MessageEncryptInit;
	__typeof__(&C_EncryptMessage) C_EncryptMessage;
	__typeof__(&C_EncryptMessageBegin) C_EncryptMessageBegin;
	__typeof__(&C_EncryptMessageNext) C_EncryptMessageNext;
	__typeof__(&C_MessageEncryptFinal) C_MessageEncryptFinal;
	__typeof__(&C_MessageDecryptInit) C_MessageDecryptInit;
	__typeof__(&C_DecryptMessage) C_DecryptMessage;
	__typeof__(&C_DecryptMessageBegin) C_DecryptMessageBegin;
	__typeof__(&C_DecryptMessageNext) C_DecryptMessageNext;
	__typeof__(&C_MessageDecryptFinal) C_MessageDecryptFinal;
	__typeof__(&C_MessageSignInit) C_MessageSignInit;
	__typeof__(&C_SignMessage) C_SignMessage;
	__typeof__(&C_SignMessageBegin) C_SignMessageBegin;
	__typeof__(&C_SignMessageNext) C_SignMessageNext;
	__typeof__(&C_MessageSignFinal) C_MessageSignFinal;
	__typeof__(&C_MessageVerifyInit) C_MessageVerifyInit;
	__typeof__(&C_VerifyMessage) C_VerifyMessage;
	__typeof__(&C_VerifyMessageBegin) C_VerifyMessageBegin;
	__typeof__(&C_VerifyMessageNext) C_VerifyMessageNext;
	__typeof__(&C_MessageVerifyFinal) C_MessageVerifyFinal;
};

#endif
