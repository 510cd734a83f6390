/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask: URIs as anybody may write them into a configuration file: a query or a refusal, and the
 * URI that is made of a query says the same again.
 */
#include <stdlib.h>
#include <string.h>

#include <keycask/item.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_same_text(const struct kc_dictionary *a, const struct kc_dictionary *b,
			 const char *name)
{
	const char *left = kc_dictionary_text(a, name);
	const char *right = kc_dictionary_text(b, name);

	return left && right ? strcmp(left, right) == 0 : left == right;
}

static void try_again(const struct kc_dictionary *query)
{
	struct kc_dictionary *again = NULL;
	char *uri = NULL;

	/* Percent signs make it longer than a URI may be. */
	if (kc_item_uri(query, &uri) != KC_OK)
		return;
	if (kc_item_query_from_uri(uri, &again) == KC_OK) {
		require(kc_dictionary_count(again) == kc_dictionary_count(query));
		require(is_same_text(query, again, KC_CLASS));
		require(is_same_text(query, again, KC_ATTR_LABEL));
		require(is_same_text(query, again, KC_ATTR_TOKEN_ID));
	} else {
		require(strlen(uri) > 1024);
	}
	kc_dictionary_free(again);
	free(uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_dictionary *query = NULL;
	char *text = malloc(size + 1);

	require(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (kc_item_query_from_uri(text, &query) == KC_OK)
		try_again(query);
	kc_dictionary_free(query);
	free(text);
	return 0;
}
