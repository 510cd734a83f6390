/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The identities of one token, with what their keys can do: find-by-token TOKEN-ID. Without
 * KC_ATTR_TOKEN_ID in the query those of every token, and of the keychain's file, would be found.
 *
 *	cc find-by-token.c $(pkg-config --cflags --libs keycask)
 */
#include <stdio.h>
#include <stdlib.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/text.h>

static void print_identity(const struct kc_dictionary *identity)
{
	/* A label comes from a card: never print it as it is. */
	char *label = kc_text_for_display(kc_dictionary_text(identity, KC_ATTR_LABEL), 200);

	printf("%s\t%s%s%s%s\n", label ? label : "", kc_dictionary_text(identity, KC_ATTR_KEY_TYPE),
	       kc_dictionary_flag(identity, KC_ATTR_CAN_SIGN, false) ? " sign" : "",
	       kc_dictionary_flag(identity, KC_ATTR_CAN_DECRYPT, false) ? " decrypt" : "",
	       kc_dictionary_flag(identity, KC_ATTR_CAN_DERIVE, false) ? " derive" : "");
	free(label);
}

static enum kc_status find(const char *token_id, struct kc_value **identities)
{
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)}, {KC_ATTR_TOKEN_ID, KC_TEXT(token_id)},
		{KC_RETURN_ATTRIBUTES, KC_TRUE}, {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)});
	enum kc_status status = kc_item_copy_matching(query, identities);

	kc_dictionary_free(query);
	return status;
}

int main(int argc, char **argv)
{
	struct kc_value *identities = NULL;

	if (argc != 2) {
		fprintf(stderr, "usage: find-by-token TOKEN-ID\n");
		return 2;
	}
	if (find(argv[1], &identities) != KC_OK) {
		fprintf(stderr, "%s\n", kc_error_message(kc_error_last()));
		return 1;
	}
	for (size_t i = 0; i < kc_value_count(identities); i++)
		print_identity(kc_value_dictionary(kc_value_at(identities, i)));
	kc_value_free(identities);
	return 0;
}
