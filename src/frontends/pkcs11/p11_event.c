/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens come and go. There is no thread that listens: whoever asks for slots looks at the watcher
 * first, one at a time, and C_WaitForSlotEvent sleeps until its descriptor, or ours, becomes
 * readable. A watcher whose daemon has left is given up and a new one made at the next look, so
 * that a daemon that is back is seen at once.
 */
#include "frontends/pkcs11/p11_event.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "base/try.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_slot.h"

enum {
	NO_DAEMON_PAUSE_MS = 500, /* until somebody who waits for tokens looks for a daemon again */
};

static struct {
	/* Who is_looking alone may use it; read under the lock. NULL: no daemon. */
	struct kc_token_watcher *watcher;
	bool is_looking;
	bool has_looked; /* since C_Initialize: what is there then is no event */
	struct list waiters;
} state = {.waiters = {&state.waiters, &state.waiters}};

/* Who sleeps in C_WaitForSlotEvent, and what wakes it when somebody else has taken the news. */
struct waiter {
	struct list link; /* state::waiters */
	int wake_fd;
};

/* --- waking -------------------------------------------------------------------------------- */

/* Held. */
static void wake_waiters(void)
{
	const uint64_t one = 1;

	list_for_each (link, &state.waiters) {
		const struct waiter *waiter = list_entry(link, struct waiter, link);

		ignore(write(waiter->wake_fd, &one, sizeof(one)) < 0);
	}
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

/* --- looking ------------------------------------------------------------------------------- */

/* Held. An event is what changes presence, not what is found there at first. */
static CK_RV note_token(const struct kc_dictionary *token)
{
	const char *token_id = kc_dictionary_text(token, KC_TOKEN_ID);

	return token_id ? p11_slot_note_present(token_id, token, state.has_looked) : CKR_OK;
}

/* Held. @tokens NULL: there is no daemon. */
static CK_RV note_all(const struct kc_value *tokens)
{
	CK_RV result = CKR_OK;

	p11_slot_note_listed(tokens, state.has_looked);
	for (size_t i = 0; i < kc_value_count(tokens) && result == CKR_OK; i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));
		const char *what = kc_dictionary_text(token, KC_TOKEN_STATE);

		if (what && strcmp(what, "present") == 0)
			result = note_token(token);
	}
	state.has_looked = true;
	return result;
}

static CK_RV list_all(void)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;
	enum kc_status status = kc_token_list(&tokens);
	CK_RV result = CKR_OK;

	if (status == KC_ERR_ALLOCATE)
		return CKR_HOST_MEMORY;
	p11_module_hold();
	result = note_all(status == KC_OK ? tokens : NULL);
	wake_waiters();
	p11_module_leave();
	return result;
}

/* Whoever polls its descriptor is to poll the next one's. */
static void give_up_watcher(void)
{
	struct kc_token_watcher *watcher = NULL;

	p11_module_hold();
	watcher = take(state.watcher);
	wake_waiters();
	p11_module_leave();
	kc_token_watcher_free(watcher);
}

static CK_RV begin_watching(void)
{
	struct kc_token_watcher *watcher = NULL;

	if (kc_token_watcher_new(&watcher) == KC_ERR_ALLOCATE)
		return CKR_HOST_MEMORY;
	p11_module_hold();
	state.watcher = watcher;
	if (!watcher)
		ignore(note_all(NULL) != CKR_OK);
	wake_waiters();
	p11_module_leave();
	return watcher ? list_all() : CKR_OK;
}

/* Held. False: it changes nothing that an event does not tell. */
static bool note_event(const struct kc_dictionary *event)
{
	const char *what = kc_dictionary_text(event, KC_EVENT);
	const char *token_id = kc_dictionary_text(event, KC_TOKEN_ID);
	bool is_removal = what && strcmp(what, KC_EVENT_REMOVED) == 0;

	if (!token_id || (!is_removal && p11_slot_note_other_items(token_id)))
		return false;
	/* Also when it is back already: what was proved to it is not. */
	if (is_removal)
		p11_slot_note_absent(token_id, state.has_looked);
	return true;
}

/* *ret_has_news: the tokens are others; which they are now, and what they are called, is asked for
 * then. */
static void take_events(bool *ret_has_news)
{
	for (;;) {
		CLEANUP(kc_dictionary_freep) struct kc_dictionary *event = NULL;

		if (kc_token_watcher_next(state.watcher, 0, &event) != KC_OK || !event)
			return;
		p11_module_hold();
		*ret_has_news |= note_event(event);
		wake_waiters();
		p11_module_leave();
	}
}

/* POLLIN: something has happened; POLLNVAL: the application has closed our descriptor. */
static short poll_watcher(const struct kc_token_watcher *watcher)
{
	struct pollfd source = {.fd = kc_token_watcher_fd(watcher), .events = POLLIN};

	return poll(&source, 1, 0) > 0 ? source.revents : 0;
}

/* The one who is looking. */
static CK_RV look(void)
{
	short news = state.watcher ? poll_watcher(state.watcher) : 0;
	bool has_news = false;

	if (state.watcher && !news)
		return CKR_OK;
	if (state.watcher)
		take_events(&has_news);
	if (state.watcher && (news & POLLNVAL || !kc_token_watcher_has_daemon(state.watcher)))
		give_up_watcher();
	if (!state.watcher)
		return begin_watching();
	return has_news ? list_all() : CKR_OK;
}

CK_RV p11_event_look(void)
{
	CK_RV result = p11_module_enter();
	unsigned generation = 0;

	if (result != CKR_OK)
		return result;
	generation = p11_module_generation();
	while (state.is_looking && generation == p11_module_generation())
		p11_module_wait();
	if (generation != p11_module_generation()) {
		p11_module_leave();
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	state.is_looking = true;
	p11_module_leave();
	result = look();
	p11_module_hold();
	state.is_looking = false;
	p11_module_notify();
	p11_module_leave();
	return result;
}

/* --- life cycle ---------------------------------------------------------------------------- */

/* The watcher is the parent's, and in pieces if a thread of it was looking: it is left alone then,
 * with its descriptors. What was known of tokens is still known. */
void p11_event_inherit(bool is_whole)
{
	if (!is_whole || state.is_looking)
		state.watcher = NULL;
	state.watcher = kc_token_watcher_free(state.watcher);
	state.is_looking = false;
	list_init(&state.waiters);
}

void p11_event_end(void)
{
	wake_waiters();
	while (state.is_looking || !list_is_empty(&state.waiters))
		p11_module_wait();
	state.watcher = kc_token_watcher_free(state.watcher);
	state.has_looked = false;
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
		list_append(&state.waiters, &waiter->link);
		*ret_watcher_fd = kc_token_watcher_fd(state.watcher);
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
