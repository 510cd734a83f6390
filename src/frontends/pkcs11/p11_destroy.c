/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_DestroyObject (3.0, 5.7.3). An item of the keychain or of a token is deleted for good; the
 * public key that is there because its private key is goes with that one and not alone.
 */
#include <keycask/item.h>
#include <keycask/token.h>

#include "base/try.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_load.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_writing.h"

static void forget(const struct p11_object *object)
{
	p11_module_hold();
	p11_catalogue_remove(object->handle);
	p11_module_leave();
}

/* Its key the daemon forgets when the last who has it in hand gives it back: p11_object.c. */
static CK_RV destroy_session_object(const struct p11_object *object)
{
	forget(object);
	return CKR_OK;
}

static enum kc_status delete_item(struct kc_view reference)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query = KC_DICTIONARY({KC_VALUE_PERSISTENT_REF, KC_DATA(reference)});

	return kc_item_delete(query);
}

static CK_RV destroy_item(const struct p11_session *session, const struct p11_object *object)
{
	CLEANUP(p11_writing_done) struct p11_writing writing = {.slot = 0};
	struct kc_view reference = kc_view_of_bytes(&object->reference);
	struct kc_options options = KC_OPTIONS_INIT;
	enum kc_status deleted = KC_OK;
	CK_RV result = p11_writing_begin(session, &writing);

	if (result != CKR_OK)
		return result;
	options = p11_writing_options(&writing);
	deleted = writing.token_id ? kc_token_delete_object(reference, &options)
				   : delete_item(reference);
	if (deleted != KC_OK)
		return p11_writing_status(deleted);
	forget(object);
	p11_load_expire(object->slot); /* with a private key its public one goes */
	ignore(p11_load_objects(object->slot, P11_LOAD_ALL) != CKR_OK);
	return CKR_OK;
}

static CK_RV destroy(const struct p11_session *session, const struct p11_object *object)
{
	if (!p11_object_is(object, CKA_DESTROYABLE))
		return CKR_ACTION_PROHIBITED;
	return object->session ? destroy_session_object(object) : destroy_item(session, object);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session_handle, CK_OBJECT_HANDLE handle)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_object_givep) struct p11_object *object = NULL;
	CK_RV result = p11_session_take(session_handle, &session);

	if (result == CKR_OK)
		result = p11_object_take(session->slot, handle, &object);
	return result == CKR_OK ? destroy(session, object) : result;
}
