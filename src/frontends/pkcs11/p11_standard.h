/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_STANDARD_H
#define PKCS11_P11_STANDARD_H

/*
 * PKCS #11: what p11-kit's header has of 2.40, and here what 3.0 (OASIS Standard, 15 June 2020) adds
 * and this module has. Names and numbers are the standard's.
 */

#include <p11-kit/pkcs11.h>

/* 3.0, 2.? attributes: a name that lives as long as the object, unique on its token. */
#define CKA_UNIQUE_ID 0x00000004UL

/* 3.0, 5.4.4: C_GetInterfaceList */
struct p11_interface {
	CK_UTF8CHAR *name;
	void *functions; /* begins with a CK_VERSION */
	CK_FLAGS flags;
};

#define CKF_INTERFACE_FORK_SAFE 0x00000001UL

#endif
