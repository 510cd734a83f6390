/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_SetAttributeValue (3.0, 5.7.6): all of the template or nothing. Of an item of the keychain its
 * label and its CKA_ID change; of a session object what the standard lets change. Saying what is so
 * anyway is fine, with every object.
 */
#include <keycask/item.h>

#include "base/bytes.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_describe.h"
#include "frontends/pkcs11/p11_load.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_template.h"
#include "frontends/pkcs11/p11_writing.h"

static bool is_so(const struct p11_object *object, const CK_ATTRIBUTE *attribute)
{
	return p11_attributes_match(object->attributes, attribute, 1);
}

static bool is_all_so(const struct p11_object *object, const struct p11_wish *wish)
{
	return p11_attributes_match(object->attributes, wish->template, wish->n);
}

/* --- items ----------------------------------------------------------------------------------- */

static CK_RV check_item(const struct p11_object *object, const struct p11_wish *wish)
{
	for (CK_ULONG i = 0; i < wish->n; i++) {
		CK_ATTRIBUTE_TYPE type = wish->template[i].type;

		if (type == CKA_ID && wish->template[i].ulValueLen == 0)
			return CKR_ATTRIBUTE_VALUE_INVALID;
		if (type != CKA_LABEL && type != CKA_ID && !is_so(object, &wish->template[i]))
			return CKR_ATTRIBUTE_READ_ONLY;
	}
	return CKR_OK;
}

static enum kc_status update(struct kc_view reference, const struct kc_dictionary *changes)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query = KC_DICTIONARY({KC_VALUE_PERSISTENT_REF, KC_DATA(reference)});

	return kc_item_update(query, changes);
}

/* A label may be taken away; what is to be one instead comes after it. */
static struct kc_dictionary *make_changes(const struct p11_wish *wish)
{
	if (p11_template_find(wish->template, wish->n, CKA_LABEL))
		return KC_DICTIONARY({KC_ATTR_LABEL, KC_TEXT("")});
	return kc_dictionary_new(NULL, 0);
}

/* The public key of a private one is called as that one is. */
static CK_RV change_item(const struct p11_session *session, const struct p11_object *object,
			 const struct p11_wish *wish)
{
	CLEANUP(p11_writing_done) struct p11_writing writing = {.slot = 0};
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *changes = make_changes(wish);
	CK_RV result = changes ? p11_writing_begin(session, &writing) : CKR_HOST_MEMORY;

	if (result == CKR_OK)
		result = check_item(object, wish);
	if (result == CKR_OK)
		result = p11_writing_put_names(&writing, wish, kc_view_of(NULL, 0), changes);
	if (result != CKR_OK)
		return result;
	result = p11_writing_status(update(kc_view_of_bytes(&object->reference), changes));
	return result == CKR_OK ? p11_load_objects(object->slot, P11_LOAD_ALL) : result;
}

/* --- session objects ------------------------------------------------------------------------- */

static CK_RV check_session_object(const struct p11_object *object, const struct p11_wish *wish)
{
	for (CK_ULONG i = 0; i < wish->n; i++) {
		const CK_ATTRIBUTE *attribute = &wish->template[i];

		if (is_so(object, attribute))
			continue;
		if (!p11_session_object_may_become(object, attribute))
			return CKR_ATTRIBUTE_READ_ONLY;
		if (object->object_class == CKO_CERTIFICATE && attribute->type != CKA_LABEL &&
		    attribute->type != CKA_ID)
			return CKR_ATTRIBUTE_READ_ONLY; /* it says so itself */
	}
	return CKR_OK;
}

/* Objects do not change: there is another one with the same handle. */
static CK_RV change_session_object(struct p11_object *object, const struct p11_wish *wish)
{
	CLEANUP(p11_object_givep) struct p11_object *changed = NULL;
	CK_RV result = check_session_object(object, wish);

	if (result != CKR_OK)
		return result;
	changed = p11_object_variant(object);
	if (!changed)
		return CKR_HOST_MEMORY;
	p11_session_object_overlay(changed, wish);
	p11_attributes_inherit(changed->attributes, object->attributes);
	p11_session_object_hide(changed);
	if (!p11_attributes_are_whole(changed->attributes))
		return CKR_HOST_MEMORY;
	p11_module_hold();
	result = p11_catalogue_replace(object->handle, &changed);
	p11_module_leave();
	return result;
}

/* --- both ------------------------------------------------------------------------------------ */

static CK_RV change(const struct p11_session *session, struct p11_object *object,
		    const struct p11_wish *wish)
{
	CK_RV result =
		p11_template_check(wish->template, wish->n, object->object_class, P11_TEMPLATE_SET);

	if (result != CKR_OK || is_all_so(object, wish))
		return result;
	if (!p11_object_is(object, CKA_MODIFIABLE))
		return CKR_ACTION_PROHIBITED;
	return object->session ? change_session_object(object, wish)
			       : change_item(session, object, wish);
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session_handle, CK_OBJECT_HANDLE handle,
			  CK_ATTRIBUTE *template, CK_ULONG n)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_object_givep) struct p11_object *object = NULL;
	const struct p11_wish wish = {template, n};
	CK_RV result = p11_session_take(session_handle, &session);

	if (result == CKR_OK)
		result = p11_object_take(session->slot, handle, &object);
	return result == CKR_OK ? change(session, object, &wish) : result;
}
