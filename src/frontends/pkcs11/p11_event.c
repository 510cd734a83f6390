/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens come and go. There is no thread that listens: whoever asks for slots looks at the watcher
 * first, one at a time; who waits for tokens is p11_wait.c's. A watcher whose daemon has left is
 * given up and a new one made at the next look, so that a daemon that is back is seen at once.
 */
#include "frontends/pkcs11/p11_event.h"

#include <poll.h>
#include <string.h>

#include <keycask/token.h>

#include "base/try.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_wait.h"

static struct {
	/* Who is_looking alone may use it; read under the lock. NULL: no daemon. */
	struct kc_token_watcher *watcher;
	bool is_looking;
	bool has_looked; /* since C_Initialize: what is there then is no event */
} state;

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
	p11_wait_wake_all();
	p11_module_leave();
	return result;
}

/* Whoever polls its descriptor is to poll the next one's. */
static void give_up_watcher(void)
{
	struct kc_token_watcher *watcher = NULL;

	p11_module_hold();
	watcher = take(state.watcher);
	p11_wait_wake_all();
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
	p11_wait_wake_all();
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
		p11_wait_wake_all();
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

int p11_event_fd(void)
{
	return kc_token_watcher_fd(state.watcher);
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
	p11_wait_inherit();
}

void p11_event_end(void)
{
	p11_wait_wake_all();
	while (state.is_looking || p11_wait_is_any())
		p11_module_wait();
	state.watcher = kc_token_watcher_free(state.watcher);
	state.has_looked = false;
}
