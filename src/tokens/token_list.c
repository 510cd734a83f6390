/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tokens of one card. */
#include "tokens/token_list.h"

#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/slot_impl.h"
#include "tokens/token_impl.h"

enum kc_status token_list_aids(struct registry *registry, struct json_object **ret_aids)
{
	CLEANUP(field_free) struct json_object *aids = json_object_new_array();

	REQUIRE(aids, KC_ERR_ALLOCATE, "out of memory");
	list_for_each (link, &registry->manifests.manifests) {
		const struct manifest *manifest = list_entry(link, struct manifest, link);

		for (size_t i = 0; manifest->is_enabled && i < manifest->n_aids; i++)
			TRY(field_append_text(aids, manifest->aids[i]));
	}
	*ret_aids = take(aids);
	return KC_OK;
}

/* Does a driver other than @class_id have the application @aid (NULL: the bare card)? */
static bool is_taken(const struct registry *registry, const struct card *card, const char *aid,
		     const char *class_id)
{
	list_for_each (link, &registry->tokens) {
		const struct token *token = list_entry(link, struct token, link);
		bool is_it = token->aid && aid ? strcmp(token->aid, aid) == 0 : token->aid == aid;

		if (token->card == card && is_it && !token->is_declined &&
		    strcmp(token->manifest->class_id, class_id) != 0)
			return true;
	}
	return false;
}

static bool has_token(const struct registry *registry, const struct card *card,
		      const struct manifest *manifest)
{
	list_for_each (link, &registry->tokens) {
		const struct token *token = list_entry(link, struct token, link);

		if (token->card == card &&
		    strcmp(token->manifest->class_id, manifest->class_id) == 0)
			return true;
	}
	return false;
}

/* The first of the driver's AIDs that the card has and no other driver serves, NULL if none. */
static const char *free_aid(const struct registry *registry, const struct card *card,
			    const struct manifest *manifest, struct json_object *answered)
{
	for (size_t i = 0; i < manifest->n_aids; i++) {
		for (size_t k = 0; k < json_object_array_length(answered); k++) {
			const char *aid =
				json_object_get_string(json_object_array_get_idx(answered, k));

			if (strcmp(manifest->aids[i], aid) == 0 &&
			    !is_taken(registry, card, aid, manifest->class_id))
				return manifest->aids[i];
		}
	}
	return NULL;
}

static void start_token(struct registry *registry, struct card *card, const char *slot_name,
			struct manifest *manifest, const char *aid)
{
	struct token *token = NULL;

	error_clear();
	if (token_new(registry, card, slot_name, manifest, aid, &token) != KC_OK)
		log_error("token: %s", error_get()->message);
}

static void start_missing(struct registry *registry, struct card *card, const char *slot_name,
			  struct json_object *answered)
{
	bool is_unknown = json_object_array_length(answered) == 0;

	list_for_each (link, &registry->manifests.manifests) {
		struct manifest *manifest = list_entry(link, struct manifest, link);
		const char *aid = NULL;
		bool is_bare = manifest->n_aids == 0 && is_unknown;

		if (!manifest->is_enabled || has_token(registry, card, manifest))
			continue;
		aid = free_aid(registry, card, manifest, answered);
		if (aid || (is_bare && !is_taken(registry, card, NULL, manifest->class_id)))
			start_token(registry, card, slot_name, manifest, aid);
	}
}

void token_list_start(struct registry *registry, struct card *card, const char *slot_name,
		      struct json_object *answered, const char *selected)
{
	start_missing(registry, card, slot_name, answered);
	list_for_each (link, &registry->tokens) {
		const struct token *token = list_entry(link, struct token, link);

		if (token->card == card && selected && token->aid &&
		    strcmp(token->aid, selected) == 0)
			card_set_selected(card, token);
	}
}

void token_list_decline(struct token *token)
{
	token->is_declined = true;
	list_for_each (link, &token->registry->slots) {
		struct slot *slot = slot_from_link(link);

		if (slot->card == token->card && slot->answered)
			start_missing(token->registry, slot->card, slot->name, slot->answered);
	}
}

enum kc_status token_list_ids(struct registry *registry, const struct card *card,
			      struct json_object **ret_ids)
{
	CLEANUP(field_free) struct json_object *ids = json_object_new_array();

	REQUIRE(ids, KC_ERR_ALLOCATE, "out of memory");
	list_for_each (link, &registry->tokens) {
		const struct token *token = list_entry(link, struct token, link);

		if (card && token->card == card && token->state == TOKEN_PRESENT)
			TRY(field_append_text(ids, token->token_id));
	}
	*ret_ids = take(ids);
	return KC_OK;
}

void token_list_leave(struct registry *registry, const struct card *card, bool is_silent)
{
	if (!card)
		return;
	list_for_each_safe (link, &registry->tokens) {
		struct token *token = list_entry(link, struct token, link);

		if (token->card == card)
			ignore(token_leave(token, is_silent) != NULL);
	}
}
