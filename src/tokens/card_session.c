/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IDLE → WAITING (in the card's queue) → ACTIVE (has its turn) → IDLE, over and over; OVER when the
 * card has left or was taken away. The daemon keeps our end of the card channel, so that taking the
 * card away takes effect at once and idleness is seen where it happens.
 */
#include "tokens/card_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/log.h"
#include "base/try.h"
#include "codec/apdu.h"
#include "tokens/card_holders.h"
#include "tokens/slot_impl.h"

enum {
	WHO_MAX = 128,
	HOLDER_BYTES = 256,
	USEC_PER_MSEC = 1000,
	MSEC_PER_SEC = 1000,
	COUNT_MAX = 1000,
};

enum state {
	STATE_IDLE,
	STATE_WAITING,
	STATE_ACTIVE,
	STATE_OVER,
};

struct card_session {
	struct list link; /* registry::card_sessions */
	struct registry *registry;
	struct card *card; /* NULL when over */
	struct card_task task;
	struct card_terms terms;
	int64_t number;
	int64_t insertion;
	char slot[SLOT_NAME_MAX];
	char who[WHO_MAX];
	enum state state;
	unsigned count;
	bool wants_reset;
	enum kc_status over_status;
	struct error_record over_record;
	card_session_fn on_answer; /* of a beginning, or of an APDU; NULL: nobody waits */
	void *userdata;
	bool is_asked; /* an APDU is under way */
	sd_event_source *io;
	sd_event_source *deadline; /* to wait for the card */
	sd_event_source *idle;
	sd_event_source *absolute;
};

static void answer(struct card_session *session, enum kc_status status, struct kc_view response)
{
	card_session_fn on_answer = session->on_answer;

	session->on_answer = NULL;
	if (on_answer)
		on_answer(session->userdata, status, response);
}

static void answer_failure(struct card_session *session, enum kc_status status)
{
	answer(session, status, view_of(NULL, 0));
}

static void stop_sources(struct card_session *session)
{
	session->io = sd_event_source_disable_unref(session->io);
	session->deadline = sd_event_source_disable_unref(session->deadline);
	session->idle = sd_event_source_disable_unref(session->idle);
	session->absolute = sd_event_source_disable_unref(session->absolute);
}

/* For good; the thread's record says why. The card is no more our business. */
static void be_over(struct card_session *session, enum kc_status status)
{
	stop_sources(session);
	session->state = STATE_OVER;
	session->card = NULL;
	session->count = 0;
	session->is_asked = false;
	session->over_status = status;
	session->over_record = *error_get();
}

/* Leave the card to others. A response that is still to come must not be taken for another's. */
static void leave_card(struct card_session *session, bool is_orderly)
{
	struct card *card = session->card;

	stop_sources(session);
	if (session->state == STATE_ACTIVE && (!is_orderly || session->is_asked))
		card_drop_own_channel(card);
	else if (session->state == STATE_ACTIVE && session->wants_reset)
		card_request_reset(card);
	session->is_asked = false;
	session->state = STATE_IDLE;
	session->count = 0;
	card_cancel(card, &session->task);
}

/* Taken away: the thread's record says why. */
static void take_away(struct card_session *session, enum kc_status status)
{
	struct error_record why = *error_get();

	log_warning("slot %s: card session of %s: %s", session->slot, session->who, why.message);
	leave_card(session, false);
	error_adopt(&why);
	be_over(session, status);
	answer_failure(session, status);
}

static void fail_over(struct card_session *session)
{
	error_clear();
	error_adopt(&session->over_record);
}

/* --- limits of time -------------------------------------------------------------------------- */

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct card_session *session = userdata;

	(void)source;
	(void)usec;
	error_clear();
	error_set_hint("begin again; the limit is card_session_idle_s of config.json");
	take_away(session,
		  fail(KC_ERR_NOT_AVAILABLE, "the card session has ended: no command in %u s",
		       session->registry->settings.card_session_idle_s));
	return 0;
}

static int on_absolute(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct card_session *session = userdata;

	(void)source;
	(void)usec;
	error_clear();
	error_set_hint("begin again; the limit is card_session_absolute_s of config.json");
	take_away(session, fail(KC_ERR_NOT_AVAILABLE, "the card session has ended after %u s",
				session->registry->settings.card_session_absolute_s));
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct card_session *session = userdata;
	char holder[HOLDER_BYTES];

	(void)source;
	(void)usec;
	error_clear();
	card_holders_name(session->card, holder, sizeof(holder));
	leave_card(session, true);
	error_set_hint("see who has it with: keycask card who-holds");
	answer_failure(session,
		       fail(KC_ERR_NOT_AVAILABLE, "the card was not free in time: %s has it",
			    holder[0] ? holder : "somebody"));
	return 0;
}

static int add_timer(struct card_session *session, sd_event_source **timer, uint64_t ms,
		     sd_event_time_handler_t on_time)
{
	return sd_event_add_time_relative(session->registry->event, timer, CLOCK_MONOTONIC,
					  ms * USEC_PER_MSEC, 0, on_time, session);
}

static uint64_t idle_usec(const struct card_session *session)
{
	return (uint64_t)session->registry->settings.card_session_idle_s * MSEC_PER_SEC *
	       USEC_PER_MSEC;
}

/* A card that computes is not an idle client. */
static void set_idle_timer(struct card_session *session, bool is_on)
{
	if (is_on)
		ignore(sd_event_source_set_time_relative(session->idle, idle_usec(session)));
	ignore(sd_event_source_set_enabled(session->idle, is_on ? SD_EVENT_ONESHOT : SD_EVENT_OFF));
}

/* --- the channel ----------------------------------------------------------------------------- */

/* Expected: KC_ERR_TOKEN_NOT_FOUND  an empty packet or none: there will be no more responses */
static enum kc_status receive(struct card_session *session, struct bytes *response)
{
	ssize_t n = 0;

	TRY(bytes_reserve(response, APDU_RESPONSE_MAX));
	n = recv(card_own_fd(session->card), response->data, APDU_RESPONSE_MAX, MSG_DONTWAIT);
	REQUIRE(n > 0, KC_ERR_TOKEN_NOT_FOUND, "the card was removed or stopped answering");
	response->len = (size_t)n;
	return KC_OK;
}

static int on_response(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(APDU_RESPONSE_MAX);
	struct card_session *session = userdata;
	enum kc_status status = KC_OK;

	(void)source;
	(void)fd;
	(void)revents;
	error_clear();
	status = receive(session, &response);
	if (status != KC_OK) {
		take_away(session, status);
		return 0;
	}
	session->is_asked = false;
	set_idle_timer(session, true);
	answer(session, KC_OK, bytes_view(&response));
	explicit_bzero(response.data, response.len);
	return 0;
}

static enum kc_status send_apdu(struct card_session *session, struct kc_view apdu)
{
	ssize_t n =
		send(card_own_fd(session->card), apdu.data, apdu.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	REQUIRE(n == (ssize_t)apdu.len, KC_ERR_TOKEN_NOT_FOUND,
		"the card was removed or stopped answering");
	return KC_OK;
}

enum kc_status card_session_transmit(struct card_session *session, struct kc_view apdu,
				     card_session_fn on_answer, void *userdata)
{
	if (session->state == STATE_OVER) {
		fail_over(session);
		return session->over_status;
	}
	REQUIRE(session->state == STATE_ACTIVE, KC_ERR_NOT_AVAILABLE,
		"the card session has not begun");
	REQUIRE(!session->is_asked, KC_ERR_PARAM, "one command at a time");
	REQUIRE(apdu.len >= APDU_COMMAND_MIN && apdu.len <= card_max_input(session->card),
		KC_ERR_PARAM, "a command of %zu bytes: this slot carries 4 to %zu", apdu.len,
		card_max_input(session->card));
	TRY(send_apdu(session, apdu));
	session->is_asked = true;
	session->on_answer = on_answer;
	session->userdata = userdata;
	set_idle_timer(session, false);
	return KC_OK;
}

/* --- beginning ------------------------------------------------------------------------------- */

static enum kc_status watch_card(struct card_session *session)
{
	const struct registry_settings *settings = &session->registry->settings;

	if (sd_event_add_io(session->registry->event, &session->io, card_own_fd(session->card),
			    EPOLLIN, on_response, session) < 0 ||
	    add_timer(session, &session->idle,
		      (uint64_t)settings->card_session_idle_s * MSEC_PER_SEC, on_idle) < 0 ||
	    add_timer(session, &session->absolute,
		      (uint64_t)settings->card_session_absolute_s * MSEC_PER_SEC, on_absolute) < 0)
		return fail(KC_ERR_INTERNAL, "cannot watch the card");
	return KC_OK;
}

static enum kc_status start(struct card_session *session)
{
	REQUIRE(session->terms.protocol != 0, KC_ERR_PARAM,
		"the card has none of the protocols that are allowed");
	return watch_card(session);
}

static void run(struct card_task *task)
{
	struct card_session *session = list_entry(task, struct card_session, task);
	enum kc_status status = KC_OK;

	error_clear();
	session->deadline = sd_event_source_disable_unref(session->deadline);
	session->state = STATE_ACTIVE;
	session->count = 1;
	status = start(session);
	if (status != KC_OK) {
		struct error_record why = *error_get();

		leave_card(session, true);
		error_adopt(&why);
	} else {
		log_info("slot %s: card session of %s (process %ld)", session->slot, session->who,
			 session->task.pid);
	}
	answer_failure(session, status);
}

static void abort_task(struct card_task *task, enum kc_status status)
{
	struct card_session *session = list_entry(task, struct card_session, task);

	if (status == KC_ERR_NOT_AVAILABLE && session->state == STATE_WAITING) {
		stop_sources(session); /* another program has it now, and not for ever */
		session->state = STATE_IDLE;
	} else {
		be_over(session, status);
	}
	answer_failure(session, status);
}

static enum kc_status wait_no_longer_than(struct card_session *session, unsigned ms)
{
	if (ms > 0 && add_timer(session, &session->deadline, ms, on_deadline) < 0)
		return fail(KC_ERR_INTERNAL, "no timer");
	return KC_OK;
}

static enum kc_status count_again(struct card_session *session)
{
	REQUIRE(session->count < COUNT_MAX, KC_ERR_PARAM, "a card session begun %d times",
		COUNT_MAX);
	session->count++;
	return KC_OK;
}

static enum kc_status check_may_wait(struct card_session *session)
{
	if (session->state == STATE_OVER) {
		fail_over(session);
		return session->over_status;
	}
	REQUIRE(session->state == STATE_IDLE, KC_ERR_PARAM, "the card session is beginning");
	return KC_OK;
}

static void submit(struct card_session *session, const struct card_session_terms *terms)
{
	session->terms.reset = terms->reset || terms->is_sensitive;
	session->terms.is_sensitive = terms->is_sensitive;
	session->terms.allowed_protocols = terms->allowed_protocols;
	session->wants_reset = terms->is_sensitive;
	session->state = STATE_WAITING;
	card_submit(session->card, &session->task);
}

void card_session_begin(struct card_session *session, const struct card_session_terms *terms,
			card_session_fn on_begun, void *userdata)
{
	enum kc_status status = KC_OK;

	session->on_answer = on_begun;
	session->userdata = userdata;
	if (session->state == STATE_ACTIVE) {
		status = count_again(session);
		session->wants_reset |= terms->is_sensitive;
		answer_failure(session, status);
		return;
	}
	status = check_may_wait(session);
	if (status == KC_OK)
		status = wait_no_longer_than(session, terms->deadline_ms);
	if (status == KC_OK)
		submit(session, terms);
	else
		answer_failure(session, status);
}

void card_session_end(struct card_session *session, bool reset)
{
	if (session->state != STATE_ACTIVE)
		return;
	session->wants_reset |= reset;
	if (--session->count == 0)
		leave_card(session, true);
}

void card_session_forget_waiter(struct card_session *session)
{
	session->on_answer = NULL;
	if (session->state == STATE_WAITING)
		leave_card(session, true);
}

/* --- life ------------------------------------------------------------------------------------ */

static enum kc_status check_slot(const struct slot *slot, int64_t insertion)
{
	REQUIRE(slot->state != SLOT_MUTE, KC_ERR_COMMUNICATION, "the card in %s does not answer",
		slot->name);
	REQUIRE(slot->card, KC_ERR_TOKEN_NOT_FOUND, "there is no card in %s", slot->name);
	REQUIRE(insertion == 0 || insertion == slot->insertion, KC_ERR_TOKEN_NOT_FOUND,
		"another card is in %s now", slot->name);
	return KC_OK;
}

enum kc_status card_session_new(struct registry *registry,
				const struct card_session_options *options,
				struct card_session **ret_session)
{
	CLEANUP(freep) struct card_session *session = calloc(1, sizeof(*session));
	struct slot *slot = NULL;

	REQUIRE(session, KC_ERR_ALLOCATE, "out of memory");
	TRY(slot_find(registry, options->slot, &slot));
	TRY(check_slot(slot, options->insertion));
	session->registry = registry;
	session->card = slot->card;
	session->insertion = slot->insertion;
	session->number = ++registry->last_card_session;
	(void)snprintf(session->slot, sizeof(session->slot), "%s", slot->name);
	(void)snprintf(session->who, sizeof(session->who), "%s", options->who);
	session->terms.user = (uint64_t)session->number;
	session->task = (struct card_task){.terms = &session->terms,
					   .who = session->who,
					   .pid = options->pid,
					   .run = run,
					   .abort = abort_task};
	list_init(&session->task.link);
	list_append(&registry->card_sessions, &session->link);
	*ret_session = take(session);
	return KC_OK;
}

struct card_session *card_session_free(struct card_session *session)
{
	if (!session)
		return NULL;
	session->on_answer = NULL;
	if (session->card)
		leave_card(session, false);
	list_remove(&session->link);
	free(session);
	return NULL;
}

int64_t card_session_number(const struct card_session *session)
{
	return session->number;
}

const char *card_session_slot(const struct card_session *session)
{
	return session->slot;
}

enum kc_status card_session_check(struct card_session *session, int64_t insertion,
				  struct card_session **ret_session)
{
	REQUIRE(insertion == 0 || insertion == session->insertion, KC_ERR_TOKEN_NOT_FOUND,
		"another card is in %s now", session->slot);
	*ret_session = session;
	return KC_OK;
}

bool card_session_is_over(const struct card_session *session)
{
	return session->state == STATE_OVER;
}

enum kc_status card_session_put(const struct card_session *session, struct json_object *reply)
{
	TRY(field_put_number(reply, "session", session->number));
	TRY(field_put_number(reply, "generation", (int64_t)session->terms.generation));
	return field_put_text(reply, "protocol", session->terms.protocol == 1 ? "t0" : "t1");
}

static struct card_session *session_with(struct registry *registry, const struct card *card)
{
	list_for_each (link, &registry->card_sessions) {
		struct card_session *session = list_entry(link, struct card_session, link);

		if (session->card == card)
			return session;
	}
	return NULL;
}

/* Each answer may end a client, and other sessions with it. */
void card_session_lose_card(struct registry *registry, const struct card *card)
{
	struct card_session *session = NULL;

	if (!card)
		return;
	for (session = session_with(registry, card); session;
	     session = session_with(registry, card)) {
		list_remove(&session->task.link);
		error_clear();
		be_over(session, fail(KC_ERR_TOKEN_NOT_FOUND, "the card was removed"));
		answer_failure(session, session->over_status);
	}
}

/* The one that has the card in @slot, or in any slot (NULL). */
static struct card_session *find_active(struct registry *registry, const char *slot)
{
	list_for_each (link, &registry->card_sessions) {
		struct card_session *session = list_entry(link, struct card_session, link);

		if (session->state == STATE_ACTIVE && (!slot || strcmp(session->slot, slot) == 0))
			return session;
	}
	return NULL;
}

void card_session_break(struct registry *registry, const char *slot, const char *why)
{
	struct card_session *session = find_active(registry, slot);

	for (; session; session = find_active(registry, slot)) {
		error_clear();
		take_away(session,
			  fail(KC_ERR_NOT_AVAILABLE, "the card session has ended: %s", why));
		if (slot) /* the next in the queue has it now, by right */
			return;
	}
}
