/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_CREATE_H
#define PKCS11_P11_CREATE_H

/* C_CreateObject, for whoever has a template of something else. */

#include "frontends/pkcs11/p11_writing.h"

/*
 * An object that stays, in the keychain or on the token of @session's slot, as a checked @wish
 * says. Expected: CKR_SESSION_READ_ONLY, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
 *           CKR_ATTRIBUTE_VALUE_INVALID
 */
CK_RV p11_create_token_object(const struct p11_session *session, CK_OBJECT_CLASS object_class,
			      const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle);

#endif
