/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Generic passwords, through libkeycask. */
#include "items.h"

#include <stdio.h>

#include <keycask/item.h>

static const struct kc_view value = {item_value, ITEM_BYTES};

void store_open(int argc, char **argv)
{
	(void)argc;
	(void)argv;
}

static struct kc_dictionary *item_named(unsigned number)
{
	char account[32];

	snprintf(account, sizeof(account), "account-%08u", number);
	return KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)},
			     {KC_ATTR_SERVICE, KC_TEXT("org.example.bench")},
			     {KC_ATTR_ACCOUNT, KC_TEXT(account)});
}

static void expect(enum kc_status status, const char *what)
{
	if (status != KC_OK)
		item_fail(what, status);
}

void store_add(unsigned number)
{
	struct kc_dictionary *item = item_named(number);

	expect(kc_dictionary_set(item, KC_VALUE_DATA, KC_DATA(value)), "set");
	expect(kc_item_add(item, NULL), "add");
	kc_dictionary_free(item);
}

bool store_find(unsigned number)
{
	struct kc_dictionary *query = item_named(number);
	struct kc_value *found = NULL;
	enum kc_status status = KC_OK;

	expect(kc_dictionary_set(query, KC_RETURN_DATA, KC_TRUE), "set");
	status = kc_item_copy_matching(query, &found);
	if (status == KC_OK && kc_value_data(found).len != ITEM_BYTES)
		item_fail("a value of another length", (long)kc_value_data(found).len);
	if (status != KC_ERR_ITEM_NOT_FOUND)
		expect(status, "find");
	kc_value_free(found);
	kc_dictionary_free(query);
	return status == KC_OK;
}

size_t store_list(void)
{
	struct kc_dictionary *query = KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)},
						    {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)},
						    {KC_RETURN_ATTRIBUTES, KC_TRUE});
	struct kc_value *found = NULL;
	size_t n = 0;

	expect(kc_item_copy_matching(query, &found), "list");
	n = kc_value_count(found);
	kc_value_free(found);
	kc_dictionary_free(query);
	return n;
}

void store_update(unsigned number, unsigned round)
{
	struct kc_dictionary *query = item_named(number);
	char comment[32];
	struct kc_dictionary *changes = NULL;

	snprintf(comment, sizeof(comment), "round %u", round);
	changes = KC_DICTIONARY({KC_ATTR_COMMENT, KC_TEXT(comment)});
	expect(kc_item_update(query, changes), "update");
	kc_dictionary_free(changes);
	kc_dictionary_free(query);
}

void store_delete(unsigned number)
{
	struct kc_dictionary *query = item_named(number);

	expect(kc_item_delete(query), "delete");
	kc_dictionary_free(query);
}
