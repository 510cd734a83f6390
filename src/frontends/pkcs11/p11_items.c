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
	free(items->sorted_sheaves);
	free(items->sorted_public);
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

/* --- in the order of hashes ------------------------------------------------------------------ */

static int compare(struct kc_view a, struct kc_view b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int compare_views(const void *a, const void *b)
{
	return compare(*(const struct kc_view *)a, *(const struct kc_view *)b);
}

static int compare_sheaves(const void *a, const void *b)
{
	const struct p11_sheaf *left = *(const struct p11_sheaf *const *)a;
	const struct p11_sheaf *right = *(const struct p11_sheaf *const *)b;
	int order = compare(left->hash, right->hash);

	if (order != 0)
		return order;
	return left < right ? -1 : left > right;
}

static enum kc_status sort_sheaves(struct p11_items *items)
{
	items->sorted_sheaves = calloc(items->n_sheaves + 1, sizeof(const struct p11_sheaf *));
	if (!items->sorted_sheaves)
		return KC_ERR_ALLOCATE;
	for (size_t i = 0; i < items->n_sheaves; i++)
		items->sorted_sheaves[i] = &items->sheaves[i];
	qsort(items->sorted_sheaves, items->n_sheaves, sizeof(const struct p11_sheaf *),
	      compare_sheaves);
	return KC_OK;
}

static enum kc_status sort_public(struct p11_items *items)
{
	size_t n = p11_items_count_keys(items);

	items->sorted_public = calloc(n + 1, sizeof(*items->sorted_public));
	if (!items->sorted_public)
		return KC_ERR_ALLOCATE;
	for (size_t i = 0; i < n; i++) {
		const struct kc_dictionary *item = p11_items_key_at(items, i);

		if (item && p11_items_class_of(item) == CKO_PUBLIC_KEY)
			items->sorted_public[items->n_public++] =
				kc_dictionary_data(item, KC_ATTR_APPLICATION_LABEL);
	}
	qsort(items->sorted_public, items->n_public, sizeof(*items->sorted_public), compare_views);
	return KC_OK;
}

/* --- asking ---------------------------------------------------------------------------------- */

static bool add_sheaf(struct p11_items *items, const struct kc_dictionary *item)
{
	struct p11_sheaf *sheaf = &items->sheaves[items->n_sheaves];

	sheaf->item = item;
	sheaf->hash = kc_dictionary_data(item, KC_ATTR_PUBLIC_KEY_HASH);
	sheaf->der = kc_dictionary_data(item, KC_VALUE_DATA);
	return p11_certificate_read(sheaf->der, &sheaf->certificate);
}

static enum kc_status read_sheaves(struct p11_items *items, size_t n)
{
	items->sheaves = calloc(n, sizeof(*items->sheaves));
	if (!items->sheaves)
		return KC_ERR_ALLOCATE;
	for (size_t i = 0; i < n; i++) {
		const struct kc_dictionary *item =
			kc_value_dictionary(kc_value_at(items->certificates, i));

		if (is_of(items, item) && add_sheaf(items, item))
			items->n_sheaves++;
	}
	return sort_sheaves(items);
}

enum kc_status p11_items_ask_for_certificates(struct p11_items *items)
{
	enum kc_status status = ask(items, KC_CLASS_CERTIFICATE, &items->certificates);
	size_t n = kc_value_count(items->certificates);

	items->knows_certificates = status == KC_OK;
	return status == KC_OK && n > 0 ? read_sheaves(items, n) : status;
}

enum kc_status p11_items_ask_for_keys(struct p11_items *items)
{
	enum kc_status status = ask(items, KC_CLASS_KEY, &items->keys);

	return status == KC_OK ? sort_public(items) : status;
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

/* Of those with equal hashes the one that was told of first. */
const struct p11_sheaf *p11_items_sheaf_with(const struct p11_items *items, struct kc_view hash)
{
	size_t first = 0;
	size_t n = items->n_sheaves;

	while (n > 0) {
		size_t half = n / 2;
		bool is_before = compare(items->sorted_sheaves[first + half]->hash, hash) < 0;

		first += is_before ? half + 1 : 0;
		n = is_before ? n - half - 1 : half;
	}
	return first < items->n_sheaves && view_equal(items->sorted_sheaves[first]->hash, hash)
		       ? items->sorted_sheaves[first]
		       : NULL;
}

bool p11_items_has_public(const struct p11_items *items, struct kc_view hash)
{
	return items->n_public > 0 && bsearch(&hash, items->sorted_public, items->n_public,
					      sizeof(hash), compare_views) != NULL;
}
