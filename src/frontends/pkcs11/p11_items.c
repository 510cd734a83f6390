/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking for items: one query for each class. What is locked is left out by the daemon; items of
 * tokens, among which a query without a token looks as well, here.
 */
#include "frontends/pkcs11/p11_items.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "frontends/owned.h"

void p11_items_done(struct p11_items *items)
{
	kc_value_free(items->certificates);
	kc_value_free(items->keys);
	free(items->sheaves);
}

static struct kc_dictionary *query_for(const char *item_class, const char *token_id)
{
	bool is_certificate = strcmp(item_class, KC_CLASS_CERTIFICATE) == 0;
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(item_class)}, {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)},
		{KC_RETURN_ATTRIBUTES, KC_TRUE}, {KC_RETURN_PERSISTENT_REF, KC_TRUE},
		{KC_RETURN_DATA, KC_FLAG(is_certificate)},
		{KC_USE_AUTHENTICATION_UI, KC_TEXT(KC_AUTHENTICATION_UI_SKIP)});

	/* no query at all is KC_ERR_PARAM, one without the token would ask for too much */
	if (token_id && kc_dictionary_set(query, KC_ATTR_TOKEN_ID, KC_TEXT(token_id)) != KC_OK)
		return kc_dictionary_free(query);
	return query;
}

/* What is locked is left out, and when nothing is left that is said. */
static enum kc_status ask(const struct p11_items *items, const char *item_class,
			  struct kc_value **ret_found)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query = query_for(item_class, items->token_id);
	enum kc_status status = kc_item_copy_matching(query, ret_found);

	if (status == KC_ERR_ITEM_NOT_FOUND || status == KC_ERR_INTERACTION_NOT_ALLOWED)
		return KC_OK;
	return status;
}

/* Among the keychain's are those of tokens, unless a query names one. */
static bool is_of(const struct p11_items *items, const struct kc_dictionary *item)
{
	return items->token_id || !kc_dictionary_text(item, KC_ATTR_TOKEN_ID);
}

static bool add_sheaf(struct p11_items *items, const struct kc_dictionary *item)
{
	struct p11_sheaf *sheaf = &items->sheaves[items->n_sheaves];

	sheaf->item = item;
	sheaf->hash = kc_dictionary_data(item, KC_ATTR_PUBLIC_KEY_HASH);
	sheaf->der = kc_dictionary_data(item, KC_VALUE_DATA);
	return p11_certificate_read(sheaf->der, &sheaf->certificate);
}

enum kc_status p11_items_ask_for_certificates(struct p11_items *items)
{
	enum kc_status status = ask(items, KC_CLASS_CERTIFICATE, &items->certificates);
	size_t n = kc_value_count(items->certificates);

	items->knows_certificates = status == KC_OK;
	if (status != KC_OK || n == 0)
		return status;
	items->sheaves = calloc(n, sizeof(*items->sheaves));
	if (!items->sheaves)
		return KC_ERR_ALLOCATE;
	for (size_t i = 0; i < n; i++) {
		const struct kc_dictionary *item =
			kc_value_dictionary(kc_value_at(items->certificates, i));

		if (is_of(items, item) && add_sheaf(items, item))
			items->n_sheaves++;
	}
	return KC_OK;
}

enum kc_status p11_items_ask_for_keys(struct p11_items *items)
{
	return ask(items, KC_CLASS_KEY, &items->keys);
}

/* --- what has come --------------------------------------------------------------------------- */

CK_OBJECT_CLASS p11_items_class_of(const struct kc_dictionary *item)
{
	const char *key_class = kc_dictionary_text(item, KC_ATTR_KEY_CLASS);

	if (key_class && strcmp(key_class, KC_KEY_CLASS_PRIVATE) == 0)
		return CKO_PRIVATE_KEY;
	if (key_class && strcmp(key_class, KC_KEY_CLASS_PUBLIC) == 0)
		return CKO_PUBLIC_KEY;
	return CKO_SECRET_KEY; /* which this module does not show */
}

size_t p11_items_count_keys(const struct p11_items *items)
{
	return kc_value_count(items->keys);
}

const struct kc_dictionary *p11_items_key_at(const struct p11_items *items, size_t i)
{
	const struct kc_dictionary *item = kc_value_dictionary(kc_value_at(items->keys, i));

	return is_of(items, item) && p11_items_class_of(item) != CKO_SECRET_KEY ? item : NULL;
}

const struct p11_sheaf *p11_items_sheaf_with(const struct p11_items *items, struct kc_view hash)
{
	for (size_t i = 0; i < items->n_sheaves; i++) {
		if (view_equal(items->sheaves[i].hash, hash))
			return &items->sheaves[i];
	}
	return NULL;
}

bool p11_items_has_public(const struct p11_items *items, struct kc_view hash)
{
	for (size_t i = 0; i < p11_items_count_keys(items); i++) {
		const struct kc_dictionary *item = p11_items_key_at(items, i);

		if (item && p11_items_class_of(item) == CKO_PUBLIC_KEY &&
		    view_equal(kc_dictionary_data(item, KC_ATTR_APPLICATION_LABEL), hash))
			return true;
	}
	return false;
}
