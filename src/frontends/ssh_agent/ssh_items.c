/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One query for everything; when the keychain's part is locked, one for each token. */
#include "frontends/ssh_agent/ssh_items.h"

#include <string.h>

#include <keycask/item.h>
#include <keycask/names.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"
#include "frontends/owned.h"

void ssh_items_done(struct ssh_items *items)
{
	for (size_t i = 0; i < items->n_arrays; i++)
		items->arrays[i] = kc_value_free(items->arrays[i]);
	items->n_arrays = 0;
}

/* @token_id NULL: wherever they are. */
static enum kc_status query(const char *item_class, const char *token_id, struct ssh_items *items)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *wanted = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(item_class)}, {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)},
		{KC_RETURN_ATTRIBUTES, KC_TRUE}, {KC_RETURN_PERSISTENT_REF, KC_TRUE},
		{KC_USE_AUTHENTICATION_UI, KC_TEXT(KC_AUTHENTICATION_UI_SKIP)});
	enum kc_status status = KC_OK;

	if (strcmp(item_class, KC_CLASS_KEY) == 0)
		TRY(kc_dictionary_set(wanted, KC_ATTR_KEY_CLASS, KC_TEXT(KC_KEY_CLASS_PRIVATE)));
	if (token_id)
		TRY(kc_dictionary_set(wanted, KC_ATTR_TOKEN_ID, KC_TEXT(token_id)));
	status = kc_item_copy_matching(wanted, &items->arrays[items->n_arrays]);
	if (status == KC_OK)
		items->n_arrays++;
	else if (status == KC_ERR_ITEM_NOT_FOUND)
		error_clear();
	return status == KC_ERR_ITEM_NOT_FOUND ? KC_OK : status;
}

static enum kc_status query_tokens(const char *item_class, struct ssh_items *items)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;

	TRY(kc_token_list(&tokens));
	for (size_t i = 0; i < kc_value_count(tokens) && i < SSH_ITEMS_TOKENS_MAX; i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));

		TRY(query(item_class, kc_dictionary_text(token, KC_TOKEN_ID), items));
	}
	return KC_OK;
}

enum kc_status ssh_items_find(const char *item_class, struct ssh_items *ret_items)
{
	CLEANUP(ssh_items_done) struct ssh_items items = {.n_arrays = 0};
	enum kc_status status = query(item_class, NULL, &items);

	if (status == KC_ERR_INTERACTION_NOT_ALLOWED) {
		log_info("without the keychain's: %s", error_get()->message);
		error_clear();
		status = query_tokens(item_class, &items);
	}
	TRY(status);
	*ret_items = items;
	items.n_arrays = 0;
	return KC_OK;
}

const struct kc_dictionary *ssh_items_at(const struct ssh_items *items, size_t i)
{
	for (size_t j = 0; j < items->n_arrays; j++) {
		size_t n = kc_value_count(items->arrays[j]);

		if (i < n)
			return kc_value_dictionary(kc_value_at(items->arrays[j], i));
		i -= n;
	}
	return NULL;
}
