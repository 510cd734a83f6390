/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_GetAttributeValue and C_GetObjectSize (3.0, 5.7.5, 5.7.4), which ask nobody. */
#include "base/cleanup.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_object.h"
#include "frontends/pkcs11/p11_session.h"

/* The object of @handle as the session sees it; both are given back by the caller. */
static CK_RV take_both(CK_SESSION_HANDLE session_handle, CK_OBJECT_HANDLE handle,
		       struct p11_session **session, struct p11_object **object)
{
	CK_RV result = p11_session_take(session_handle, session);

	return result == CKR_OK ? p11_object_take((*session)->slot, handle, object) : result;
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session_handle, CK_OBJECT_HANDLE handle,
			  CK_ATTRIBUTE *template, CK_ULONG n)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_object_givep) struct p11_object *object = NULL;
	CK_RV result = take_both(session_handle, handle, &session, &object);

	if (result != CKR_OK)
		return result;
	if (!template && n > 0)
		return CKR_ARGUMENTS_BAD;
	return p11_attributes_read(object->attributes, template, n);
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session_handle, CK_OBJECT_HANDLE handle, CK_ULONG *ret_size)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_object_givep) struct p11_object *object = NULL;
	CK_RV result = take_both(session_handle, handle, &session, &object);

	if (result != CKR_OK)
		return result;
	if (!ret_size)
		return CKR_ARGUMENTS_BAD;
	*ret_size = p11_attributes_size(object->attributes);
	return CKR_OK;
}
