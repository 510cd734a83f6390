/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in, weakly, for p11_object.c, p11_find.c and p11_operation.c until they are there: then
 * this file goes. */
#include "frontends/pkcs11/p11_find.h"
#include "frontends/pkcs11/p11_object.h"
#include "frontends/pkcs11/p11_session.h"

#define WEAK __attribute__((weak))

WEAK CK_RV p11_object_take(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle, struct p11_object **ret_object)
{
	(void)slot, (void)handle, (void)ret_object;
	return CKR_OBJECT_HANDLE_INVALID;
}

WEAK void p11_object_give(struct p11_object *object)
{
	(void)object;
}

WEAK bool p11_object_is(const struct p11_object *object, CK_ATTRIBUTE_TYPE type)
{
	(void)object, (void)type;
	return false;
}

WEAK void p11_object_end_session(CK_SESSION_HANDLE session)
{
	(void)session;
}

WEAK void p11_object_inherit(bool is_whole)
{
	(void)is_whole;
}

WEAK void p11_object_end(void)
{
}

WEAK struct p11_find *p11_find_free(struct p11_find *find)
{
	(void)find;
	return NULL;
}

WEAK CK_RV p11_object_add_secret(const struct p11_session *session, const CK_ATTRIBUTE *attributes,
				 CK_ULONG n_attributes, struct secret *secret,
				 CK_OBJECT_HANDLE *ret_handle)
{
	(void)session, (void)attributes, (void)n_attributes, (void)secret, (void)ret_handle;
	return CKR_FUNCTION_NOT_SUPPORTED;
}
