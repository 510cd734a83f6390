/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects are made whole, published, and never changed: who holds one reads it without the lock,
 * and a newer one of the same item has the same handle (p11_catalogue.c). One user is the
 * catalogue.
 */
#include "frontends/pkcs11/p11_object.h"

#include <stdlib.h>

#include "base/copy.h"
#include "base/secret.h"
#include "base/try.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_load.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_slot.h"

struct p11_object *p11_object_new(CK_SLOT_ID slot, CK_OBJECT_CLASS object_class)
{
	struct p11_object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	object->attributes = p11_attributes_new();
	if (!object->attributes) {
		free(object);
		return NULL;
	}
	object->slot = slot;
	object->object_class = object_class;
	object->n_users = 1;
	return object;
}

struct p11_object *p11_object_variant(struct p11_object *original)
{
	struct p11_object *object = p11_object_new(original->slot, original->object_class);

	if (!object)
		return NULL;
	if (original->key_type && copy_text(original->key_type, &object->key_type) != KC_OK) {
		p11_object_give(object);
		return NULL;
	}
	object->session = original->session;
	object->key_size_in_bits = original->key_size_in_bits;
	object->consent = original->consent;
	object->key = original->key;
	object->secret = original->secret;
	object->original = original;
	p11_module_hold();
	original->n_users++;
	p11_module_leave();
	return object;
}

static void free_key(struct p11_object *object)
{
	kc_key_free(object->key);
	if (object->secret)
		secret_done(object->secret);
	free(object->secret);
}

/* Objects that nobody has, whose keys the daemon still keeps: it is not asked within the lock. */
static struct p11_object *left;

static void object_free(struct p11_object *object)
{
	p11_attributes_free(object->attributes);
	kc_bytes_free(&object->reference);
	free(object->key_type);
	if (object->is_of_process) {
		object->next_left = left;
		left = object;
		return;
	}
	if (!object->original)
		free_key(object);
	free(object);
}

static void end_left(struct p11_object *first, bool is_told)
{
	while (first) {
		struct p11_object *object = first;

		first = object->next_left;
		if (is_told)
			ignore(kc_key_forget(object->key) != KC_OK);
		free_key(object);
		free(object);
	}
}

/* After C_Finalize nothing has to be told: the connection has ended, and its keys with it. */
void p11_object_forget_left(void)
{
	bool is_told = p11_module_enter() == CKR_OK;
	struct p11_object *first = NULL;

	if (!is_told)
		p11_module_hold();
	first = take(left);
	p11_module_leave();
	end_left(first, is_told);
}

/* An original may be a variant itself: as many as there were changes. */
void p11_object_drop(struct p11_object *object)
{
	while (object && --object->n_users == 0) {
		struct p11_object *original = object->original;

		object_free(object);
		object = original;
	}
}

void p11_object_give(struct p11_object *object)
{
	bool has_left = false;

	if (!object)
		return;
	p11_module_hold();
	p11_object_drop(object);
	has_left = left != NULL;
	p11_module_leave();
	if (has_left)
		p11_object_forget_left();
}

bool p11_object_is(const struct p11_object *object, CK_ATTRIBUTE_TYPE type)
{
	return p11_attributes_flag(object->attributes, type);
}

/* The keychain's own lock hides what it locks; nobody logs in to it while it is open. */
bool p11_object_is_visible(const struct p11_object *object)
{
	const struct p11_slot *slot = p11_slot_find(object->slot);

	return object->slot == P11_SLOT_KEYCHAIN || (slot && slot->user != P11_NOBODY) ||
	       !p11_object_is(object, CKA_PRIVATE);
}

/* --- by handle ------------------------------------------------------------------------------- */

static CK_RV hold(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle, struct p11_object **ret_object)
{
	struct p11_object *object = NULL;
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	object = p11_catalogue_get(handle);
	if (object && object->slot == slot && p11_object_is_visible(object))
		object->n_users++;
	else
		result = CKR_OBJECT_HANDLE_INVALID;
	p11_module_leave();
	if (result == CKR_OK)
		*ret_object = object;
	return result;
}

static bool has_left(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle)
{
	bool result = false;

	p11_module_hold();
	result = p11_catalogue_has_left(slot, handle);
	p11_module_leave();
	return result;
}

/* What a search did not find may be there again: the keychain was locked, or a card's reader reset.
 */
CK_RV p11_object_take(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle, struct p11_object **ret_object)
{
	CK_RV result = p11_load_renew(slot);

	if (result != CKR_OK)
		return result;
	result = hold(slot, handle, ret_object);
	if (result == CKR_OBJECT_HANDLE_INVALID && has_left(slot, handle) &&
	    p11_load_objects(slot, P11_LOAD_ALL) == CKR_OK)
		result = hold(slot, handle, ret_object);
	return result;
}

CK_RV p11_object_take_key(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle, struct p11_object **ret_key)
{
	CK_RV result = p11_object_take(slot, handle, ret_key);

	return result == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID : result;
}

/* --- ends ------------------------------------------------------------------------------------ */

/* Those of @session, or, 0, the private session objects of @slot. */
static void end_those(CK_SESSION_HANDLE session, CK_SLOT_ID slot)
{
	CK_OBJECT_HANDLE handle = 0;
	struct p11_object *object = p11_catalogue_next(slot, handle);

	while (object) {
		handle = object->handle;
		if (session ? object->session == session
			    : object->session && p11_object_is(object, CKA_PRIVATE))
			p11_catalogue_remove(handle);
		object = p11_catalogue_next(slot, handle);
	}
}

void p11_object_end_session(CK_SESSION_HANDLE session)
{
	for (CK_SLOT_ID slot = P11_SLOT_KEYCHAIN; p11_slot_find(slot); slot++)
		end_those(session, slot);
}

void p11_object_end_login(CK_SLOT_ID slot)
{
	end_those(0, slot);
}

/* Locked memory is all zeros in a child (base/secret.c): a key of zeros would be taken for the key
 * that it was. */
static void end_secrets(CK_SLOT_ID slot)
{
	struct p11_object *object = p11_catalogue_next(slot, 0);

	while (object) {
		CK_OBJECT_HANDLE handle = object->handle;

		if (object->secret)
			p11_catalogue_remove(handle);
		object = p11_catalogue_next(slot, handle);
	}
}

void p11_object_inherit(bool is_whole)
{
	left = NULL; /* the parent's to forget */
	if (!is_whole)
		p11_catalogue_abandon();
	for (CK_SLOT_ID slot = P11_SLOT_KEYCHAIN; is_whole && p11_slot_find(slot); slot++)
		end_secrets(slot);
}

void p11_object_end(void)
{
	p11_catalogue_end();
	end_left(take(left), false);
}
