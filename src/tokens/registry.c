/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registry: settings, manifests, slots and tokens of this daemon in one place. */
#include "tokens/registry.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/cache.h"
#include "tokens/card_session.h"
#include "tokens/embedded_slots.h"
#include "tokens/pin_session.h"
#include "tokens/progress.h"
#include "tokens/reader_slots.h"
#include "tokens/slot.h"
#include "tokens/token_impl.h"

void registry_stop(struct registry *registry)
{
	if (registry)
		slot_stop_all(registry);
}

struct registry *registry_free(struct registry *registry)
{
	if (!registry)
		return NULL;
	progress_unwatch(registry);
	registry->readers = reader_slots_free(registry->readers);
	slot_end_all(registry);
	registry->listener = sd_event_source_disable_unref(registry->listener);
	registry->accept_pause = sd_event_source_disable_unref(registry->accept_pause);
	if (registry->settings.slot_socket)
		ignore(unlink(registry->settings.slot_socket));
	registry->inspector = inspector_free(registry->inspector);
	registry->cache = cache_free(registry->cache);
	familiar_done(&registry->familiar);
	registry->driver_watch = driver_reload_unwatch(registry->driver_watch);
	manifest_set_done(&registry->manifests);
	free(registry);
	return NULL;
}

/* Without a cache every card is read in full, as on its first day. */
static void open_cache(struct registry *registry)
{
	if (!registry->settings.has_card_cache || cache_new(&registry->cache) == KC_OK)
		return;
	log_warning("there is no card cache: %s", error_get()->message);
	error_clear();
}

static enum kc_status set_up(struct registry *registry)
{
	TRY(progress_watch(registry));
	driver_reload(registry);
	TRY(driver_reload_watch(registry, &registry->driver_watch));
	TRY(inspector_new(registry->event, registry->settings.query_deadline_ms,
			  &registry->inspector));
	open_cache(registry);
	if (registry->settings.has_embedded_slots)
		TRY(embedded_slots_listen(registry));
	if (registry->settings.has_reader_slots)
		TRY(reader_slots_new(registry, &registry->readers));
	return KC_OK;
}

enum kc_status registry_new(sd_event *event, const struct registry_settings *settings,
			    const struct registry_hooks *hooks, struct registry **ret_registry)
{
	CLEANUP(registry_freep) struct registry *registry = calloc(1, sizeof(*registry));

	REQUIRE(registry, KC_ERR_ALLOCATE, "out of memory");
	*registry = (struct registry){.event = event, .settings = *settings, .hooks = *hooks};
	list_init(&registry->slots);
	list_init(&registry->tokens);
	list_init(&registry->card_sessions);
	list_init(&registry->pin_sessions);
	/* Numbers that no card had before this daemon was started again. */
	ignore(sd_event_now(event, CLOCK_REALTIME, &registry->last_insertion));
	list_init(&registry->manifests.manifests);
	TRY(set_up(registry));
	*ret_registry = take(registry);
	return KC_OK;
}

struct inspector *registry_inspector(struct registry *registry)
{
	return registry->inspector;
}

void registry_lock(struct registry *registry)
{
	pin_session_forget_all(registry);
	card_session_break(registry, NULL, "the computer was locked");
	slot_lock_all(registry);
}

const struct manifest_set *registry_manifests(struct registry *registry)
{
	driver_reload(registry);
	return &registry->manifests;
}

enum kc_status registry_enable_driver(struct registry *registry, const char *class_id,
				      bool is_enabled)
{
	const char *choices = registry->settings.manifests.choices;

	if (!manifest_set_find(registry_manifests(registry), class_id)) {
		error_set_hint("see what there is with: keycask driver list");
		return fail(KC_ERR_ITEM_NOT_FOUND, "there is no driver %s", class_id);
	}
	REQUIRE(choices, KC_ERR_NOT_AVAILABLE, "there is no folder for settings");
	TRY(driver_choices_enable(choices, class_id, is_enabled));
	driver_reload(registry);
	return KC_OK;
}

/* A token whose driver has not told yet who it is, is not there yet. */
static bool is_listed(const struct token *token)
{
	return token->state != TOKEN_OPENING && !(token->is_declined && !token->aid);
}

static enum kc_status append_token(struct json_object *tokens, const struct token *token)
{
	struct json_object *description = NULL;

	TRY(token_describe(token, &description));
	return field_append(tokens, description);
}

enum kc_status registry_list_tokens(struct registry *registry, struct json_object **ret_tokens)
{
	CLEANUP(field_free) struct json_object *tokens = json_object_new_array();

	REQUIRE(tokens, KC_ERR_ALLOCATE, "out of memory");
	list_for_each (link, &registry->tokens) {
		const struct token *token = list_entry(link, struct token, link);

		if (is_listed(token))
			TRY(append_token(tokens, token));
	}
	*ret_tokens = take(tokens);
	return KC_OK;
}

static enum kc_status append_slot(struct json_object *slots, const struct slot *slot)
{
	struct json_object *description = NULL;

	TRY(slot_describe(slot, &description));
	return field_append(slots, description);
}

enum kc_status registry_list_slots(struct registry *registry, struct json_object **ret_slots)
{
	CLEANUP(field_free) struct json_object *slots = json_object_new_array();

	REQUIRE(slots, KC_ERR_ALLOCATE, "out of memory");
	list_for_each (link, &registry->slots)
		TRY(append_slot(slots, slot_from_link(link)));
	*ret_slots = take(slots);
	return KC_OK;
}

static enum kc_status append_provider(struct json_object *providers, const char *name,
				      const char *reason)
{
	CLEANUP(field_free) struct json_object *provider = NULL;

	TRY(field_new_object(&provider));
	TRY(field_put_text(provider, "name", name));
	TRY(field_put_text(provider, "reason", reason));
	return field_append(providers, take(provider));
}

enum kc_status registry_list_providers(struct registry *registry,
				       struct json_object **ret_providers)
{
	CLEANUP(field_free) struct json_object *providers = json_object_new_array();

	REQUIRE(providers, KC_ERR_ALLOCATE, "out of memory");
	if (registry->settings.has_embedded_slots)
		TRY(append_provider(providers, "embedded", NULL));
	if (registry->readers)
		TRY(append_provider(providers, "pcsc", reader_slots_reason(registry->readers)));
	*ret_providers = take(providers);
	return KC_OK;
}

enum kc_status registry_list_holders(struct registry *registry, const char *slot_name,
				     struct json_object **ret_holders)
{
	struct slot *slot = NULL;

	TRY(slot_find(registry, slot_name, &slot));
	return slot_list_holders(slot, ret_holders);
}

enum kc_status registry_reprobe(struct registry *registry, const char *slot_name)
{
	struct slot *slot = NULL;

	TRY(slot_find(registry, slot_name, &slot));
	return slot_reprobe(slot);
}

unsigned registry_forget_cards(struct registry *registry, const char *token_id)
{
	return cache_forget(registry->cache, token_id);
}

static void hint_absence(const struct registry *registry, const char *token_id)
{
	list_for_each (link, &registry->slots) {
		const struct slot *slot = slot_from_link(link);

		if (progress_is_reading(slot)) {
			error_set_hint("the card in %s is being read: repeat in a moment",
				       slot->name);
			return;
		}
	}
	error_set_hint("insert the token %s and repeat", token_id);
}

enum kc_status registry_find_token(struct registry *registry, const char *token_id,
				   struct token **ret_token)
{
	list_for_each (link, &registry->tokens) {
		struct token *token = list_entry(link, struct token, link);

		if (token->state == TOKEN_PRESENT && strcmp(token->token_id, token_id) == 0) {
			*ret_token = token;
			return KC_OK;
		}
	}
	error_set_token(token_id, NULL);
	hint_absence(registry, token_id);
	return fail(KC_ERR_ITEM_NOT_FOUND, "the token %s is not present", token_id);
}
