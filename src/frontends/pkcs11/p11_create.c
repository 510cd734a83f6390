/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_CreateObject and C_CopyObject (3.0, 5.7.1, 5.7.2): what kind of object, and whether it stays.
 */
#include "frontends/pkcs11/p11_create.h"

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_key_file.h"
#include "frontends/pkcs11/p11_session_key.h"
#include "frontends/pkcs11/p11_template.h"

CK_RV p11_create_token_object(const struct p11_session *session, CK_OBJECT_CLASS object_class,
			      const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(p11_writing_done) struct p11_writing writing = {.slot = 0};
	CK_RV result = p11_writing_begin(session, &writing);

	if (result != CKR_OK)
		return result;
	switch (object_class) {
	case CKO_CERTIFICATE:
		return p11_writing_add_certificate(&writing, wish, ret_handle);
	case CKO_PRIVATE_KEY:
	case CKO_PUBLIC_KEY:
		return p11_writing_add_key(&writing, object_class, wish, ret_handle);
	default:
		return CKR_TEMPLATE_INCONSISTENT; /* others end with their session */
	}
}

static CK_RV create_session_key(const struct p11_session *session, CK_OBJECT_CLASS object_class,
				const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	struct kc_key *key = NULL;
	CK_RV result = p11_key_file_import(NULL, object_class, wish, &key);

	if (result != CKR_OK)
		return result;
	if (object_class == CKO_PRIVATE_KEY)
		return p11_session_key_add_private(session, &key, wish, false, ret_handle);
	return p11_session_key_add_public(session, &key, wish, false, ret_handle);
}

static CK_RV create_session_object(const struct p11_session *session, CK_OBJECT_CLASS object_class,
				   const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	switch (object_class) {
	case CKO_DATA:
	case CKO_CERTIFICATE:
		return p11_session_object_create(session, object_class, wish, ret_handle);
	case CKO_SECRET_KEY:
		return p11_session_key_create_secret(session, wish, ret_handle);
	default:
		return create_session_key(session, object_class, wish, ret_handle);
	}
}

static CK_RV create(const struct p11_session *session, const struct p11_wish *wish,
		    CK_OBJECT_HANDLE *ret_handle)
{
	CK_OBJECT_CLASS object_class = CKO_VENDOR_DEFINED;
	CK_RV result = CKR_OK;

	if (!wish->template && wish->n > 0)
		return CKR_ARGUMENTS_BAD;
	if (!p11_template_find(wish->template, wish->n, CKA_CLASS))
		return CKR_TEMPLATE_INCOMPLETE;
	object_class = p11_template_number(wish->template, wish->n, CKA_CLASS, CKO_VENDOR_DEFINED);
	if (!p11_template_is_class(object_class))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	result = p11_template_check(wish->template, wish->n, object_class, P11_TEMPLATE_MAKE);
	if (result != CKR_OK)
		return result;
	if (p11_template_flag(wish->template, wish->n, CKA_TOKEN, false))
		return p11_create_token_object(session, object_class, wish, ret_handle);
	return create_session_object(session, object_class, wish, ret_handle);
}

CK_RV C_CreateObject(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG n,
		     CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	const struct p11_wish wish = {template, n};
	CK_RV result = p11_session_take(handle, &session);

	if (result != CKR_OK)
		return result;
	return ret_handle ? create(session, &wish, ret_handle) : CKR_ARGUMENTS_BAD;
}
