/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects that stay: certificates and keys in the keychain's file, and on tokens that take them.
 * What was written is looked up as any other item, so that it has the handle that it will always
 * have.
 */
#include "frontends/pkcs11/p11_writing.h"

#include <stdlib.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/token.h>

#include "base/copy.h"
#include "codec/sha1.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_application_id.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_certificate.h"
#include "frontends/pkcs11/p11_key_file.h"
#include "frontends/pkcs11/p11_load.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_place.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_status.h"
#include "frontends/pkcs11/p11_template.h"

enum {
	LABEL_MAX = 1024,
};

/* --- who and where --------------------------------------------------------------------------- */

/* Held. */
static CK_RV look(const struct p11_slot *slot, struct p11_writing *writing)
{
	if (!slot || !slot->is_present)
		return CKR_DEVICE_REMOVED;
	if (copy_text(slot->token_id, &writing->token_id) != KC_OK)
		return CKR_HOST_MEMORY;
	if (slot->administrator &&
	    secret_init(&writing->administrator, secret_view(slot->administrator)) != KC_OK)
		return CKR_HOST_MEMORY;
	return CKR_OK;
}

CK_RV p11_writing_begin(const struct p11_session *session, struct p11_writing *ret_writing)
{
	CLEANUP(p11_writing_done) struct p11_writing writing = {.slot = session->slot};
	CK_RV result = CKR_OK;

	if (!session->is_read_write)
		return CKR_SESSION_READ_ONLY;
	result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	result = look(p11_slot_find(session->slot), &writing);
	p11_module_leave();
	if (result != CKR_OK)
		return result;
	*ret_writing = writing;
	writing = (struct p11_writing){.slot = 0};
	return CKR_OK;
}

void p11_writing_done(struct p11_writing *writing)
{
	free(writing->token_id);
	writing->token_id = NULL;
	secret_done(&writing->administrator);
}

struct kc_options p11_writing_options(const struct p11_writing *writing)
{
	struct kc_options options = KC_OPTIONS_INIT;

	if (writing->administrator.len > 0)
		options.administrator = secret_view(&writing->administrator);
	return options;
}

CK_RV p11_writing_status(enum kc_status status)
{
	if (status == KC_ERR_PARAM || status == KC_ERR_NO_SUCH_ATTR)
		return CKR_TEMPLATE_INCONSISTENT;
	if (status == KC_ERR_DECODE)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (status == KC_ERR_UNIMPLEMENTED)
		return CKR_ACTION_PROHIBITED;
	return p11_status_of_asking(status);
}

CK_RV p11_writing_status_of_session(enum kc_status status)
{
	if (status == KC_ERR_NOT_AVAILABLE && kc_error_request(kc_error_last()) != 0)
		return CKR_DEVICE_MEMORY;
	return p11_writing_status(status);
}

/* --- what was written ------------------------------------------------------------------------ */

CK_RV p11_writing_find(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
		       struct kc_view reference, CK_OBJECT_HANDLE *ret_handle)
{
	const struct p11_object *object = NULL;
	CK_RV result = CKR_OK;

	p11_load_expire(writing->slot);
	result = p11_load_objects(writing->slot, P11_LOAD_ALL);
	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	object = p11_catalogue_find(writing->slot, object_class, reference);
	if (object)
		*ret_handle = object->handle;
	else
		result = CKR_GENERAL_ERROR;
	p11_module_leave();
	return result;
}

CK_RV p11_writing_find_key(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
			   const struct kc_key *key, CK_OBJECT_HANDLE *ret_handle)
{
	return p11_writing_find(writing, object_class, kc_key_persistent_ref(key), ret_handle);
}

/* --- what it is called ----------------------------------------------------------------------- */

static CK_RV put_label(struct kc_view label, struct kc_dictionary *attributes)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(LABEL_MAX + 1);

	if (label.len == 0)
		return CKR_OK;
	if (bytes_append(&text, label) != KC_OK || bytes_append_byte(&text, '\0') != KC_OK ||
	    kc_dictionary_set(attributes, KC_ATTR_LABEL, KC_TEXT((const char *)text.data)) != KC_OK)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

static CK_RV put_id(struct kc_view id, struct kc_dictionary *attributes)
{
	CLEANUP(freep) char *alias = NULL;

	if (p11_application_id_write(id, &alias) != KC_OK ||
	    kc_dictionary_set(attributes, KC_ATTR_ALIAS, KC_TEXT(alias)) != KC_OK)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

CK_RV p11_writing_put_names(const struct p11_writing *writing, const struct p11_wish *wish,
			    struct kc_view hash, struct kc_dictionary *attributes)
{
	struct kc_view id = p11_template_view(wish->template, wish->n, CKA_ID);
	CK_RV result = CKR_OK;

	if (writing->token_id)
		return CKR_OK;
	result = put_label(p11_template_view(wish->template, wish->n, CKA_LABEL), attributes);
	if (result != CKR_OK || id.len == 0 || view_equal(id, hash))
		return result;
	return put_id(id, attributes);
}

/* --- certificates ---------------------------------------------------------------------------- */

static CK_RV add_to_keychain(const struct p11_writing *writing, const struct p11_wish *wish,
			     const struct p11_certificate *certificate,
			     CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *item = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_CERTIFICATE)},
		{KC_VALUE_DATA, KC_DATA(p11_template_view(wish->template, wish->n, CKA_VALUE))},
		{KC_RETURN_PERSISTENT_REF, KC_TRUE});
	CLEANUP(kc_value_freep) struct kc_value *reference = NULL;
	uint8_t hash[SHA1_DIGEST_BYTES];
	enum kc_status added = KC_OK;
	CK_RV result = CKR_OK;

	if (!item)
		return CKR_HOST_MEMORY;
	sha1_digest(certificate->public_key, hash);
	result = p11_writing_put_names(writing, wish, VIEW_OF(hash), item);
	if (result != CKR_OK)
		return result;
	added = kc_item_add(item, &reference);
	if (added != KC_OK)
		return p11_writing_status(added);
	return p11_writing_find(writing, CKO_CERTIFICATE, kc_value_data(reference), ret_handle);
}

static CK_RV put_on_token(const struct p11_writing *writing, const struct p11_wish *wish,
			  CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(kc_bytes_free) struct kc_bytes reference = {NULL, 0};
	struct kc_options options = p11_writing_options(writing);
	struct kc_token_place place = KC_TOKEN_PLACE_INIT;
	enum kc_status status = KC_OK;

	place.token_object = p11_place_find(writing->token_id,
					    p11_template_view(wish->template, wish->n, CKA_ID));
	status = kc_token_put_certificate(writing->token_id,
					  p11_template_view(wish->template, wish->n, CKA_VALUE),
					  &place, &options, &reference);
	if (status != KC_OK)
		return p11_writing_status(status);
	return p11_writing_find(writing, CKO_CERTIFICATE, kc_view_of_bytes(&reference), ret_handle);
}

CK_RV p11_writing_add_certificate(const struct p11_writing *writing, const struct p11_wish *wish,
				  CK_OBJECT_HANDLE *ret_handle)
{
	struct kc_view der = p11_template_view(wish->template, wish->n, CKA_VALUE);
	struct p11_certificate certificate;

	if (der.len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!p11_certificate_read(der, &certificate))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return writing->token_id ? put_on_token(writing, wish, ret_handle)
				 : add_to_keychain(writing, wish, &certificate, ret_handle);
}

/* --- keys ------------------------------------------------------------------------------------ */

CK_RV p11_writing_add_key(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
			  const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(kc_key_freep) struct kc_key *key = NULL;
	CK_RV result = CKR_OK;

	if (writing->token_id && object_class == CKO_PUBLIC_KEY)
		return CKR_ACTION_PROHIBITED; /* it comes with the private one */
	result = p11_key_file_import(writing, object_class, wish, &key);
	if (result != CKR_OK)
		return result;
	return p11_writing_find_key(writing, object_class, key, ret_handle);
}
