/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nothing is counted: whatever changes asks for a look, and the look compares each slot with what
 * was told of it last. Between changes nothing runs.
 */
#include "tokens/progress.h"

#include "base/log.h"
#include "base/try.h"
#include "tokens/reader_slots.h"
#include "tokens/slot.h"
#include "tokens/token_impl.h"

static bool has_token_in(const struct slot *slot, enum token_state state)
{
	list_for_each (link, &slot->registry->tokens) {
		const struct token *token = list_entry(link, struct token, link);

		if (token->card == slot->card && token->state == state)
			return true;
	}
	return false;
}

bool progress_is_reading(const struct slot *slot)
{
	if (slot->reason[0])
		return false;
	if (slot->state == SLOT_PROBING)
		return true;
	if (slot->state != SLOT_VALID || !slot->card)
		return false;
	if (!slot->answered || has_token_in(slot, TOKEN_OPENING))
		return true;
	return slot->offer && !has_token_in(slot, TOKEN_PRESENT);
}

bool registry_is_settled(const struct registry *registry)
{
	if (registry->readers && !reader_slots_are_told(registry->readers))
		return false;
	list_for_each (link, &registry->slots) {
		if (progress_is_reading(slot_from_link(link)))
			return false;
	}
	return true;
}

static int on_progress(sd_event_source *source, void *userdata)
{
	struct registry *registry = userdata;
	const struct registry_hooks *hooks = &registry->hooks;

	(void)source;
	list_for_each (link, &registry->slots) {
		struct slot *slot = slot_from_link(link);

		if (slot->was_told_reading != progress_is_reading(slot))
			slot_tell(slot);
	}
	if (registry_is_settled(registry))
		hooks->settled(hooks->context);
	return 0;
}

enum kc_status progress_watch(struct registry *registry)
{
	REQUIRE(sd_event_add_defer(registry->event, &registry->progress, on_progress, registry) >=
				0 &&
			sd_event_source_set_enabled(registry->progress, SD_EVENT_OFF) >= 0,
		KC_ERR_INTERNAL, "cannot watch cards being read");
	return KC_OK;
}

void progress_unwatch(struct registry *registry)
{
	registry->progress = sd_event_source_disable_unref(registry->progress);
}

void progress_note(struct registry *registry)
{
	if (registry->progress &&
	    sd_event_source_set_enabled(registry->progress, SD_EVENT_ONESHOT) < 0)
		log_error("slot: news of cards being read cannot be told");
}
