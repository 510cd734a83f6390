/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in, weakly, for what makes secret keys until it is there: then this file goes. */
#include "frontends/pkcs11/p11_object.h"

__attribute__((weak)) CK_RV p11_object_add_secret(const struct p11_session *session,
						  const CK_ATTRIBUTE *attributes,
						  CK_ULONG n_attributes, struct secret *secret,
						  CK_OBJECT_HANDLE *ret_handle)
{
	(void)session, (void)attributes, (void)n_attributes, (void)secret, (void)ret_handle;
	return CKR_FUNCTION_NOT_SUPPORTED;
}
