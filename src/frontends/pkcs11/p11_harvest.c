/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Items become objects. Keys come first, as a certificate whose key has a CKA_ID of an
 * application's choice has the same one; before them the certificates are read, as they tell the
 * public keys.
 */
#include "frontends/pkcs11/p11_harvest.h"

#include "base/copy.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_describe.h"
#include "frontends/pkcs11/p11_describe_key.h"
#include "frontends/pkcs11/p11_items.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_status.h"

struct harvest {
	CK_SLOT_ID slot;
	struct p11_items items;
	bool has_own_ids; /* some key of the slot has a CKA_ID of an application's choice */
};

static void harvest_done(struct harvest *harvest)
{
	p11_items_done(&harvest->items);
}

/* --- what is known --------------------------------------------------------------------------- */

/* Held by the caller until p11_object_givep(); NULL: it was never seen. */
static struct p11_object *recall(const struct harvest *harvest, CK_OBJECT_CLASS object_class,
				 struct kc_view reference)
{
	struct p11_object *object = NULL;

	p11_module_hold();
	object = p11_catalogue_find(harvest->slot, object_class, reference);
	if (object)
		object->n_users++;
	p11_module_leave();
	return object;
}

static bool has_strangers(const struct harvest *harvest)
{
	for (size_t i = 0; i < p11_items_count_keys(&harvest->items); i++) {
		CLEANUP(p11_object_givep) struct p11_object *known = NULL;
		const struct kc_dictionary *item = p11_items_key_at(&harvest->items, i);

		if (!item)
			continue;
		known = recall(harvest, p11_items_class_of(item),
			       kc_dictionary_data(item, KC_VALUE_PERSISTENT_REF));
		if (!known)
			return true;
	}
	return false;
}

/* --- keys ------------------------------------------------------------------------------------ */

static void put(struct p11_object **object)
{
	if (!p11_attributes_are_whole((*object)->attributes))
		return;
	p11_module_hold();
	(void)p11_catalogue_put(object);
	p11_module_leave();
}

/* The name of its item is what it does things by. */
static struct p11_object *new_object(const struct harvest *harvest, CK_OBJECT_CLASS object_class,
				     const struct kc_dictionary *item)
{
	CLEANUP(p11_object_givep)
	struct p11_object *object = p11_object_new(harvest->slot, object_class);
	struct kc_view reference = kc_dictionary_data(item, KC_VALUE_PERSISTENT_REF);

	if (!object || reference.len == 0 || copy_bytes(reference, &object->reference) != KC_OK)
		return NULL;
	if (object_class != CKO_CERTIFICATE &&
	    kc_key_from_persistent_ref(reference, &object->key) != KC_OK)
		return NULL;
	return take(object);
}

static void add_private(const struct harvest *harvest, const struct kc_dictionary *item,
			const struct p11_key_company *company)
{
	CLEANUP(p11_object_givep)
	struct p11_object *object = new_object(harvest, CKO_PRIVATE_KEY, item);

	if (!object)
		return;
	p11_describe_key_private(object, item, company);
	put(&object);
}

static void add_public(const struct harvest *harvest, const struct kc_dictionary *item,
		       const struct p11_key_company *company)
{
	CLEANUP(p11_object_givep)
	struct p11_object *object = new_object(harvest, CKO_PUBLIC_KEY, item);

	if (!object)
		return;
	object->is_derived = p11_items_class_of(item) == CKO_PRIVATE_KEY;
	p11_describe_key_public(object, item, company);
	put(&object);
}

static enum kc_status ask_for_public_key(const struct kc_dictionary *item,
					 struct kc_bytes *ret_info)
{
	struct kc_key *key = NULL;
	enum kc_status status =
		kc_key_from_persistent_ref(kc_dictionary_data(item, KC_VALUE_PERSISTENT_REF), &key);

	if (status == KC_OK)
		status = kc_key_copy_public_info(key, ret_info);
	kc_key_free(key);
	return status;
}

static void add_key(const struct harvest *harvest, const struct kc_dictionary *item)
{
	CLEANUP(kc_bytes_free) struct kc_bytes info = {NULL, 0};
	CLEANUP(p11_object_givep)
	struct p11_object *known = recall(harvest, p11_items_class_of(item),
					  kc_dictionary_data(item, KC_VALUE_PERSISTENT_REF));
	struct kc_view hash = kc_dictionary_data(item, KC_ATTR_APPLICATION_LABEL);
	const struct p11_sheaf *sheaf = p11_items_sheaf_with(&harvest->items, hash);
	struct p11_key_company company = {{NULL, 0}, {NULL, 0}};

	if (sheaf) {
		company.public_key_info = sheaf->certificate.public_key_info;
		company.subject = sheaf->certificate.subject;
	} else if (known) {
		company.public_key_info =
			p11_attributes_view(known->attributes, CKA_PUBLIC_KEY_INFO);
		if (!harvest->items.knows_certificates)
			company.subject = p11_attributes_view(known->attributes, CKA_SUBJECT);
	}
	if (company.public_key_info.len == 0 && ask_for_public_key(item, &info) == KC_OK)
		company.public_key_info = kc_view_of_bytes(&info);
	if (p11_items_class_of(item) == CKO_PRIVATE_KEY)
		add_private(harvest, item, &company);
	if (p11_items_class_of(item) == CKO_PUBLIC_KEY ||
	    !p11_items_has_public(&harvest->items, hash))
		add_public(harvest, item, &company);
}

/* --- certificates ---------------------------------------------------------------------------- */

/* Held. The key whose application has given it a CKA_ID, if it is the one of this certificate. */
static const struct p11_object *key_with_own_id(const struct harvest *harvest,
						struct kc_view public_key_info)
{
	const struct p11_object *object = p11_catalogue_next(harvest->slot, 0);

	while (object && !(object->has_own_id && object->object_class == CKO_PRIVATE_KEY &&
			   view_equal(p11_attributes_view(object->attributes, CKA_PUBLIC_KEY_INFO),
				      public_key_info)))
		object = p11_catalogue_next(harvest->slot, object->handle);
	return object;
}

static bool has_own_ids(CK_SLOT_ID slot)
{
	const struct p11_object *object = NULL;

	p11_module_hold();
	object = p11_catalogue_next(slot, 0);
	while (object && !object->has_own_id)
		object = p11_catalogue_next(slot, object->handle);
	p11_module_leave();
	return object != NULL;
}

static void put_id_of_key(const struct harvest *harvest, const struct p11_sheaf *sheaf,
			  struct p11_object *object)
{
	const struct p11_object *key = NULL;

	p11_module_hold();
	key = key_with_own_id(harvest, sheaf->certificate.public_key_info);
	if (key)
		p11_attributes_put(object->attributes, CKA_ID,
				   p11_attributes_view(key->attributes, CKA_ID));
	p11_module_leave();
}

static void add_certificate(const struct harvest *harvest, const struct p11_sheaf *sheaf)
{
	CLEANUP(p11_object_givep)
	struct p11_object *object = new_object(harvest, CKO_CERTIFICATE, sheaf->item);

	if (!object)
		return;
	p11_describe_storage(object, true, false, !harvest->items.token_id);
	p11_describe_certificate(object, sheaf->der, &sheaf->certificate);
	p11_describe_item(object, sheaf->item);
	p11_describe_id(object, sheaf->item);
	if (harvest->has_own_ids)
		put_id_of_key(harvest, sheaf, object);
	put(&object);
}

/* --- all of it ------------------------------------------------------------------------------- */

static enum kc_status ask_for_all(struct harvest *harvest, enum p11_load_classes classes)
{
	enum kc_status status = KC_OK;

	if (classes & P11_LOAD_KEYS)
		status = p11_items_ask_for_keys(&harvest->items);
	if (status == KC_OK && (classes & P11_LOAD_CERTIFICATES || has_strangers(harvest)))
		status = p11_items_ask_for_certificates(&harvest->items);
	return status;
}

CK_RV p11_harvest(CK_SLOT_ID slot, const char *token_id, enum p11_load_classes classes)
{
	CLEANUP(harvest_done)
	struct harvest harvest = {.slot = slot, .items = {.token_id = token_id}};
	enum kc_status status = ask_for_all(&harvest, classes);

	if (status != KC_OK)
		return p11_status(status);
	for (size_t i = 0; i < p11_items_count_keys(&harvest.items); i++) {
		const struct kc_dictionary *item = p11_items_key_at(&harvest.items, i);

		if (item)
			add_key(&harvest, item);
	}
	harvest.has_own_ids = has_own_ids(slot);
	for (size_t i = 0; i < harvest.items.n_sheaves; i++)
		add_certificate(&harvest, &harvest.items.sheaves[i]);
	return CKR_OK;
}
