/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The identities that are in the keychain now, one per line.
 *
 *	cc list-identities.c $(pkg-config --cflags --libs keycask)
 */
#include <stdio.h>
#include <stdlib.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/text.h>

static void print_item(const struct kc_dictionary *item)
{
	/* A label comes from a card: never print it as it is. */
	char *label = kc_text_for_display(kc_dictionary_text(item, KC_ATTR_LABEL), 200);

	const char *token_id = kc_dictionary_text(item, KC_ATTR_TOKEN_ID);

	printf("%s\t%s\n", label ? label : "", token_id ? token_id : "");
	free(label);
}

int main(void)
{
	struct kc_dictionary *query = KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)},
						    {KC_RETURN_ATTRIBUTES, KC_TRUE},
						    {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)});
	struct kc_value *items = NULL;
	enum kc_status status = kc_item_copy_matching(query, &items);

	if (status == KC_OK)
		for (size_t i = 0; i < kc_value_count(items); i++)
			print_item(kc_value_dictionary(kc_value_at(items, i)));
	else
		fprintf(stderr, "%s\n", kc_error_message(kc_error_last()));
	kc_value_free(items);
	kc_dictionary_free(query);
	return status == KC_OK ? 0 : 1;
}
