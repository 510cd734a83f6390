/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all session objects have in common, and those that hold nothing but what an application
 * says: data and certificates. A certificate is read, so that its names and its key are its own.
 */
#include "frontends/pkcs11/p11_session_object.h"

#include <stdio.h>

#include "base/bytes.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_describe.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_template.h"

enum {
	NAME_MAX_LEN = 64,
};

/* --- all of them ----------------------------------------------------------------------------- */

/* Held. Names of session objects are no references, so that they meet none. */
static void put_name(struct p11_object *object)
{
	static unsigned long n_named;
	char name[NAME_MAX_LEN];

	(void)snprintf(name, sizeof(name), "session-%lu", ++n_named);
	p11_attributes_put_text(object->attributes, CKA_UNIQUE_ID, name);
}

CK_RV p11_session_object_begin(const struct p11_session *session, const struct p11_wish *wish,
			       struct p11_object *object)
{
	bool is_private = p11_template_flag(wish->template, wish->n, CKA_PRIVATE, false);
	CK_RV result = CKR_OK;

	object->session = session->handle;
	p11_describe_storage(object, false, is_private, true);
	p11_attributes_put_text(object->attributes, CKA_LABEL, "");
	result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	put_name(object);
	if (!p11_object_is_visible(object))
		result = CKR_USER_NOT_LOGGED_IN;
	p11_module_leave();
	return result;
}

/* What stands in the daemon or in locked memory, stands nowhere else. */
static bool is_secret(CK_OBJECT_CLASS object_class, CK_ATTRIBUTE_TYPE type)
{
	switch (type) {
	case CKA_VALUE:
		return object_class == CKO_SECRET_KEY || object_class == CKO_PRIVATE_KEY;
	case CKA_PRIVATE_EXPONENT:
	case CKA_PRIME_1:
	case CKA_PRIME_2:
	case CKA_EXPONENT_1:
	case CKA_EXPONENT_2:
	case CKA_COEFFICIENT:
		return true;
	default:
		return false;
	}
}

void p11_session_object_overlay(struct p11_object *object, const struct p11_wish *wish)
{
	for (CK_ULONG i = 0; i < wish->n; i++) {
		const CK_ATTRIBUTE *attribute = &wish->template[i];

		if (!is_secret(object->object_class, attribute->type))
			p11_attributes_put(object->attributes, attribute->type,
					   view_of(attribute->pValue, attribute->ulValueLen));
	}
}

/* Table 10: what became CK_TRUE or CK_FALSE for good. */
static bool is_ratchet(CK_ATTRIBUTE_TYPE type, bool *ret_end)
{
	*ret_end = type == CKA_SENSITIVE || type == CKA_WRAP_WITH_TRUSTED;
	return *ret_end || type == CKA_EXTRACTABLE || type == CKA_COPYABLE;
}

bool p11_session_object_may_become(const struct p11_object *object, const CK_ATTRIBUTE *attribute)
{
	bool end = false;

	if (p11_attributes_match(object->attributes, attribute, 1))
		return true;
	if (attribute->type == CKA_TRUSTED)
		return false; /* only CKU_SO may, 4.6.2 */
	return !is_ratchet(attribute->type, &end) ||
	       p11_template_flag(attribute, 1, attribute->type, end) == end;
}

void p11_session_object_hide(struct p11_object *object)
{
	if (object->object_class == CKO_SECRET_KEY &&
	    (p11_object_is(object, CKA_SENSITIVE) || !p11_object_is(object, CKA_EXTRACTABLE)))
		p11_attributes_hide(object->attributes, CKA_VALUE);
}

CK_RV p11_session_object_publish(struct p11_object **object, CK_OBJECT_HANDLE *ret_handle)
{
	const struct p11_object *published = *object;
	CK_RV result = CKR_HOST_MEMORY;

	if (!p11_attributes_are_whole(published->attributes)) {
		p11_object_give(take(*object));
		return CKR_HOST_MEMORY;
	}
	p11_module_hold();
	result = p11_catalogue_put(object);
	if (result == CKR_OK)
		*ret_handle = published->handle;
	p11_module_leave();
	return result;
}

/* --- data and certificates ------------------------------------------------------------------- */

static CK_RV describe_data(struct p11_object *object, const struct p11_wish *wish)
{
	p11_attributes_put_text(object->attributes, CKA_APPLICATION, "");
	p11_attributes_put_text(object->attributes, CKA_OBJECT_ID, "");
	p11_attributes_put_text(object->attributes, CKA_VALUE, "");
	p11_session_object_overlay(object, wish);
	return CKR_OK;
}

/* What the certificate says of itself, nobody says otherwise. */
static CK_RV describe_certificate(struct p11_object *object, const struct p11_wish *wish)
{
	struct kc_view der = p11_template_view(wish->template, wish->n, CKA_VALUE);
	struct kc_view label = p11_template_view(wish->template, wish->n, CKA_LABEL);
	struct kc_view id = p11_template_view(wish->template, wish->n, CKA_ID);
	struct p11_certificate certificate;

	if (der.len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (p11_template_number(wish->template, wish->n, CKA_CERTIFICATE_TYPE, CKC_X_509) !=
		    CKC_X_509 ||
	    !p11_certificate_read(der, &certificate))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	p11_describe_certificate(object, der, &certificate);
	if (label.len > 0)
		p11_attributes_put(object->attributes, CKA_LABEL, label);
	if (id.len > 0)
		p11_attributes_put(object->attributes, CKA_ID, id);
	return CKR_OK;
}

CK_RV p11_session_object_create(const struct p11_session *session, CK_OBJECT_CLASS object_class,
				const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(p11_object_givep)
	struct p11_object *object = p11_object_new(session->slot, object_class);
	CK_RV result = CKR_HOST_MEMORY;

	if (!object)
		return CKR_HOST_MEMORY;
	result = p11_session_object_begin(session, wish, object);
	if (result == CKR_OK && object_class == CKO_DATA)
		result = describe_data(object, wish);
	else if (result == CKR_OK)
		result = describe_certificate(object, wish);
	return result == CKR_OK ? p11_session_object_publish(&object, ret_handle) : result;
}

/* --- copies ---------------------------------------------------------------------------------- */

/* 5.7.2: of a copy too CKA_EXTRACTABLE may become CK_FALSE, "but not the other way around". */
static bool is_as_guarded(const struct p11_object *original, const struct p11_wish *wish)
{
	for (CK_ULONG i = 0; i < wish->n; i++)
		if (!p11_session_object_may_become(original, &wish->template[i]))
			return false;
	return true;
}

CK_RV p11_session_object_copy(const struct p11_session *session, struct p11_object *original,
			      const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(p11_object_givep) struct p11_object *object = NULL;
	CK_RV result = CKR_HOST_MEMORY;

	if (!is_as_guarded(original, wish))
		return CKR_ATTRIBUTE_READ_ONLY;
	object = p11_object_variant(original);
	if (!object)
		return CKR_HOST_MEMORY;
	result = p11_session_object_begin(session, wish, object);
	if (result != CKR_OK)
		return result;
	p11_attributes_put(object->attributes, CKA_LABEL,
			   p11_attributes_view(original->attributes, CKA_LABEL));
	p11_session_object_overlay(object, wish);
	p11_attributes_inherit(object->attributes, original->attributes);
	p11_session_object_hide(object);
	return p11_session_object_publish(&object, ret_handle);
}
