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

static enum kc_status start_card(struct slot *slot);

static int on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct slot *slot = userdata;

	(void)source;
	(void)usec;
	error_clear();
	if (start_card(slot) != KC_OK) {
		log_error("slot %s: %s", slot->name, error_get()->message);
		set_state(slot, SLOT_MUTE);
	}
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
	REQUIRE(sd_event_add_io(slot->registry->event, &slot->watch, fd, EPOLLRDHUP, on_card_hangup,
				slot) >= 0,
		KC_ERR_INTERNAL, "cannot watch the card");
	return start_card(slot);
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

static int on_card(sd_event_source *source, int listener, uint32_t revents, void *userdata)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	(void)source;
	(void)revents;
	error_clear();
	if (fd >= 0 && admit_card(userdata, fd) != KC_OK)
		log_error("slot: %s (%s)", error_get()->message, error_get()->origin);
	return 0;
}

enum kc_status slot_listen(struct registry *registry)
{
	CLEANUP(socket_close) int fd = -1;
	struct slot *first = NULL;

	TRY(slot_new(registry, 0, &first));
	TRY(socket_listen(registry->settings.slot_socket, &fd));
	REQUIRE(sd_event_add_io(registry->event, &registry->listener, fd, EPOLLIN, on_card,
				registry) >= 0 &&
			sd_event_source_set_io_fd_own(registry->listener, true) >= 0,
		KC_ERR_INTERNAL, "cannot watch the slot socket");
	take_fd(fd);
	return KC_OK;
}

void slot_end_all(struct registry *registry)
{
	list_for_each_safe (link, &registry->slots) {
		ignore(slot_free(slot_from_link(link)) != NULL);
	}
}
