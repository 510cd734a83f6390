/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all slots have in common: start the slot process of a card, learn what is on it, start it
 * again when it crashes (each time after a longer while), tell of each state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/card_holders.h"
#include "tokens/card_session.h"
#include "tokens/offer.h"
#include "tokens/progress.h"
#include "tokens/slot_impl.h"
#include "tokens/token_impl.h"
#include "tokens/token_list.h"

enum {
	RESTART_FIRST_MS = 100,
	RESTARTS_MAX = 8,
	USEC_PER_MSEC = 1000,
	FORGIVEN_AFTER_US = 60 * 1000 * 1000, /* a process that lived so long starts afresh */
};

static const char *const state_names[] = {"empty", "probing", "mute", "valid", "missing"};

struct slot *slot_from_link(struct list *link)
{
	return list_entry(link, struct slot, link);
}

enum kc_status slot_describe(const struct slot *slot, struct json_object **ret_description)
{
	CLEANUP(field_free) struct json_object *description = NULL;
	CLEANUP(field_free) struct json_object *token_ids = NULL;

	TRY(token_list_ids(slot->registry, slot->card, &token_ids));
	TRY(field_new_object(&description));
	TRY(field_put_text(description, "name", slot->name));
	TRY(field_put_text(description, "provider", slot->provider->name));
	TRY(field_put_text(description, "state", state_names[slot->state]));
	TRY(field_put_text(description, "atr", slot->atr));
	if (slot->card)
		TRY(field_put_number(description, "insertion", slot->insertion));
	TRY(card_put_limits(slot->card, description));
	if (progress_is_reading(slot))
		TRY(field_put_flag(description, "is_being_read", true));
	TRY(field_put_text(description, "reason", slot->reason[0] ? slot->reason : NULL));
	TRY(field_put(description, "token_ids", take(token_ids)));
	*ret_description = take(description);
	return KC_OK;
}

void slot_tell(struct slot *slot)
{
	CLEANUP(field_free) struct json_object *description = NULL;
	const struct registry_hooks *hooks = &slot->registry->hooks;

	slot->was_told_reading = progress_is_reading(slot);
	if (slot_describe(slot, &description) == KC_OK)
		hooks->slot_event(hooks->context, description);
}

void slot_set_state(struct slot *slot, enum slot_state state)
{
	slot->state = state;
	log_info("slot %s: %s%s%s", slot->name, state_names[state], slot->reason[0] ? ", " : "",
		 slot->reason);
	slot_tell(slot);
	progress_note(slot->registry);
}

static void set_reason(struct slot *slot, const char *reason)
{
	(void)snprintf(slot->reason, sizeof(slot->reason), "%s", reason);
}

void slot_init(struct slot *slot, struct registry *registry, const struct slot_provider *provider,
	       const char *name)
{
	*slot = (struct slot){.registry = registry, .provider = provider, .place = {.fd = -1}};
	(void)snprintf(slot->name, sizeof(slot->name), "%s", name);
	list_append(&registry->slots, &slot->link);
}

/* The slot process and everything that hung on it. */
static void drop_card(struct slot *slot, bool is_silent)
{
	if (slot->card)
		card_stop(slot->card);
	slot->others = sd_event_source_disable_unref(slot->others);
	slot->offer = offer_free(slot->offer);
	field_free(&slot->asked);
	field_free(&slot->answered);
	card_session_lose_card(slot->registry, slot->card);
	token_list_leave(slot->registry, slot->card, is_silent);
	slot->card = card_free(slot->card);
	slot->restart = sd_event_source_disable_unref(slot->restart);
	free(slot->atr);
	slot->atr = NULL;
	set_reason(slot, "");
}

void slot_free(struct slot *slot)
{
	drop_card(slot, true);
	list_remove(&slot->link);
	slot->provider->release(slot);
}

void slot_remove(struct slot *slot, enum slot_state state)
{
	drop_card(slot, false);
	slot->place = (struct card_place){.fd = -1};
	slot->n_restarts = 0;
	slot_set_state(slot, state);
}

/* --- what its process tells ------------------------------------------------------------------ */

/* What such a card had the last time comes first, and alone. One that another program had for
 * itself meanwhile is powered up again, and the guess stands. */
static void ask_for_familiar(struct slot *slot)
{
	struct json_object *aids = NULL;

	if (!slot->is_guess)
		aids = familiar_find(&slot->registry->familiar, slot->atr, slot->asked);
	if (!aids)
		return;
	slot->is_guess = true;
	card_narrow(slot->card, aids);
	field_free(&slot->asked);
	slot->asked = aids;
}

static void on_powered(void *userdata, const char *atr)
{
	struct slot *slot = userdata;

	free(slot->atr);
	slot->atr = atr ? strdup(atr) : NULL;
	if (slot->is_kept)
		slot->n_restarts = 0;
	slot->is_kept = false;
	set_reason(slot, "");
	ask_for_familiar(slot);
	slot_set_state(slot, SLOT_VALID);
}

static int on_time_for_others(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct slot *slot = userdata;

	(void)source;
	(void)usec;
	slot->others = sd_event_source_disable_unref(slot->others);
	offer_card(slot);
	return 0;
}

/* Behind what people wait for. */
static void ask_for_others_later(struct slot *slot)
{
	uint64_t delay = (uint64_t)slot->registry->settings.details_after_ms * USEC_PER_MSEC;

	if (sd_event_add_time_relative(slot->registry->event, &slot->others, CLOCK_MONOTONIC, delay,
				       0, on_time_for_others, slot) < 0)
		offer_card(slot);
}

static void on_probed(void *userdata, struct json_object *answered, const char *selected)
{
	struct slot *slot = userdata;

	slot->answered = json_object_get(answered);
	progress_note(slot->registry);
	familiar_note(&slot->registry->familiar, slot->atr, answered);
	if (slot->is_guess && json_object_array_length(answered) == 0) {
		offer_card(slot); /* it is no such card after all */
		return;
	}
	if (slot->is_guess)
		ask_for_others_later(slot);
	token_list_start(slot->registry, slot->card, slot->name, answered, selected);
}

/* The card answers, only not to us. */
static void on_held(void *userdata, const char *holder)
{
	struct slot *slot = userdata;

	(void)snprintf(slot->reason, sizeof(slot->reason), "%s has the card for itself",
		       *holder ? holder : "another program");
	log_warning("slot %s: %s", slot->name, slot->reason);
	slot_set_state(slot, SLOT_VALID);
}

static void on_free(void *userdata)
{
	struct slot *slot = userdata;

	set_reason(slot, "");
	slot_set_state(slot, SLOT_VALID);
}

static enum kc_status start_card(struct slot *slot);

static uint64_t now_us(const struct slot *slot)
{
	uint64_t now = 0;

	ignore(sd_event_now(slot->registry->event, CLOCK_MONOTONIC, &now));
	return now;
}

/* A card that cannot be served is as good as mute, until it is pulled. */
static void start_or_be_mute(struct slot *slot)
{
	error_clear();
	slot->started_us = now_us(slot);
	if (start_card(slot) == KC_OK)
		return;
	log_error("slot %s: %s", slot->name, error_get()->message);
	set_reason(slot, error_get()->message);
	slot_set_state(slot, SLOT_MUTE);
}

static int on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	start_or_be_mute(userdata);
	return 0;
}

static void restart_later(struct slot *slot)
{
	uint64_t delay = ((uint64_t)RESTART_FIRST_MS << slot->n_restarts) * USEC_PER_MSEC;

	slot->n_restarts += slot->n_restarts < RESTARTS_MAX;
	slot_set_state(slot, SLOT_PROBING);
	if (sd_event_add_time_relative(slot->registry->event, &slot->restart, CLOCK_MONOTONIC,
				       delay, 0, on_restart, slot) < 0)
		slot_set_state(slot, SLOT_MUTE);
}

static void on_lost(void *userdata, enum card_end end)
{
	struct slot *slot = userdata;

	if (end == CARD_GONE && slot->provider->on_gone(slot))
		return;
	drop_card(slot, false);
	if (now_us(slot) - slot->started_us > FORGIVEN_AFTER_US)
		slot->n_restarts = 0;
	slot->is_kept = end == CARD_KEPT;
	if (end == CARD_MUTE || (end != CARD_KEPT && slot->n_restarts >= RESTARTS_MAX)) {
		slot_set_state(slot, SLOT_MUTE);
		return;
	}
	log_warning("slot %s: its process ended; starting it again", slot->name);
	if (end == CARD_KEPT)
		set_reason(slot, "another program does not give the card back");
	restart_later(slot);
}

static enum kc_status start_card(struct slot *slot)
{
	CLEANUP(field_free) struct json_object *aids = NULL;
	struct card_hooks hooks = {.on_powered = on_powered,
				   .on_probed = on_probed,
				   .on_held = on_held,
				   .on_free = on_free,
				   .on_lost = on_lost,
				   .userdata = slot};

	driver_reload(slot->registry);
	TRY(token_list_aids(slot->registry, &aids));
	slot->asked = json_object_get(aids);
	slot->is_guess = false;
	return card_new(slot->registry->event, &slot->registry->settings, &slot->place, aids,
			&hooks, &slot->card);
}

void slot_insert(struct slot *slot, const struct card_place *place)
{
	slot->place = *place;
	slot->insertion = (int64_t)++slot->registry->last_insertion;
	slot_set_state(slot, SLOT_PROBING);
	start_or_be_mute(slot);
}

void slot_stop_all(struct registry *registry)
{
	list_for_each (link, &registry->slots) {
		if (slot_from_link(link)->card)
			card_stop(slot_from_link(link)->card);
	}
}

void slot_lock_all(struct registry *registry)
{
	list_for_each (link, &registry->slots) {
		if (slot_from_link(link)->card)
			card_lock(slot_from_link(link)->card);
	}
}

enum kc_status slot_find(struct registry *registry, const char *name, struct slot **ret_slot)
{
	list_for_each (link, &registry->slots) {
		if (strcmp(slot_from_link(link)->name, name) == 0) {
			*ret_slot = slot_from_link(link);
			return KC_OK;
		}
	}
	error_set_hint("see what there is with: keycask slots");
	return fail(KC_ERR_ITEM_NOT_FOUND, "there is no slot %.*s", SLOT_NAME_MAX, name);
}

enum kc_status slot_list_holders(const struct slot *slot, struct json_object **ret_holders)
{
	return card_holders_list(slot->card, ret_holders);
}

static int on_reprobe(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct slot *slot = userdata;

	(void)source;
	(void)usec;
	drop_card(slot, false);
	slot->n_restarts = 0;
	slot_set_state(slot, SLOT_PROBING);
	start_or_be_mute(slot);
	return 0;
}

enum kc_status slot_reprobe(struct slot *slot)
{
	REQUIRE(slot->place.fd >= 0 || slot->place.reader, KC_ERR_TOKEN_NOT_FOUND,
		"there is no card in %s", slot->name);
	slot->restart = sd_event_source_disable_unref(slot->restart);
	REQUIRE(sd_event_add_time_relative(slot->registry->event, &slot->restart, CLOCK_MONOTONIC,
					   0, 0, on_reprobe, slot) >= 0,
		KC_ERR_INTERNAL, "no timer");
	return KC_OK;
}

void slot_end_all(struct registry *registry)
{
	list_for_each_safe (link, &registry->slots)
		slot_free(slot_from_link(link));
}
