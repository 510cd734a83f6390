/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Readers of pcscd. The watching process tells what there is, all of it each time; here that is
 * compared with what was there before. It is the one who knows whether a card is in: a slot process
 * that has lost contact with a card that is still in is started again.
 */
#include "tokens/reader_slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/helper.h"
#include "tokens/progress.h"
#include "tokens/slot_impl.h"
#include "wire/protocol.h"

enum {
	WATCH_AGAIN = 7, /* exit status of keycask-slot, slothost/serve.h */
	RESTART_FIRST_MS = 100,
	RESTART_DOUBLINGS_MAX = 7,
	USEC_PER_MSEC = 1000,
};

struct reader_slots {
	struct registry *registry;
	struct helper *watch;
	char reason[SLOT_REASON_MAX];
	bool is_told; /* by the first process, or by the failure to start one */
	unsigned n_restarts;
	sd_event_source *restart;
};

struct reader_slot {
	struct slot slot;
	int64_t events; /* of the card that is in, as pcscd counts them */
	bool has_card;
	bool is_mute; /* did not answer pcscd */
	bool is_listed;
};

static struct reader_slot *reader_of(struct slot *slot)
{
	return list_entry(slot, struct reader_slot, slot);
}

static void release(struct slot *slot)
{
	free(reader_of(slot));
}

static bool on_gone(struct slot *slot)
{
	(void)slot;
	return false; /* the watch will tell, if so */
}

static const struct slot_provider provider = {
	.name = "pcsc", .on_gone = on_gone, .release = release};

/* --- one reader ------------------------------------------------------------------------------ */

static struct reader_slot *find_reader(struct registry *registry, const char *name)
{
	list_for_each (link, &registry->slots) {
		struct slot *slot = slot_from_link(link);

		if (slot->provider == &provider && strcmp(slot->name, name) == 0)
			return reader_of(slot);
	}
	return NULL;
}

static struct reader_slot *reader_new(struct registry *registry, const char *name)
{
	struct reader_slot *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	slot_init(&reader->slot, registry, &provider, name);
	slot_set_state(&reader->slot, SLOT_EMPTY);
	return reader;
}

static void put_card(struct reader_slot *reader, struct json_object *told)
{
	struct slot *slot = &reader->slot;
	struct card_place place = {.fd = -1, .reader = slot->name};
	const char *atr = field_text(told, "atr");

	slot->atr = atr ? strdup(atr) : NULL;
	slot->place = place;
	if (reader->is_mute)
		slot_set_state(slot, SLOT_MUTE);
	else
		slot_insert(slot, &place);
}

static void update_reader(struct reader_slot *reader, struct json_object *told)
{
	bool had_card = reader->has_card;
	bool was_mute = reader->is_mute;
	int64_t before = reader->events;

	reader->is_listed = true;
	reader->has_card = field_flag(told, "has_card", false);
	reader->is_mute = field_flag(told, "is_mute", false);
	reader->events = field_number(told, "events", 0);
	if (had_card == reader->has_card && was_mute == reader->is_mute && before == reader->events)
		return;
	if (had_card)
		slot_remove(&reader->slot, SLOT_EMPTY);
	if (reader->has_card)
		put_card(reader, told);
}

/* --- all readers ----------------------------------------------------------------------------- */

static void unlist_readers(struct registry *registry)
{
	list_for_each (link, &registry->slots) {
		if (slot_from_link(link)->provider == &provider)
			reader_of(slot_from_link(link))->is_listed = false;
	}
}

static void remove_unlisted(struct registry *registry)
{
	list_for_each_safe (link, &registry->slots) {
		struct slot *slot = slot_from_link(link);

		if (slot->provider != &provider || reader_of(slot)->is_listed)
			continue;
		slot_remove(slot, SLOT_MISSING);
		slot_free(slot);
	}
}

static void update_one(struct registry *registry, struct json_object *told)
{
	const char *name = field_text(told, "name");
	struct reader_slot *reader = NULL;

	if (!name || strlen(name) >= SLOT_NAME_MAX)
		return;
	reader = find_reader(registry, name);
	if (!reader)
		reader = reader_new(registry, name);
	if (reader)
		update_reader(reader, told);
}

static void set_reason(struct reader_slots *slots, const char *reason)
{
	if (strcmp(slots->reason, reason) == 0)
		return;
	(void)snprintf(slots->reason, sizeof(slots->reason), "%s", reason);
	log_info("pcsc: %s", *reason ? reason : "pcscd is there");
}

static void note_told(struct reader_slots *slots)
{
	slots->is_told = true;
	progress_note(slots->registry);
}

static void on_readers(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct reader_slots *slots = userdata;
	struct json_object *readers = field_get(parameters, "readers");
	const char *reason = field_text(parameters, "reason");

	if (status != KC_OK)
		return; /* its end follows */
	slots->n_restarts = 0;
	set_reason(slots, reason ? reason : "");
	unlist_readers(slots->registry);
	for (size_t i = 0; readers && i < json_object_array_length(readers); i++)
		update_one(slots->registry, json_object_array_get_idx(readers, i));
	remove_unlisted(slots->registry);
	note_told(slots);
}

/* --- the watching process -------------------------------------------------------------------- */

static void start_later(struct reader_slots *slots, unsigned delay_ms);

static void on_ended(void *userdata, int wait_status)
{
	struct reader_slots *slots = userdata;
	bool is_planned = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == WATCH_AGAIN;
	unsigned delay_ms = (unsigned)RESTART_FIRST_MS << slots->n_restarts;

	slots->watch = helper_free(slots->watch);
	if (slots->n_restarts < RESTART_DOUBLINGS_MAX)
		slots->n_restarts++;
	if (!is_planned) {
		log_warning("the watch of the readers ended (wait status %d)", wait_status);
		set_reason(slots, "the watch of the readers ended; starting it again");
		unlist_readers(slots->registry);
		remove_unlisted(slots->registry);
		note_told(slots);
	}
	start_later(slots, is_planned && slots->n_restarts == 1 ? 0 : delay_ms);
}

static enum kc_status start_watch(struct reader_slots *slots)
{
	const char *arguments[] = {"keycask-slot", "watch", NULL};
	struct helper_options options = {.program = "keycask-slot",
					 .arguments = arguments,
					 .descriptor = -1,
					 .definition = protocol_org_keycask_Readers,
					 .on_ended = on_ended,
					 .userdata = slots};

	TRY(helper_new(slots->registry->event, &options, &slots->watch));
	return helper_stream(slots->watch, "org.keycask.Readers.Watch", on_readers, slots);
}

/* A machine that cannot start processes now may be able to later. */
static void start_or_wait(struct reader_slots *slots)
{
	error_clear();
	if (start_watch(slots) == KC_OK)
		return;
	set_reason(slots, error_get()->message);
	note_told(slots);
	slots->watch = helper_free(slots->watch);
	start_later(slots, RESTART_FIRST_MS << RESTART_DOUBLINGS_MAX);
}

static int on_start(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	start_or_wait(userdata);
	return 0;
}

static void start_later(struct reader_slots *slots, unsigned delay_ms)
{
	/* sd-event makes 0 a quarter of a second, and whoever has started us waits. */
	uint64_t accuracy_us = delay_ms == 0 ? 1 : 0;

	slots->restart = sd_event_source_disable_unref(slots->restart);
	if (sd_event_add_time_relative(slots->registry->event, &slots->restart, CLOCK_MONOTONIC,
				       (uint64_t)delay_ms * USEC_PER_MSEC, accuracy_us, on_start,
				       slots) < 0)
		set_reason(slots, "no timer");
}

enum kc_status reader_slots_new(struct registry *registry, struct reader_slots **ret_slots)
{
	struct reader_slots *slots = calloc(1, sizeof(*slots));

	REQUIRE(slots, KC_ERR_ALLOCATE, "out of memory");
	slots->registry = registry;
	*ret_slots = slots;
	/* From the loop: by then a daemon that detaches has let go of its starter's descriptors. */
	start_later(slots, 0);
	return KC_OK;
}

struct reader_slots *reader_slots_free(struct reader_slots *slots)
{
	if (!slots)
		return NULL;
	slots->watch = helper_free(slots->watch);
	slots->restart = sd_event_source_disable_unref(slots->restart);
	free(slots);
	return NULL;
}

bool reader_slots_are_told(const struct reader_slots *slots)
{
	return slots->is_told;
}

const char *reader_slots_reason(const struct reader_slots *slots)
{
	return slots->reason[0] ? slots->reason : NULL;
}
