/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Items, fetched class by class. Memory that runs out while making a list ends in a failure; while
 * printing, in nothing sensible, so table.c gives up.
 */
#include "frontends/cli/inventory.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/cli/reading.h"
#include "frontends/owned.h"

/* --- fetching ------------------------------------------------------------------------------ */

void inventory_done(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_items; i++)
		kc_dictionary_free(inventory->items[i]);
	free(inventory->items);
	*inventory = (struct inventory){.items = NULL};
}

/* A reference to @found stands in the inventory by another name. */
static bool is_kept(const char *name)
{
	return strcmp(name, KC_VALUE_PERSISTENT_REF) != 0 && strcmp(name, KC_VALUE_REF) != 0;
}

/* Copied in the order in which a person looks for things. */
static enum kc_status arrange(const struct kc_dictionary *found, const char *item_class,
			      struct kc_dictionary **ret_item)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *item = KC_DICTIONARY({KC_CLASS, KC_TEXT(item_class)});
	static const char *const first[] = {KC_ATTR_LABEL, KC_ATTR_TOKEN_ID};

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		if (kc_dictionary_get(found, first[i]))
			TRY(kc_dictionary_set_value(item, first[i],
						    kc_dictionary_get(found, first[i])));
	TRY(kc_dictionary_set_value(item, INVENTORY_REFERENCE,
				    kc_dictionary_get(found, KC_VALUE_PERSISTENT_REF)));
	for (size_t i = 0; i < kc_dictionary_count(found); i++) {
		const char *name = kc_dictionary_name_at(found, i);

		if (is_kept(name))
			TRY(kc_dictionary_set_value(item, name, kc_dictionary_value_at(found, i)));
	}
	*ret_item = take(item);
	return KC_OK;
}

static enum kc_status append(struct inventory *inventory, struct kc_dictionary *item)
{
	struct kc_dictionary **items = reallocarray(inventory->items, inventory->n_items + 1,
						    sizeof(struct kc_dictionary *));

	if (!items)
		kc_dictionary_free(item);
	REQUIRE(items, KC_ERR_ALLOCATE, "out of memory");
	inventory->items = items;
	inventory->items[inventory->n_items++] = item;
	return KC_OK;
}

enum kc_status inventory_append_matching(struct inventory *inventory, const char *item_class,
					 struct kc_dictionary *query)
{
	CLEANUP(kc_value_freep) struct kc_value *found = NULL;
	enum kc_status status = KC_OK;

	TRY(kc_dictionary_set(query, KC_CLASS, KC_TEXT(item_class)));
	TRY(kc_dictionary_set(query, KC_RETURN_ATTRIBUTES, KC_TRUE));
	TRY(kc_dictionary_set(query, KC_RETURN_PERSISTENT_REF, KC_TRUE));
	TRY(kc_dictionary_set(query, KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)));
	status = kc_item_copy_matching(query, &found);
	if (status == KC_ERR_ITEM_NOT_FOUND)
		return KC_OK;
	TRY(status);
	for (size_t i = 0; i < kc_value_count(found); i++) {
		struct kc_dictionary *item = NULL;

		TRY(arrange(kc_value_dictionary(kc_value_at(found, i)), item_class, &item));
		TRY(append(inventory, item));
	}
	return KC_OK;
}

static enum kc_status collect_class(const struct inventory_filter *filter, const char *item_class,
				    struct inventory *inventory)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *query = kc_dictionary_new(NULL, 0);
	enum kc_status status = KC_OK;

	REQUIRE(query, KC_ERR_ALLOCATE, "out of memory");
	if (filter->token_id)
		TRY(kc_dictionary_set(query, KC_ATTR_TOKEN_ID, KC_TEXT(filter->token_id)));
	if (filter->label)
		TRY(kc_dictionary_set(query, KC_ATTR_LABEL, KC_TEXT(filter->label)));
	if (!filter->asks)
		TRY(kc_dictionary_set(query, KC_USE_AUTHENTICATION_UI,
				      KC_TEXT(KC_AUTHENTICATION_UI_SKIP)));
	status = inventory_append_matching(inventory, item_class, query);
	if (status != KC_ERR_INTERACTION_NOT_ALLOWED)
		return status;
	/* One locked item hides all others (reference/keychain.md 4.4), but not a card's. */
	inventory->is_partial = true;
	TRY(kc_dictionary_set(query, KC_ATTR_ACCESS_GROUP, KC_TEXT(INVENTORY_TOKEN_GROUP)));
	return inventory_append_matching(inventory, item_class, query);
}

static enum kc_status collect(const struct inventory_filter *filter,
			      struct inventory *ret_inventory)
{
	static const char *const classes[] = {KC_CLASS_IDENTITY, KC_CLASS_CERTIFICATE,
					      KC_CLASS_KEY};
	CLEANUP(inventory_done) struct inventory inventory = {.items = NULL};

	if (filter->item_class) {
		TRY(collect_class(filter, filter->item_class, &inventory));
	} else {
		for (size_t i = 0; i < ARRAY_LEN(classes); i++)
			TRY(collect_class(filter, classes[i], &inventory));
	}
	*ret_inventory = inventory;
	inventory = (struct inventory){.items = NULL};
	return KC_OK;
}

enum kc_status inventory_collect(const struct inventory_filter *filter,
				 struct inventory *ret_inventory)
{
	struct inventory inventory = {.items = NULL};

	TRY(collect(filter, &inventory));
	if (inventory.n_items == 0 && reading_await())
		TRY(collect(filter, &inventory));
	*ret_inventory = inventory;
	return KC_OK;
}

/* --- one item ------------------------------------------------------------------------------ */

struct kc_view inventory_hash(const struct kc_dictionary *item)
{
	struct kc_view hash = kc_dictionary_data(item, KC_ATTR_PUBLIC_KEY_HASH);

	return hash.len > 0 ? hash : kc_dictionary_data(item, KC_ATTR_APPLICATION_LABEL);
}

bool inventory_is_class(const struct kc_dictionary *item, const char *item_class)
{
	const char *text = kc_dictionary_text(item, KC_CLASS);

	return text && strcmp(text, item_class) == 0;
}

bool inventory_is_key(const struct kc_dictionary *item)
{
	const char *key_class = kc_dictionary_text(item, KC_ATTR_KEY_CLASS);

	if (inventory_is_class(item, KC_CLASS_IDENTITY))
		return true;
	return inventory_is_class(item, KC_CLASS_KEY) &&
	       (!key_class || strcmp(key_class, KC_KEY_CLASS_PRIVATE) == 0);
}

bool inventory_is_password(const struct kc_dictionary *item)
{
	return inventory_is_class(item, KC_CLASS_GENERIC_PASSWORD) ||
	       inventory_is_class(item, KC_CLASS_INTERNET_PASSWORD);
}

/* --- choosing ------------------------------------------------------------------------------ */

void inventory_keep(struct inventory *inventory, inventory_match_fn matches, const void *what)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < inventory->n_items; i++) {
		struct kc_dictionary *item = inventory->items[i];

		if (matches(item, what))
			inventory->items[n_kept++] = item;
		else
			kc_dictionary_free(item);
	}
	inventory->n_items = n_kept;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Certificate or key @part and @identity: the same public key on the same token. */
static bool belongs_to(const struct kc_dictionary *part, const struct kc_dictionary *identity)
{
	struct kc_view hash = inventory_hash(part);

	return hash.len > 0 && view_equal(hash, inventory_hash(identity)) &&
	       same_text(kc_dictionary_text(part, KC_ATTR_TOKEN_ID),
			 kc_dictionary_text(identity, KC_ATTR_TOKEN_ID));
}

static bool stands_alone(const struct kc_dictionary *item, const void *what)
{
	const struct inventory *identities = what;

	if (inventory_is_class(item, KC_CLASS_IDENTITY))
		return true;
	for (size_t i = 0; i < identities->n_items; i++)
		if (belongs_to(item, identities->items[i]))
			return false;
	return true;
}

/* Identities come first and are kept, so they stay in their places while the rest is thinned. */
void inventory_fold(struct inventory *inventory)
{
	struct inventory identities = {.items = inventory->items};

	while (identities.n_items < inventory->n_items &&
	       inventory_is_class(inventory->items[identities.n_items], KC_CLASS_IDENTITY))
		identities.n_items++;
	inventory_keep(inventory, stands_alone, &identities);
}

enum kc_status inventory_to_value(const struct inventory *inventory, struct kc_value **ret_value)
{
	CLEANUP(freep)
	struct kc_literal *literals = calloc(inventory->n_items + 1, sizeof(*literals));

	REQUIRE(literals, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < inventory->n_items; i++)
		literals[i] = KC_NESTED(inventory->items[i]);
	return kc_value_new(KC_ARRAY(literals, inventory->n_items), ret_value);
}
