/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of tokens, and hints that name them. */
#include <stdlib.h>
#include <string.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/reading.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

enum {
	TOKENS_NAMED = 3, /* in a hint */
	HINT_MAX = 200,
};

static void append_text(char *text, size_t size, const char *more)
{
	size_t len = strlen(text);

	(void)snprintf(text + len, size - len, "%s", more);
}

static void name_tokens(const struct kc_value *tokens, char *text, size_t size)
{
	size_t n = kc_value_count(tokens);

	for (size_t i = 0; i < n && i < TOKENS_NAMED; i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));
		const char *label = kc_dictionary_text(token, KC_TOKEN_LABEL);
		char id[64];

		inventory_short_token(kc_dictionary_text(token, KC_TOKEN_ID), id, sizeof(id));
		append_text(text, size, i > 0 ? ", " : "");
		append_text(text, size, label && *label ? label : id);
	}
	append_text(text, size, n > TOKENS_NAMED ? ", …" : "");
}

void resolve_hint_tokens(void)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;
	char names[HINT_MAX] = "";
	char slot[READING_SLOT_MAX];

	if (kc_token_list(&tokens) != KC_OK)
		return;
	if (reading_slot(slot, sizeof(slot))) {
		error_set_hint("the card in %s is being read: repeat in a moment", slot);
		return;
	}
	if (kc_value_count(tokens) == 0) {
		error_set_hint("no token is present: insert the card and repeat");
		return;
	}
	name_tokens(tokens, names, sizeof(names));
	error_set_hint("present: %s; see what they hold with: keycask list", names);
}

static bool is_token_named(const struct kc_dictionary *token, const char *name)
{
	const char *id = kc_dictionary_text(token, KC_TOKEN_ID);
	const char *label = kc_dictionary_text(token, KC_TOKEN_LABEL);
	const char *instance = id ? strrchr(id, ':') : NULL;
	size_t len = strlen(name);

	if (!name[0] || !id)
		return false;
	if (strcmp(id, name) == 0 || (label && strcmp(label, name) == 0))
		return true;
	/* Anywhere: a label shows the serial number, which stands in the middle of an OpenPGP AID.
	 */
	return instance && len >= RESOLVE_DIGITS_MIN && strcasestr(instance + 1, name);
}

static enum kc_status look_up(const char *name, char **ret_token_id)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;
	char found_ids[HINT_MAX] = "";
	const char *found = NULL;
	size_t n_found = 0;

	TRY(kc_token_list(&tokens));
	for (size_t i = 0; i < kc_value_count(tokens); i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));

		if (name && !is_token_named(token, name))
			continue;
		found = kc_dictionary_text(token, KC_TOKEN_ID);
		append_text(found_ids, sizeof(found_ids), n_found > 0 ? ", " : "");
		append_text(found_ids, sizeof(found_ids), found ? found : "");
		n_found++;
	}
	if (n_found == 0)
		resolve_hint_tokens();
	REQUIRE(n_found > 0 || !name, KC_ERR_ITEM_NOT_FOUND, "no token is called '%s'", name);
	REQUIRE(n_found > 0, KC_ERR_ITEM_NOT_FOUND, "no token is present");
	if (n_found > 1)
		error_set_hint("say which one by its ID: %s", found_ids);
	REQUIRE(n_found == 1, KC_ERR_PARAM, "%zu tokens%s%s", n_found,
		name ? " are called " : " are present", name ? name : "");
	*ret_token_id = found ? strdup(found) : NULL;
	REQUIRE(*ret_token_id, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

enum kc_status resolve_token(const char *name, char **ret_token_id)
{
	enum kc_status status = look_up(name, ret_token_id);

	if (status != KC_ERR_ITEM_NOT_FOUND || !reading_await())
		return status;
	error_clear();
	return look_up(name, ret_token_id);
}
