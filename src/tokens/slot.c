/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Embedded slots: accept a card, start its slot process, learn what is on it, notice when it
 * leaves. The descriptor of the card stays with us too, so that a slot process that crashes can be
 * replaced while the card is in.
 */
#include "tokens/slot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/peer.h"
#include "sys/socket.h"
#include "tokens/card.h"
#include "tokens/token_impl.h"
#include "tokens/token_list.h"

enum {
	SLOTS_MAX = 16,
	NAME_MAX_BYTES = 32,
	RESTART_FIRST_MS = 100,
	RESTARTS_MAX = 8,
	USEC_PER_MSEC = 1000,
	FORGIVEN_AFTER_US = 60 * 1000 * 1000, /* a process that lived so long starts afresh */
	ACCEPT_PAUSE_US = 100 * 1000,	      /* when descriptors ran out */
};

enum slot_state {
	SLOT_EMPTY,
	SLOT_PROBING,
	SLOT_MUTE,
	SLOT_VALID,
	SLOT_MISSING,
};

static const char *const state_names[] = {"empty", "probing", "mute", "valid", "missing"};

struct slot {
	struct list link; /* registry::slots */
	struct registry *registry;
	unsigned number;
	char name[NAME_MAX_BYTES];
	enum slot_state state;
	char *atr;
	int fd; /* of the card, -1 when empty */
	sd_event_source *watch;
	struct card *card;
	unsigned n_restarts;
	uint64_t started_us; /* when the slot process was started last */
	sd_event_source *restart;
};

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
	TRY(field_put_text(description, "provider", "embedded"));
	TRY(field_put_text(description, "state", state_names[slot->state]));
	TRY(field_put_text(description, "atr", slot->atr));
	TRY(field_put(description, "token_ids", take(token_ids)));
	*ret_description = take(description);
	return KC_OK;
}

static void set_state(struct slot *slot, enum slot_state state)
{
	CLEANUP(field_free) struct json_object *description = NULL;
	const struct registry_hooks *hooks = &slot->registry->hooks;

	slot->state = state;
	log_info("slot %s: %s", slot->name, state_names[state]);
	if (slot_describe(slot, &description) == KC_OK)
		hooks->slot_event(hooks->context, description);
}

static enum kc_status slot_new(struct registry *registry, unsigned number, struct slot **ret_slot)
{
	struct slot *slot = calloc(1, sizeof(*slot));

	REQUIRE(slot, KC_ERR_ALLOCATE, "out of memory");
	*slot = (struct slot){.registry = registry, .number = number, .fd = -1};
	(void)snprintf(slot->name, sizeof(slot->name), "Embedded Slot %02u", number);
	list_append(&registry->slots, &slot->link);
	*ret_slot = slot;
	return KC_OK;
}

/* The slot process and everything that hung on it. */
static void drop_card(struct slot *slot, bool is_silent)
{
	token_list_leave(slot->registry, slot->card, is_silent);
	slot->card = card_free(slot->card);
	slot->restart = sd_event_source_disable_unref(slot->restart);
	free(slot->atr);
	slot->atr = NULL;
}

static struct slot *slot_free(struct slot *slot)
{
	drop_card(slot, true);
	slot->watch = sd_event_source_disable_unref(slot->watch);
	socket_close(&slot->fd);
	list_remove(&slot->link);
	free(slot);
	return NULL;
}

static void remove_card(struct slot *slot)
{
	drop_card(slot, false);
	slot->watch = sd_event_source_disable_unref(slot->watch);
	socket_close(&slot->fd);
	slot->n_restarts = 0;
	set_state(slot, slot->number == 0 ? SLOT_EMPTY : SLOT_MISSING);
	if (slot->number > 0)
		ignore(slot_free(slot) != NULL);
}

static int on_card_hangup(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	remove_card(userdata);
	return 0;
}

static void on_powered(void *userdata, const char *atr)
{
	struct slot *slot = userdata;

	slot->atr = strdup(atr);
	set_state(slot, SLOT_VALID);
}

static void on_probed(void *userdata, struct json_object *answered, const char *selected)
{
	struct slot *slot = userdata;

	token_list_start(slot->registry, slot->card, slot->name, answered, selected);
}

static uint64_t now_us(const struct slot *slot)
{
	uint64_t now = 0;

	ignore(sd_event_now(slot->registry->event, CLOCK_MONOTONIC, &now));
	return now;
}

static enum kc_status start_card(struct slot *slot);

/* A card that cannot be served is as good as mute, until it is pulled. */
static void start_or_mute(struct slot *slot)
{
	error_clear();
	slot->started_us = now_us(slot);
	if (start_card(slot) == KC_OK)
		return;
	log_error("slot %s: %s", slot->name, error_get()->message);
	set_state(slot, SLOT_MUTE);
}

static int on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	start_or_mute(userdata);
	return 0;
}

static void restart_later(struct slot *slot)
{
	uint64_t delay = ((uint64_t)RESTART_FIRST_MS << slot->n_restarts) * USEC_PER_MSEC;

	slot->n_restarts++;
	log_warning("slot %s: its process ended; starting it again", slot->name);
	set_state(slot, SLOT_PROBING);
	if (sd_event_add_time_relative(slot->registry->event, &slot->restart, CLOCK_MONOTONIC,
				       delay, 0, on_restart, slot) < 0)
		set_state(slot, SLOT_MUTE);
}

static void on_lost(void *userdata, bool is_gone, bool is_mute)
{
	struct slot *slot = userdata;

	if (is_gone) {
		remove_card(slot);
		return;
	}
	drop_card(slot, false);
	if (now_us(slot) - slot->started_us > FORGIVEN_AFTER_US)
		slot->n_restarts = 0;
	if (is_mute || slot->n_restarts >= RESTARTS_MAX)
		set_state(slot, SLOT_MUTE);
	else
		restart_later(slot);
}

static enum kc_status start_card(struct slot *slot)
{
	CLEANUP(field_free) struct json_object *aids = NULL;
	struct card_hooks hooks = {.on_powered = on_powered,
				   .on_probed = on_probed,
				   .on_lost = on_lost,
				   .userdata = slot};

	TRY(token_list_aids(slot->registry, &aids));
	return card_new(slot->registry->event, &slot->registry->settings, slot->fd, aids, &hooks,
			&slot->card);
}

/* @fd is taken. */
static enum kc_status insert_card(struct slot *slot, int fd)
{
	slot->fd = fd;
	set_state(slot, SLOT_PROBING);
	if (sd_event_add_io(slot->registry->event, &slot->watch, fd, EPOLLRDHUP, on_card_hangup,
			    slot) < 0) {
		remove_card(slot);
		return fail(KC_ERR_INTERNAL, "cannot watch the card");
	}
	start_or_mute(slot);
	return KC_OK;
}

static bool is_number_used(struct registry *registry, unsigned number)
{
	list_for_each (link, &registry->slots) {
		if (slot_from_link(link)->number == number)
			return true;
	}
	return false;
}

static enum kc_status find_empty_slot(struct registry *registry, struct slot **ret_slot)
{
	unsigned number = 0;

	list_for_each (link, &registry->slots) {
		if (slot_from_link(link)->state == SLOT_EMPTY) {
			*ret_slot = slot_from_link(link);
			return KC_OK;
		}
	}
	while (is_number_used(registry, number))
		number++;
	REQUIRE(number < SLOTS_MAX, KC_ERR_NOT_AVAILABLE, "all %d embedded slots are taken",
		SLOTS_MAX);
	return slot_new(registry, number, ret_slot);
}

/* The socket's mode keeps other users out; this does so on systems that ignore it. */
static enum kc_status admit_card(struct registry *registry, int fd)
{
	CLEANUP(socket_close) int owned = fd;
	struct slot *slot = NULL;
	struct peer peer;

	TRY(peer_identify(owned, &peer));
	REQUIRE(peer.uid == geteuid(), KC_ERR_MISSING_ENTITLEMENT,
		"a card of user %u is not let in", (unsigned)peer.uid);
	TRY(find_empty_slot(registry, &slot));
	return insert_card(slot, take_fd(owned));
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct registry *registry = userdata;

	(void)source;
	(void)usec;
	return sd_event_source_set_enabled(registry->listener, SD_EVENT_ON);
}

/* A card that we cannot accept stays readable: do not look at it for a moment. */
static void pause_accepting(struct registry *registry)
{
	log_warning("slot: cannot accept a card: %s", strerror(errno));
	if (sd_event_source_set_enabled(registry->listener, SD_EVENT_OFF) < 0 ||
	    sd_event_source_set_time_relative(registry->accept_pause, ACCEPT_PAUSE_US) < 0 ||
	    sd_event_source_set_enabled(registry->accept_pause, SD_EVENT_ONESHOT) < 0)
		log_error("slot: cannot pause");
}

static int on_card(sd_event_source *source, int listener, uint32_t revents, void *userdata)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	(void)source;
	(void)revents;
	error_clear();
	if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		pause_accepting(userdata);
	if (fd >= 0 && admit_card(userdata, fd) != KC_OK)
		log_error("slot: %s (%s)", error_get()->message, error_get()->origin);
	return 0;
}

/* A card that leaves is noticed before one that comes: put in again at once, it finds its slot
 * empty. */
static int add_sources(struct registry *registry, int fd)
{
	int error = sd_event_add_io(registry->event, &registry->listener, fd, EPOLLIN, on_card,
				    registry);

	if (error >= 0)
		error = sd_event_source_set_priority(registry->listener,
						     SD_EVENT_PRIORITY_NORMAL + 1);
	if (error >= 0)
		error = sd_event_add_time(registry->event, &registry->accept_pause, CLOCK_MONOTONIC,
					  UINT64_MAX, 0, on_pause_over, registry);
	if (error >= 0)
		error = sd_event_source_set_enabled(registry->accept_pause, SD_EVENT_OFF);
	return error < 0 ? error : sd_event_source_set_io_fd_own(registry->listener, true);
}

enum kc_status slot_listen(struct registry *registry)
{
	CLEANUP(socket_close) int fd = -1;
	struct slot *first = NULL;

	TRY(slot_new(registry, 0, &first));
	TRY(socket_listen(registry->settings.slot_socket, &fd));
	REQUIRE(add_sources(registry, fd) >= 0, KC_ERR_INTERNAL, "cannot watch the slot socket");
	take_fd(fd);
	return KC_OK;
}

void slot_end_all(struct registry *registry)
{
	list_for_each_safe (link, &registry->slots) {
		ignore(slot_free(slot_from_link(link)) != NULL);
	}
}
