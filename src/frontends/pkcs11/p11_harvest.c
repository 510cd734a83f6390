/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Items become objects. Keys come first, as a certificate whose key has a CKA_ID of an
 * application's choice has the same one; before them the certificates are read, as they tell the
 * public keys.
 */
#include "frontends/pkcs11/p11_harvest.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/item.h>

#include "base/copy.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_describe.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_status.h"

/* A certificate among the items, read. */
struct sheaf {
	const struct kc_dictionary *item;
	struct kc_view hash; /* of its public key */
	struct kc_view der;
	struct p11_certificate certificate;
};

struct harvest {
	CK_SLOT_ID slot;
	const char *token_id;
	struct kc_value *certificates; /* arrays of items; NULL: none */
	struct kc_value *keys;
	bool knows_certificates; /* they were asked for */
	struct sheaf *sheaves;
	size_t n_sheaves;
};

static void harvest_done(struct harvest *harvest)
{
	kc_value_free(harvest->certificates);
	kc_value_free(harvest->keys);
	free(harvest->sheaves);
}

/* --- asking ---------------------------------------------------------------------------------- */

static struct kc_dictionary *query_for(const char *item_class, const char *token_id)
{
	bool is_certificate = strcmp(item_class, KC_CLASS_CERTIFICATE) == 0;
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(item_class)}, {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)},
		{KC_RETURN_ATTRIBUTES, KC_TRUE}, {KC_RETURN_PERSISTENT_REF, KC_TRUE},
		{KC_RETURN_DATA, KC_FLAG(is_certificate)},
		{KC_USE_AUTHENTICATION_UI, KC_TEXT(KC_AUTHENTICATION_UI_SKIP)});

	/* what misses a name here is freed as a query that is NULL: KC_ERR_PARAM */
	if (token_id && kc_dictionary_set(query, KC_ATTR_TOKEN_ID, KC_TEXT(token_id)) != KC_OK)
		return kc_dictionary_free(query);
	return query;
}

static void dictionary_freep(struct kc_dictionary **dictionary)
{
	*dictionary = kc_dictionary_free(*dictionary);
}

/* What is locked is left out, and when nothing is left that is said. */
static enum kc_status ask(const struct harvest *harvest, const char *item_class,
			  struct kc_value **ret_items)
{
	CLEANUP(dictionary_freep)
	struct kc_dictionary *query = query_for(item_class, harvest->token_id);
	enum kc_status status = kc_item_copy_matching(query, ret_items);

	if (status == KC_ERR_ITEM_NOT_FOUND || status == KC_ERR_INTERACTION_NOT_ALLOWED)
		return KC_OK;
	return status;
}

/* Among the keychain's are those of tokens, unless a query names one. */
static bool is_of(const struct harvest *harvest, const struct kc_dictionary *item)
{
	return harvest->token_id || !kc_dictionary_text(item, KC_ATTR_TOKEN_ID);
}

static bool add_sheaf(struct harvest *harvest, const struct kc_dictionary *item)
{
	struct sheaf *sheaf = &harvest->sheaves[harvest->n_sheaves];

	sheaf->item = item;
	sheaf->hash = kc_dictionary_data(item, KC_ATTR_PUBLIC_KEY_HASH);
	sheaf->der = kc_dictionary_data(item, KC_VALUE_DATA);
	return p11_certificate_read(sheaf->der, &sheaf->certificate);
}

static enum kc_status ask_for_certificates(struct harvest *harvest)
{
	enum kc_status status = ask(harvest, KC_CLASS_CERTIFICATE, &harvest->certificates);
	size_t n = kc_value_count(harvest->certificates);

	harvest->knows_certificates = status == KC_OK;
	if (status != KC_OK || n == 0)
		return status;
	harvest->sheaves = calloc(n, sizeof(*harvest->sheaves));
	if (!harvest->sheaves)
		return KC_ERR_ALLOCATE;
	for (size_t i = 0; i < n; i++) {
		const struct kc_dictionary *item =
			kc_value_dictionary(kc_value_at(harvest->certificates, i));

		if (is_of(harvest, item) && add_sheaf(harvest, item))
			harvest->n_sheaves++;
	}
	return KC_OK;
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

static CK_OBJECT_CLASS class_of(const struct kc_dictionary *item)
{
	const char *key_class = kc_dictionary_text(item, KC_ATTR_KEY_CLASS);

	if (key_class && strcmp(key_class, KC_KEY_CLASS_PRIVATE) == 0)
		return CKO_PRIVATE_KEY;
	if (key_class && strcmp(key_class, KC_KEY_CLASS_PUBLIC) == 0)
		return CKO_PUBLIC_KEY;
	return CKO_SECRET_KEY; /* which this module does not show */
}

static const struct kc_dictionary *key_at(const struct harvest *harvest, size_t i)
{
	const struct kc_dictionary *item = kc_value_dictionary(kc_value_at(harvest->keys, i));

	return is_of(harvest, item) && class_of(item) != CKO_SECRET_KEY ? item : NULL;
}

static bool has_strangers(const struct harvest *harvest)
{
	for (size_t i = 0; i < kc_value_count(harvest->keys); i++) {
		CLEANUP(p11_object_givep) struct p11_object *known = NULL;
		const struct kc_dictionary *item = key_at(harvest, i);

		if (!item)
			continue;
		known = recall(harvest, class_of(item),
			       kc_dictionary_data(item, KC_VALUE_PERSISTENT_REF));
		if (!known)
			return true;
	}
	return false;
}

static const struct sheaf *sheaf_with(const struct harvest *harvest, struct kc_view hash)
{
	for (size_t i = 0; i < harvest->n_sheaves; i++) {
		if (view_equal(harvest->sheaves[i].hash, hash))
			return &harvest->sheaves[i];
	}
	return NULL;
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
	p11_describe_private(object, item, company);
	put(&object);
}

static void add_public(const struct harvest *harvest, const struct kc_dictionary *item,
		       const struct p11_key_company *company)
{
	CLEANUP(p11_object_givep)
	struct p11_object *object = new_object(harvest, CKO_PUBLIC_KEY, item);

	if (!object)
		return;
	object->is_derived = class_of(item) == CKO_PRIVATE_KEY;
	p11_describe_public(object, item, company);
	put(&object);
}

/* A private key's public one, when it is an item itself. */
static bool has_public_item(const struct harvest *harvest, struct kc_view hash)
{
	for (size_t i = 0; i < kc_value_count(harvest->keys); i++) {
		const struct kc_dictionary *item = key_at(harvest, i);

		if (item && class_of(item) == CKO_PUBLIC_KEY &&
		    view_equal(kc_dictionary_data(item, KC_ATTR_APPLICATION_LABEL), hash))
			return true;
	}
	return false;
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
	struct p11_object *known =
		recall(harvest, class_of(item), kc_dictionary_data(item, KC_VALUE_PERSISTENT_REF));
	struct kc_view hash = kc_dictionary_data(item, KC_ATTR_APPLICATION_LABEL);
	const struct sheaf *sheaf = sheaf_with(harvest, hash);
	struct p11_key_company company = {{NULL, 0}, {NULL, 0}};

	if (sheaf) {
		company.public_key_info = sheaf->certificate.public_key_info;
		company.subject = sheaf->certificate.subject;
	} else if (known) {
		company.public_key_info =
			p11_attributes_view(known->attributes, CKA_PUBLIC_KEY_INFO);
		if (!harvest->knows_certificates)
			company.subject = p11_attributes_view(known->attributes, CKA_SUBJECT);
	}
	if (company.public_key_info.len == 0 && ask_for_public_key(item, &info) == KC_OK)
		company.public_key_info = kc_view_of_bytes(&info);
	if (class_of(item) == CKO_PRIVATE_KEY)
		add_private(harvest, item, &company);
	if (class_of(item) == CKO_PUBLIC_KEY || !has_public_item(harvest, hash))
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

static void add_certificate(const struct harvest *harvest, const struct sheaf *sheaf)
{
	CLEANUP(p11_object_givep)
	struct p11_object *object = new_object(harvest, CKO_CERTIFICATE, sheaf->item);
	const struct p11_object *key = NULL;

	if (!object)
		return;
	p11_describe_storage(object, true, false, !harvest->token_id);
	p11_describe_certificate(object, sheaf->der, &sheaf->certificate);
	p11_describe_item(object, sheaf->item);
	p11_describe_id(object, sheaf->item);
	p11_module_hold();
	key = key_with_own_id(harvest, sheaf->certificate.public_key_info);
	if (key)
		p11_attributes_put(object->attributes, CKA_ID,
				   p11_attributes_view(key->attributes, CKA_ID));
	p11_module_leave();
	put(&object);
}

/* --- all of it ------------------------------------------------------------------------------- */

static enum kc_status ask_for_all(struct harvest *harvest, enum p11_load_classes classes)
{
	enum kc_status status = KC_OK;

	if (classes & P11_LOAD_KEYS)
		status = ask(harvest, KC_CLASS_KEY, &harvest->keys);
	if (status == KC_OK && (classes & P11_LOAD_CERTIFICATES || has_strangers(harvest)))
		status = ask_for_certificates(harvest);
	return status;
}

CK_RV p11_harvest(CK_SLOT_ID slot, const char *token_id, enum p11_load_classes classes)
{
	CLEANUP(harvest_done) struct harvest harvest = {.slot = slot, .token_id = token_id};
	enum kc_status status = ask_for_all(&harvest, classes);

	if (status != KC_OK)
		return p11_status(status);
	for (size_t i = 0; i < kc_value_count(harvest.keys); i++) {
		const struct kc_dictionary *item = key_at(&harvest, i);

		if (item)
			add_key(&harvest, item);
	}
	for (size_t i = 0; i < harvest.n_sheaves; i++)
		add_certificate(&harvest, &harvest.sheaves[i]);
	return CKR_OK;
}
