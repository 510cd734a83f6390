/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection per process, to which PINs, contexts and keys belong. Its lock is held for a whole
 * call: answers come in order, so a second thread could not be served earlier anyway. A call may
 * take as long as a person at the PIN dialogue does, and who merely looks something up shall not
 * wait for that: such calls that find the line busy take one of a few side lines, which open when
 * first needed. After fork() the child finds another process id here, forgets what it inherited and
 * opens its own: the parent's authentication stays with the parent (design/decisions.md 1).
 */
#include "client/line.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/process_id.h"
#include "base/try.h"
#include "client/turns.h"

enum {
	N_SIDE_LINES = 3,
};

struct line {
	struct turns turns;
	struct wire_client *client; /* NULL: not connected */
	unsigned generation;	    /* how many there have been */
};

/* The process that all of it belongs to; 0: nobody, negative: being reset. */
static _Atomic pid_t owner;
static struct line main_line;
static struct line side_lines[N_SIDE_LINES];
static atomic_uint turn; /* of the side lines, when all are busy */

/* --- one owner at a time ------------------------------------------------------------------- */

/* The lock may have been held by a thread that does not exist in this process, and the client
 * may have been in the middle of something: the lock is made anew, the memory left alone. Closing
 * our copy of the descriptor does not disturb the parent. */
static void forget_inheritance(struct line *line)
{
	if (line->client && wire_client_has_descriptor(line->client))
		close(wire_client_fd(line->client));
	line->client = NULL;
	turns_init(&line->turns);
}

static void take_over(void)
{
	pid_t self = process_id();
	pid_t seen = atomic_load(&owner);

	while (seen != self) {
		if (seen == -self) {
			ignore(sched_yield());
			seen = atomic_load(&owner);
		} else if (atomic_compare_exchange_strong(&owner, &seen, -self)) {
			forget_inheritance(&main_line);
			for (size_t i = 0; i < N_SIDE_LINES; i++)
				forget_inheritance(&side_lines[i]);
			atomic_store(&owner, self);
			break;
		}
	}
}

static struct line *line_lock(struct line *line)
{
	take_over();
	turns_take(&line->turns);
	return line;
}

static void line_unlock(struct line *const *line)
{
	turns_give(&(*line)->turns);
}

static struct line *line_acquire(bool may_go_aside)
{
	take_over();
	if (!may_go_aside)
		return line_lock(&main_line);
	if (turns_try(&main_line.turns))
		return &main_line;
	for (size_t i = 0; i < N_SIDE_LINES; i++)
		if (turns_try(&side_lines[i].turns))
			return &side_lines[i];
	return line_lock(&side_lines[atomic_fetch_add(&turn, 1) % N_SIDE_LINES]);
}

/* --- calling ------------------------------------------------------------------------------- */

/* The other end has closed, or sent what nobody asked for, or the application has closed ours: this
 * connection is of no more use. */
static bool is_broken(const struct wire_client *client)
{
	struct pollfd poll_line = {.fd = wire_client_fd(client), .events = POLLIN | POLLRDHUP};

	return !wire_client_has_descriptor(client) || poll(&poll_line, 1, 0) != 0;
}

static enum kc_status make_ready(struct line *line, bool may_start)
{
	if (line->client && is_broken(line->client))
		line->client = wire_client_free(line->client);
	if (line->client)
		return KC_OK;
	TRY(line_open(may_start, &line->client));
	line->generation++;
	return KC_OK;
}

/* Where calls may name an authentication context. */
static enum kc_status prepare_context(const struct line *line, struct json_object *parameters,
				      char **local)
{
	static const char *const dictionaries[] = {"query", "item"};
	struct context_line standing = {line->client, line->generation};

	for (size_t i = 0; i < ARRAY_LEN(dictionaries); i++)
		TRY(context_use_prepare(&standing, field_get(parameters, dictionaries[i]),
					"use_authentication_context", local));
	return context_use_prepare(&standing, field_get(parameters, "interaction"),
				   "authentication_context", local);
}

/* Somebody who reads is waited for as long for each page. */
static enum kc_status next_page(const struct line *line, const struct line_call *call,
				struct json_object **ret_page, bool *ret_continues)
{
	enum kc_status status =
		wire_client_next(line->client, call->timeout_ms, ret_page, ret_continues);

	return status == KC_ERR_COMMUNICATION ? error_remap(KC_ERR_NOT_AVAILABLE) : status;
}

static enum kc_status take_pages(struct line *line, const struct line_call *call)
{
	enum kc_status status = KC_OK;
	bool continues = true;

	TRY(wire_client_start(line->client, call->method, json_object_get(call->parameters)));
	for (bool is_first = true; continues; is_first = false) {
		CLEANUP(field_free) struct json_object *page = NULL;

		TRY(next_page(line, call, &page, &continues));
		status = call->take_page(call->userdata, page, is_first);
		if (status == KC_OK)
			continue;
		/* What else is on its way is nobody's. */
		line->client = wire_client_free(line->client);
		return status;
	}
	return KC_OK;
}

/* Takes no parameters: a call may be tried twice. */
static enum kc_status try_call(struct line *line, const struct line_call *call,
			       char **local_context, struct json_object **ret_answer)
{
	TRY(make_ready(line, !call->never_starts));
	TRY(prepare_context(line, call->parameters, local_context));
	if (call->take_page)
		return take_pages(line, call);
	return wire_client_call(line->client, call->method, json_object_get(call->parameters),
				call->descriptor, call->timeout_ms, ret_answer);
}

/* Sent, and then no answer: the worst that a client can be told, so it is told. */
static enum kc_status report_lost(void)
{
	error_clear();
	error_set_hint("look whether the item is as it should be, then repeat");
	return fail(KC_ERR_NOT_AVAILABLE,
		    "the daemon was lost before it answered: the change may have been made or not");
}

/* Locked. After a failure of transport the client knows that it is over; so do we. */
static enum kc_status call_locked(struct line *line, const struct line_call *call,
				  struct json_object **ret_answer)
{
	CLEANUP(freep) char *local_context = NULL;
	enum kc_status status = try_call(line, call, &local_context, ret_answer);
	bool is_over = status == KC_ERR_NOT_AVAILABLE && line->client && is_broken(line->client);

	if (is_over && call->is_repeatable) {
		error_clear();
		status = try_call(line, call, &local_context, ret_answer);
	}
	if (status == KC_ERR_NOT_AVAILABLE && call->is_change && line->client &&
	    wire_client_is_over(line->client))
		status = report_lost();
	/* A call that ran into its deadline left its answer on the way: nobody may read it as
	 * the answer to the next one. What the service itself refuses for now costs neither the
	 * PINs nor the keys that belong to this connection. */
	if (status == KC_ERR_NOT_AVAILABLE && error_get()->request == 0)
		line->client = wire_client_free(line->client);
	return status;
}

enum kc_status line_call(const struct line_call *call, struct json_object **ret_answer)
{
	CLEANUP(field_free) struct json_object *parameters = call->parameters;
	CLEANUP(line_unlock) struct line *const line = line_acquire(call->may_go_aside);

	(void)parameters;
	error_clear();
	return call_locked(line, call, ret_answer);
}

static enum kc_status await_end_of(const struct wire_client *client, int timeout_ms)
{
	struct pollfd poll_line = {.fd = wire_client_fd(client), .events = POLLRDHUP};
	int n = 0;

	do
		n = poll(&poll_line, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "the daemon said it would stop, but has not");
	return KC_OK;
}

enum kc_status line_await_end(int timeout_ms)
{
	CLEANUP(line_unlock) struct line *const line = line_lock(&main_line);

	if (!line->client)
		return KC_OK;
	TRY(await_end_of(line->client, timeout_ms));
	line->client = wire_client_free(line->client);
	return KC_OK;
}

struct context_line line_hold(void)
{
	const struct line *line = line_lock(&main_line);

	return (struct context_line){line->client, line->generation};
}

void line_release(void)
{
	struct line *const line = &main_line;

	line_unlock(&line);
}

static void close_line(struct line *closed)
{
	CLEANUP(line_unlock) struct line *const line = line_lock(closed);

	line->client = wire_client_free(line->client);
}

void line_close(void)
{
	close_line(&main_line);
	for (size_t i = 0; i < N_SIDE_LINES; i++)
		close_line(&side_lines[i]);
}
