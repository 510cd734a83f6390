/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The token watcher: a stream of the daemon's events, made continuous. It remembers which tokens
 * it has told of. When the daemon leaves, their removals are what comes next; then it looks for a
 * new daemon from time to time, but starts none: somebody may have stopped it on purpose.
 *
 * What an application has done when they come is in watcher_handlers.c. An epoll descriptor stands
 * for whatever is being waited for (the stream, the next attempt, a removal to be told), so that
 * applications poll one number for ever.
 */
#include "client/watcher_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/process_id.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/line.h"
#include "client/typed_impl.h"
#include "sys/socket.h"

enum {
	RETRY_NS = 200 * 1000 * 1000,
	NS_PER_MS = 1000 * 1000,
	MS_PER_SECOND = 1000,
};

/* --- the descriptor ------------------------------------------------------------------------ */

static enum kc_status attach(struct kc_token_watcher *watcher, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	REQUIRE(epoll_ctl(watcher->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0, KC_ERR_NOT_AVAILABLE,
		"epoll_ctl: %s", strerror(errno));
	return KC_OK;
}

/* Readable at once, and again and again while there is no daemon. */
static void set_timer(const struct kc_token_watcher *watcher, bool is_on)
{
	struct itimerspec when = {.it_value = {.tv_nsec = is_on ? 1 : 0},
				  .it_interval = {.tv_nsec = is_on ? RETRY_NS : 0}};

	ignore(timerfd_settime(watcher->timer_fd, 0, &when, NULL));
}

static void drain_timer(const struct kc_token_watcher *watcher)
{
	uint64_t expirations = 0;

	ignore(read(watcher->timer_fd, &expirations, sizeof(expirations)) < 0);
}

static enum kc_status make_descriptors(struct kc_token_watcher *watcher)
{
	watcher->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watcher->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	REQUIRE(watcher->epoll_fd >= 0 && watcher->timer_fd >= 0, KC_ERR_NOT_AVAILABLE,
		"no descriptor left: %s", strerror(errno));
	return attach(watcher, watcher->timer_fd);
}

/* --- the stream ---------------------------------------------------------------------------- */

static void client_freep(struct wire_client **client)
{
	*client = wire_client_free(*client);
}

static enum kc_status begin_stream(struct kc_token_watcher *watcher, bool may_start)
{
	CLEANUP(client_freep) struct wire_client *client = NULL;

	TRY(line_open(may_start, &client));
	TRY(wire_client_start(client, "org.keycask.Tokens.Watch", NULL));
	TRY(attach(watcher, wire_client_fd(client)));
	watcher->client = take(client);
	set_timer(watcher, false);
	return KC_OK;
}

static void lose_stream(struct kc_token_watcher *watcher)
{
	watcher->client = wire_client_free(watcher->client);
	set_timer(watcher, true);
}

/* In a child after fork(): the stream is the parent's, and so is what the epoll descriptor
 * watches. New ones take the old numbers, so that what the application polls stays right. */
static enum kc_status take_over(struct kc_token_watcher *watcher)
{
	struct kc_token_watcher fresh = {.epoll_fd = -1, .timer_fd = -1};
	enum kc_status status = make_descriptors(&fresh);

	if (status == KC_OK && (dup3(fresh.epoll_fd, watcher->epoll_fd, O_CLOEXEC) < 0 ||
				dup3(fresh.timer_fd, watcher->timer_fd, O_CLOEXEC) < 0))
		status = fail(KC_ERR_NOT_AVAILABLE, "dup3: %s", strerror(errno));
	socket_close(&fresh.epoll_fd);
	if (status == KC_OK) {
		/* epoll watches the open timer, not its number: it lives on under ours. */
		watcher->owner = process_id();
		lose_stream(watcher);
	}
	socket_close(&fresh.timer_fd);
	return status;
}

/* --- events -------------------------------------------------------------------------------- */

/* The oldest token that is told of, as removed. */
static enum kc_status tell_removed(struct kc_token_watcher *watcher,
				   struct kc_dictionary **ret_event)
{
	CLEANUP(freep) char *token_id = strdup(kc_dictionary_name_at(watcher->present, 0));
	CLEANUP(typed_freep) struct kc_value *told = NULL;

	REQUIRE(token_id, KC_ERR_ALLOCATE, "out of memory");
	told = dictionary_take(watcher->present, token_id);
	TRY(kc_dictionary_set(told->dictionary, KC_EVENT, KC_TEXT(KC_EVENT_REMOVED)));
	*ret_event = take(told->dictionary);
	return KC_OK;
}

static enum kc_status remember(struct kc_token_watcher *watcher, const struct kc_dictionary *event)
{
	const char *token_id = kc_dictionary_text(event, KC_TOKEN_ID);
	const char *what = kc_dictionary_text(event, KC_EVENT);
	struct kc_value *gone = NULL;

	REQUIRE(token_id && what, KC_ERR_INTERNAL, "the daemon told of an event without a token");
	if (strcmp(what, KC_EVENT_INSERTED) == 0)
		return kc_dictionary_set(watcher->present, token_id, KC_NESTED(event));
	gone = dictionary_take(watcher->present, token_id);
	kc_value_free(gone);
	return KC_OK;
}

/* One event from the stream; NULL when there was none in time, or the stream is lost. */
static enum kc_status read_event(struct kc_token_watcher *watcher, int timeout_ms,
				 struct kc_dictionary **ret_event)
{
	CLEANUP(field_free) struct json_object *json = NULL;
	CLEANUP(dictionary_freep) struct kc_dictionary *event = NULL;
	bool continues = false;
	enum kc_status status = wire_client_next(watcher->client, timeout_ms, &json, &continues);

	if (status == KC_ERR_COMMUNICATION)
		return KC_OK;
	if (status == KC_ERR_NOT_AVAILABLE) {
		lose_stream(watcher);
		return KC_OK;
	}
	TRY(status);
	if (!continues)
		lose_stream(watcher);
	TRY(convert_dictionary_from_json(json, &event));
	TRY(remember(watcher, event));
	*ret_event = take(event);
	return KC_OK;
}

/* Without a stream: wait for the next attempt and make it. */
static enum kc_status attempt(struct kc_token_watcher *watcher, int timeout_ms)
{
	struct pollfd poll_timer = {.fd = watcher->timer_fd, .events = POLLIN};

	if (poll(&poll_timer, 1, timeout_ms) <= 0)
		return KC_OK;
	drain_timer(watcher);
	if (begin_stream(watcher, false) == KC_ERR_ALLOCATE)
		return KC_ERR_ALLOCATE;
	return KC_OK;
}

static enum kc_status step(struct kc_token_watcher *watcher, int timeout_ms,
			   struct kc_dictionary **ret_event)
{
	error_clear();
	if (watcher->client)
		return read_event(watcher, timeout_ms, ret_event);
	if (kc_dictionary_count(watcher->present) > 0)
		return tell_removed(watcher, ret_event);
	return attempt(watcher, timeout_ms);
}

static int64_t now_ms(void)
{
	struct timespec now = {0};

	ignore(clock_gettime(CLOCK_MONOTONIC, &now));
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NS_PER_MS;
}

enum kc_status kc_token_watcher_next(struct kc_token_watcher *watcher, int timeout_ms,
				     struct kc_dictionary **ret_event)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *event = NULL;
	int64_t deadline = now_ms() + timeout_ms;
	int64_t left = timeout_ms;
	bool had_stream = false;

	error_clear();
	REQUIRE(watcher, KC_ERR_PARAM, "no watcher");
	if (watcher->owner != process_id())
		TRY(take_over(watcher));
	do {
		had_stream = watcher->client;
		TRY(step(watcher, timeout_ms < 0 ? -1 : (int)left, &event));
		left = timeout_ms < 0 ? 1 : deadline - now_ms();
		/* A stream that was lost or found has more to say without waiting. */
		if (left < 0 && had_stream != (watcher->client != NULL))
			left = 0;
	} while (!event && (left > 0 || had_stream != (watcher->client != NULL)));
	*ret_event = take(event);
	return KC_OK;
}

/* --- life cycle ---------------------------------------------------------------------------- */

/* An application, a child of fork() above all, may have closed what it does not know, and opened
 * something of its own under our numbers. That our timer is in our epoll is true of ours alone. */
static bool has_descriptors(const struct kc_token_watcher *watcher)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (watcher->timer_fd < 0)
		return true; /* it was never made */
	if (epoll_ctl(watcher->epoll_fd, EPOLL_CTL_ADD, watcher->timer_fd, &event) < 0)
		return errno == EEXIST;
	ignore(epoll_ctl(watcher->epoll_fd, EPOLL_CTL_DEL, watcher->timer_fd, NULL));
	return false;
}

struct kc_token_watcher *kc_token_watcher_free(struct kc_token_watcher *watcher)
{
	if (!watcher)
		return NULL;
	watcher->is_freed = watcher->is_dispatching;
	if (watcher->is_freed)
		return NULL;
	watcher_handlers_done(watcher);
	wire_client_free(watcher->client);
	kc_dictionary_free(watcher->present);
	if (has_descriptors(watcher)) {
		socket_close(&watcher->timer_fd);
		socket_close(&watcher->epoll_fd);
	}
	free(watcher);
	return NULL;
}

static void watcher_freep(struct kc_token_watcher **watcher)
{
	*watcher = kc_token_watcher_free(*watcher);
}

enum kc_status kc_token_watcher_new(struct kc_token_watcher **ret_watcher)
{
	CLEANUP(watcher_freep) struct kc_token_watcher *watcher = calloc(1, sizeof(*watcher));

	error_clear();
	REQUIRE(watcher, KC_ERR_ALLOCATE, "out of memory");
	watcher->owner = process_id();
	watcher->epoll_fd = -1;
	watcher->timer_fd = -1;
	watcher->present = kc_dictionary_new(NULL, 0);
	watcher->told = kc_dictionary_new(NULL, 0);
	REQUIRE(watcher->present && watcher->told, KC_ERR_ALLOCATE, "out of memory");
	TRY(make_descriptors(watcher));
	TRY(begin_stream(watcher, true));
	*ret_watcher = take(watcher);
	return KC_OK;
}

bool kc_token_watcher_has_daemon(const struct kc_token_watcher *watcher)
{
	return watcher && watcher->client && watcher->owner == process_id();
}

int kc_token_watcher_fd(const struct kc_token_watcher *watcher)
{
	return watcher ? watcher->epoll_fd : -1;
}
