/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The slot of keycask card …: named, or the only one that could be meant. */
#include "frontends/cli/card_slot.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/owned.h"

static bool has_card(const struct kc_dictionary *slot)
{
	const char *state = kc_dictionary_text(slot, KC_SLOT_STATE);

	return state && strcmp(state, "empty") != 0 && strcmp(state, "missing") != 0;
}

enum kc_status card_slot_choose(struct context *context, const char *name, char **ret_name)
{
	CLEANUP(kc_value_freep) struct kc_value *slots = NULL;
	const char *found = name;

	if (!name)
		TRY(kc_slot_list(&slots));
	for (size_t i = 0; i < kc_value_count(slots); i++) {
		const struct kc_dictionary *slot = kc_value_dictionary(kc_value_at(slots, i));
		const char *its_name = kc_dictionary_text(slot, KC_SLOT_NAME);

		if (!has_card(slot))
			continue;
		if (found) {
			error_set_hint("choose one: --slot '%s' or --slot '%s'", found, its_name);
			return usage_error(context, "several slots have cards");
		}
		found = its_name;
	}
	REQUIRE(found, KC_ERR_TOKEN_NOT_FOUND, "no slot has a card");
	*ret_name = strdup(found);
	REQUIRE(*ret_name, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}
