/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_CopyObject (3.0, 5.7.2). What becomes a token object is made anew of what the original says; a
 * private key of a session the daemon copies into the keychain itself, so that its bytes stay
 * there.
 */
#include <keycask/item.h>

#include "base/bytes.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_create.h"
#include "frontends/pkcs11/p11_template.h"

enum {
	COPIED_MAX = 8,
};

/* --- a template of what there is ------------------------------------------------------------- */

/* What @wish says of @type, or else what @original has. */
static void add_row(const struct p11_object *original, const struct p11_wish *wish,
		    CK_ATTRIBUTE_TYPE type, CK_ATTRIBUTE *template, CK_ULONG *n)
{
	struct kc_view value = {NULL, 0};
	const CK_ATTRIBUTE *wished = p11_template_find(wish->template, wish->n, type);

	if (wished)
		template[(*n)++] = *wished;
	else if (p11_attributes_get(original->attributes, type, &value) && value.len > 0)
		/* templates are only read */
		template[(*n)++] = (CK_ATTRIBUTE){type, (void *)(uintptr_t)value.data, value.len};
}

static CK_RV copy_content(const struct p11_session *session, const struct p11_object *original,
			  const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	static const CK_ATTRIBUTE_TYPE types[COPIED_MAX] = {
		CKA_LABEL,	     CKA_ID,	    CKA_VALUE,	  CKA_KEY_TYPE, CKA_MODULUS,
		CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT,
	};
	CK_ATTRIBUTE template[COPIED_MAX];
	CK_ULONG n = 0;

	for (size_t i = 0; i < COPIED_MAX; i++)
		add_row(original, wish, types[i], template, &n);
	return p11_create_token_object(session, original->object_class,
				       &(struct p11_wish){template, n}, ret_handle);
}

/* --- a private key --------------------------------------------------------------------------- */

static CK_RV add_item(const struct p11_writing *writing, const struct p11_object *original,
		      const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *item =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_KEY)},
			      {KC_VALUE_REF, KC_DATA(kc_key_ref(original->key))},
			      {KC_RETURN_PERSISTENT_REF, KC_TRUE});
	CLEANUP(kc_value_freep) struct kc_value *reference = NULL;
	enum kc_status added = KC_OK;
	CK_RV result = CKR_HOST_MEMORY;

	if (!item)
		return CKR_HOST_MEMORY;
	result = p11_writing_put_names(writing, wish,
				       p11_attributes_view(original->attributes, CKA_ID), item);
	if (result != CKR_OK)
		return result;
	added = kc_item_add(item, &reference);
	if (added != KC_OK)
		return p11_writing_status(added);
	return p11_writing_find(writing, CKO_PRIVATE_KEY, kc_value_data(reference), ret_handle);
}

static CK_RV copy_private(const struct p11_session *session, const struct p11_object *original,
			  const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(p11_writing_done) struct p11_writing writing = {.slot = 0};
	CK_ATTRIBUTE template[COPIED_MAX];
	struct p11_wish names = {template, 0};
	CK_RV result = p11_writing_begin(session, &writing);

	if (result != CKR_OK)
		return result;
	if (writing.token_id)
		return CKR_ACTION_PROHIBITED; /* a token makes its keys itself */
	add_row(original, wish, CKA_LABEL, template, &names.n);
	add_row(original, wish, CKA_ID, template, &names.n);
	return add_item(&writing, original, &names, ret_handle);
}

/* --- the function ---------------------------------------------------------------------------- */

/* The key of a session has one object, and ends with it. */
static CK_RV copy(const struct p11_session *session, struct p11_object *original,
		  const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	bool is_private = original->object_class == CKO_PRIVATE_KEY;
	bool stays = p11_template_flag(wish->template, wish->n, CKA_TOKEN, original->session == 0);
	CK_RV result = p11_template_check(wish->template, wish->n, original->object_class,
					  P11_TEMPLATE_COPY);

	if (result != CKR_OK)
		return result;
	if (!p11_object_is(original, CKA_COPYABLE) || (is_private && !stays))
		return CKR_ACTION_PROHIBITED;
	if (is_private)
		return copy_private(session, original, wish, ret_handle);
	return stays ? copy_content(session, original, wish, ret_handle)
		     : p11_session_object_copy(session, original, wish, ret_handle);
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session_handle, CK_OBJECT_HANDLE handle,
		   CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_object_givep) struct p11_object *original = NULL;
	const struct p11_wish wish = {template, n};
	CK_RV result = p11_session_take(session_handle, &session);

	if (result != CKR_OK)
		return result;
	if (!ret_handle)
		return CKR_ARGUMENTS_BAD;
	result = p11_object_take(session->slot, handle, &original);
	return result == CKR_OK ? copy(session, original, &wish, ret_handle) : result;
}
