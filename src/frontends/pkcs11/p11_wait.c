/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_WaitForSlotEvent sleeps until the watcher's descriptor becomes readable, or its own: whoever
 * takes the news first wakes all others, as C_Finalize does.
 */
#include "frontends/pkcs11/p11_wait.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "base/try.h"
#include "frontends/pkcs11/p11_event.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_slot.h"

enum {
	NO_DAEMON_PAUSE_MS = 500, /* until somebody who waits for tokens looks for a daemon again */
};

/* Who sleeps in C_WaitForSlotEvent, and what wakes it when somebody else has taken the news. */
struct waiter {
	struct list link; /* waiters */
	int wake_fd;
};

static struct list waiters = {&waiters, &waiters};

/* --- waking -------------------------------------------------------------------------------- */

void p11_wait_wake_all(void)
{
	const uint64_t one = 1;

	list_for_each (link, &waiters) {
		const struct waiter *waiter = list_entry(link, struct waiter, link);

		ignore(write(waiter->wake_fd, &one, sizeof(one)) < 0);
	}
}

bool p11_wait_is_any(void)
{
	return !list_is_empty(&waiters);
}

void p11_wait_inherit(void)
{
	list_init(&waiters);
}

static struct waiter *waiter_free(struct waiter *waiter)
{
	if (!waiter)
		return NULL;
	p11_module_hold();
	list_remove(&waiter->link);
	p11_module_notify();
	p11_module_leave();
	if (waiter->wake_fd >= 0)
		close(waiter->wake_fd);
	free(waiter);
	return NULL;
}
DEFINE_FREEP(waiter)

static CK_RV waiter_new(struct waiter **ret_waiter)
{
	CLEANUP(waiter_freep) struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		return CKR_HOST_MEMORY;
	list_init(&waiter->link);
	waiter->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (waiter->wake_fd < 0)
		return CKR_HOST_MEMORY;
	*ret_waiter = take(waiter);
	return CKR_OK;
}

/* --- C_WaitForSlotEvent -------------------------------------------------------------------- */

/* What @waiter is to sleep on, unless there are news already: then *ret_has_news. */
static CK_RV begin_waiting(struct waiter *waiter, unsigned generation, int *ret_watcher_fd,
			   bool *ret_has_news)
{
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	if (generation == p11_module_generation()) {
		list_append(&waiters, &waiter->link);
		*ret_watcher_fd = p11_event_fd();
		*ret_has_news = p11_slot_has_event();
	} else {
		result = CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	p11_module_leave();
	return result;
}

/* Sleep until there is news, or C_Finalize. */
static CK_RV await_news(unsigned generation)
{
	CLEANUP(waiter_freep) struct waiter *waiter = NULL;
	struct pollfd sources[] = {{.events = POLLIN}, {.fd = -1, .events = POLLIN}};
	bool has_news = false;
	CK_RV result = waiter_new(&waiter);

	if (result == CKR_OK)
		result = begin_waiting(waiter, generation, &sources[1].fd, &has_news);
	if (result != CKR_OK || has_news)
		return result;
	sources[0].fd = waiter->wake_fd;
	ignore(poll(sources, ARRAY_LEN(sources), sources[1].fd < 0 ? NO_DAEMON_PAUSE_MS : -1));
	return CKR_OK;
}

static CK_RV take_event(unsigned *ret_generation, CK_SLOT_ID *ret_slot)
{
	CK_RV result = p11_event_look();

	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	*ret_generation = p11_module_generation();
	result = p11_slot_take_event(ret_slot) ? CKR_OK : CKR_NO_EVENT;
	p11_module_leave();
	return result;
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *ret_slot, void *reserved)
{
	unsigned first = 0;
	unsigned generation = 0;
	CK_RV result = CKR_OK;

	if (!ret_slot || reserved)
		return CKR_ARGUMENTS_BAD;
	result = take_event(&first, ret_slot);
	generation = first;
	while (result == CKR_NO_EVENT && !(flags & CKF_DONT_BLOCK)) {
		result = await_news(first);
		if (result == CKR_OK)
			result = take_event(&generation, ret_slot);
		/* 3.0, 5.5.4: who blocks while C_Finalize is called comes back with
		 * CKR_CRYPTOKI_NOT_INITIALIZED, also if somebody has initialised it again. */
		if (generation != first)
			result = CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	return result;
}
