/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Embedded slots: accept a card, notice when it leaves. The descriptor of the card stays with us
 * too, so that a slot process that crashes can be replaced while the card is in.
 */
#include "tokens/embedded_slots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/peer.h"
#include "sys/socket.h"
#include "tokens/slot_impl.h"

enum {
	SLOTS_MAX = 16,
	NAME_BYTES = 32,
	ACCEPT_PAUSE_US = 100 * 1000, /* when descriptors ran out */
};

struct embedded_slot {
	struct slot slot;
	unsigned number;
	int fd; /* of the card, -1 when empty */
	sd_event_source *watch;
};

static struct embedded_slot *embedded_of(struct slot *slot)
{
	return list_entry(slot, struct embedded_slot, slot);
}

static void close_card(struct embedded_slot *embedded)
{
	embedded->watch = sd_event_source_disable_unref(embedded->watch);
	socket_close(&embedded->fd);
}

static void release(struct slot *slot)
{
	struct embedded_slot *embedded = embedded_of(slot);

	close_card(embedded);
	free(embedded);
}

static bool remove_card(struct slot *slot)
{
	struct embedded_slot *embedded = embedded_of(slot);

	close_card(embedded);
	slot_remove(slot, embedded->number == 0 ? SLOT_EMPTY : SLOT_MISSING);
	if (embedded->number > 0)
		slot_free(slot);
	return true;
}

static const struct slot_provider provider = {
	.name = "embedded", .on_gone = remove_card, .release = release};

static enum kc_status embedded_new(struct registry *registry, unsigned number,
				   struct embedded_slot **ret_slot)
{
	struct embedded_slot *embedded = calloc(1, sizeof(*embedded));
	char name[NAME_BYTES];

	REQUIRE(embedded, KC_ERR_ALLOCATE, "out of memory");
	*embedded = (struct embedded_slot){.number = number, .fd = -1};
	(void)snprintf(name, sizeof(name), "Embedded Slot %02u", number);
	slot_init(&embedded->slot, registry, &provider, name);
	*ret_slot = embedded;
	return KC_OK;
}

static int on_card_hangup(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	ignore(remove_card(userdata));
	return 0;
}

/* @fd is taken. */
static enum kc_status insert_card(struct embedded_slot *embedded, int fd)
{
	struct slot *slot = &embedded->slot;
	struct card_place place = {.fd = fd};

	embedded->fd = fd;
	if (sd_event_add_io(slot->registry->event, &embedded->watch, fd, EPOLLRDHUP, on_card_hangup,
			    slot) < 0) {
		ignore(remove_card(slot));
		return fail(KC_ERR_INTERNAL, "cannot watch the card");
	}
	slot_insert(slot, &place);
	return KC_OK;
}

static bool is_number_used(struct registry *registry, unsigned number)
{
	list_for_each (link, &registry->slots) {
		struct slot *slot = slot_from_link(link);

		if (slot->provider == &provider && embedded_of(slot)->number == number)
			return true;
	}
	return false;
}

static enum kc_status find_empty_slot(struct registry *registry, struct embedded_slot **ret_slot)
{
	unsigned number = 0;

	list_for_each (link, &registry->slots) {
		struct slot *slot = slot_from_link(link);

		if (slot->provider == &provider && slot->state == SLOT_EMPTY) {
			*ret_slot = embedded_of(slot);
			return KC_OK;
		}
	}
	while (is_number_used(registry, number))
		number++;
	REQUIRE(number < SLOTS_MAX, KC_ERR_NOT_AVAILABLE, "all %d embedded slots are taken",
		SLOTS_MAX);
	return embedded_new(registry, number, ret_slot);
}

/* The socket's mode keeps other users out; this does so on systems that ignore it. */
static enum kc_status admit_card(struct registry *registry, int fd)
{
	CLEANUP(socket_close) int owned = fd;
	CLEANUP(peer_done) struct peer peer = {.process = -1};
	struct embedded_slot *slot = NULL;

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

enum kc_status embedded_slots_listen(struct registry *registry)
{
	CLEANUP(socket_close) int fd = -1;
	struct embedded_slot *first = NULL;

	TRY(embedded_new(registry, 0, &first));
	TRY(socket_listen(registry->settings.slot_socket, &fd));
	REQUIRE(add_sources(registry, fd) >= 0, KC_ERR_INTERNAL, "cannot watch the slot socket");
	take_fd(fd);
	return KC_OK;
}
