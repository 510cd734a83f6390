/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_GetInfo: what this module is. */
#include <stdlib.h>

#include <keycask/daemon.h>

#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_standard.h"
#include "frontends/pkcs11/p11_text.h"

/* "1.2.3" as 1.2, which is all that a CK_VERSION holds. */
static CK_VERSION library_version(void)
{
	char *end = NULL;
	unsigned long major = strtoul(kc_version(), &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	return (CK_VERSION){(unsigned char)major, (unsigned char)minor};
}

CK_RV C_GetInfo(CK_INFO *info)
{
	CK_RV result = CKR_OK;

	if (!info)
		return CKR_ARGUMENTS_BAD;
	result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	p11_module_leave();
	/* 2.40, as programs do that know no other number; 3.0's list carries its own. */
	*info = (CK_INFO){.cryptokiVersion = {2, 40}, .libraryVersion = library_version()};
	p11_text_pad(info->manufacturerID, sizeof(info->manufacturerID), "keycask");
	p11_text_pad(info->libraryDescription, sizeof(info->libraryDescription),
		     "keycask keychain and tokens");
	return CKR_OK;
}
