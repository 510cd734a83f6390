/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal (3.0, 5.7.7 to 5.7.9). All is found at once,
 * so that the second call gives what was there at the first, whatever comes and goes between them.
 */
#include "frontends/pkcs11/p11_find.h"

#include <stdlib.h>
#include <string.h>

#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_load.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_session.h"
#include "frontends/pkcs11/p11_template.h"

struct p11_find {
	size_t n_handles;
	size_t n_told;
	CK_OBJECT_HANDLE handles[];
};

struct p11_find *p11_find_free(struct p11_find *find)
{
	free(find);
	return NULL;
}

/* Which items could be meant. What says CKA_TOKEN is false asks for none of them. */
static int classes_of(const CK_ATTRIBUTE *template, CK_ULONG n)
{
	if (!p11_template_flag(template, n, CKA_TOKEN, true))
		return 0;
	if (!p11_template_find(template, n, CKA_CLASS))
		return P11_LOAD_ALL;
	switch (p11_template_number(template, n, CKA_CLASS, CKO_VENDOR_DEFINED)) {
	case CKO_CERTIFICATE:
		return P11_LOAD_CERTIFICATES;
	case CKO_PUBLIC_KEY:
	case CKO_PRIVATE_KEY:
		return P11_LOAD_KEYS;
	default:
		return 0;
	}
}

static bool is_match(const struct p11_object *object, const CK_ATTRIBUTE *template, CK_ULONG n)
{
	return p11_object_is_visible(object) &&
	       p11_attributes_match(object->attributes, template, n);
}

/* Held. Counts when @handles is NULL. */
static size_t collect(CK_SLOT_ID slot, const CK_ATTRIBUTE *template, CK_ULONG n,
		      CK_OBJECT_HANDLE *handles)
{
	const struct p11_object *object = p11_catalogue_next(slot, 0);
	size_t n_found = 0;

	while (object) {
		if (is_match(object, template, n)) {
			if (handles)
				handles[n_found] = object->handle;
			n_found++;
		}
		object = p11_catalogue_next(slot, object->handle);
	}
	return n_found;
}

/* Held. */
static struct p11_find *find_new(CK_SLOT_ID slot, const CK_ATTRIBUTE *template, CK_ULONG n)
{
	size_t n_handles = collect(slot, template, n, NULL);
	struct p11_find *find = calloc(1, sizeof(*find) + n_handles * sizeof(find->handles[0]));

	if (find)
		find->n_handles = collect(slot, template, n, find->handles);
	return find;
}

static CK_RV begin(struct p11_session *session, const CK_ATTRIBUTE *template, CK_ULONG n)
{
	int classes = classes_of(template, n);
	CK_RV result = CKR_OK;

	if (classes)
		result = p11_load_objects(session->slot, (enum p11_load_classes)classes);
	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	session->find = find_new(session->slot, template, n);
	p11_module_leave();
	return session->find ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG n)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CK_RV result = p11_session_take(handle, &session);

	if (result != CKR_OK)
		return result;
	if (!template && n > 0)
		return CKR_ARGUMENTS_BAD;
	if (session->find)
		return CKR_OPERATION_ACTIVE;
	return begin(session, template, n);
}

CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *handles, CK_ULONG n_max,
		    CK_ULONG *ret_n)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CK_RV result = p11_session_take(handle, &session);
	struct p11_find *find = NULL;
	size_t n = 0;

	if (result != CKR_OK)
		return result;
	find = session->find;
	if (!find)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (!ret_n || (!handles && n_max > 0))
		return CKR_ARGUMENTS_BAD;
	n = find->n_handles - find->n_told;
	if (n > n_max)
		n = n_max;
	if (n > 0)
		memcpy(handles, find->handles + find->n_told, n * sizeof(*handles));
	find->n_told += n;
	*ret_n = n;
	return CKR_OK;
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CK_RV result = p11_session_take(handle, &session);

	if (result != CKR_OK)
		return result;
	if (!session->find)
		return CKR_OPERATION_NOT_INITIALIZED;
	session->find = p11_find_free(session->find);
	return CKR_OK;
}
