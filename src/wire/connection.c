/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One peer: read, run one call at a time, send. Two event sources lead to the same turn: the
 * socket, and a deferred one for work that came up elsewhere (a reply, more messages that wait).
 * Only a turn closes, so handlers and replies never lose the connection under their feet.
 */
#include "wire/connection_impl.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "wire/stream_impl.h"

enum {
	CALLS_PER_TURN = WIRE_CALLS_MAX, /* then other peers have theirs */
	FLUSH_EARLY = 256 * 1024,	 /* bytes of output that one handler makes */
};

struct connection {
	struct connection_options options;
	struct stream stream;
	sd_event_source *io;
	sd_event_source *work;
	struct wire_call *pending;
	uint32_t interest;
	bool is_hung_up;  /* the peer has closed both ways */
	bool is_broken;	  /* it broke a rule, or sending failed */
	bool is_draining; /* see connection_drain() */
	bool is_hurried;
};

/* --- wire_transport ----------------------------------------------------------------------------
 */

/* A turn is due. Arming an event source that exists fails in ways that all are our own bugs. */
static void schedule(struct connection *connection)
{
	if (sd_event_source_set_enabled(connection->work, SD_EVENT_ONESHOT) < 0)
		log_error("stage=connection cannot schedule work");
}

static void mark_broken(struct connection *connection, enum kc_status status)
{
	connection->is_broken = true;
	log_info("stage=connection fd=%d status=%s closing: %s", connection->stream.fd,
		 kc_status_name(status), error_get()->message);
	error_clear();
}

static enum kc_status send_message(void *userdata, struct json_object *message)
{
	CLEANUP(field_free) struct json_object *owned = message;
	struct connection *connection = userdata;
	enum kc_status status = KC_OK;

	schedule(connection);
	if (connection->is_broken)
		return KC_OK;
	status = stream_put(&connection->stream, owned, -1);
	if (status == KC_OK && stream_unsent(&connection->stream) > FLUSH_EARLY)
		status = stream_flush(&connection->stream);
	if (status != KC_ERR_NOT_AVAILABLE)
		return status;
	mark_broken(connection, status);
	return KC_OK;
}

static void on_ended(void *userdata)
{
	struct connection *connection = userdata;

	connection->pending = NULL;
	stream_drop_stray_descriptors(&connection->stream);
	schedule(connection);
}

static int take_descriptor(void *userdata)
{
	struct connection *connection = userdata;

	return stream_take_descriptor(&connection->stream);
}

static bool is_forwarded(void *userdata)
{
	struct connection *connection = userdata;

	return connection->stream.is_forwarded;
}

static void await_drained(void *userdata)
{
	schedule(userdata);
}

static const struct wire_transport transport = {send_message, on_ended, take_descriptor,
						is_forwarded, await_drained};

/* --- a turn ------------------------------------------------------------------------------------
 */

static enum kc_status run_one(struct connection *connection)
{
	CLEANUP(field_free) struct json_object *message = NULL;

	error_clear();
	TRY(stream_next(&connection->stream, &message));
	return wire_service_dispatch(connection->options.service, message, &transport, connection,
				     connection->options.peer, &connection->pending);
}

static bool may_run(const struct connection *connection)
{
	return !connection->pending && !connection->is_broken && !connection->is_draining &&
	       stream_has_message(&connection->stream);
}

static enum kc_status run_calls(struct connection *connection)
{
	for (int n = 0; n < CALLS_PER_TURN && may_run(connection); n++)
		TRY(run_one(connection));
	if (may_run(connection))
		schedule(connection);
	return KC_OK;
}

static enum kc_status exchange(struct connection *connection)
{
	if (connection->is_broken)
		return KC_OK;
	if (stream_may_receive(&connection->stream) && !connection->is_draining)
		TRY(stream_receive(&connection->stream));
	TRY(run_calls(connection));
	if (connection->is_broken)
		return KC_OK;
	TRY(stream_flush(&connection->stream));
	if (connection->pending && stream_unsent(&connection->stream) == 0)
		wire_call_drained(connection->pending);
	return KC_OK;
}

/* What a peer does not read is not waited for, but somebody who is asked something is. */
static bool is_waited_for(const struct connection *connection)
{
	const struct wire_call *pending = connection->pending;

	if (!pending || wire_call_is_endless(pending))
		return false;
	return !connection->is_hurried || stream_unsent(&connection->stream) == 0;
}

static bool has_drained(const struct connection *connection)
{
	if (!connection->is_draining || is_waited_for(connection))
		return false;
	return connection->is_hurried || stream_unsent(&connection->stream) == 0;
}

/* Nobody is there for an answer: a pending call is over, what else was sent still counts. */
static bool has_hung_up(const struct connection *connection)
{
	if (!connection->is_hung_up)
		return false;
	return connection->pending || connection->is_draining ||
	       (connection->stream.has_ended && !stream_has_message(&connection->stream));
}

/* The peer has only shut down its writing half: it gets its answers. */
static bool is_finished(const struct connection *connection)
{
	const struct stream *stream = &connection->stream;

	return stream->has_ended && !connection->pending && !stream_has_message(stream) &&
	       stream_unsent(stream) == 0;
}

static bool is_over(const struct connection *connection)
{
	return connection->is_broken || has_drained(connection) || has_hung_up(connection) ||
	       is_finished(connection);
}

static uint32_t wanted_events(const struct connection *connection)
{
	uint32_t events = 0;

	if (stream_may_receive(&connection->stream) && !connection->is_draining)
		events |= EPOLLIN;
	if (stream_unsent(&connection->stream) > 0)
		events |= EPOLLOUT;
	return events;
}

static void update_interest(struct connection *connection)
{
	uint32_t events = wanted_events(connection);

	if (events == connection->interest)
		return;
	if (sd_event_source_set_io_events(connection->io, events) < 0)
		connection->is_broken = true;
	connection->interest = events;
}

static void take_turn(struct connection *connection)
{
	enum kc_status status = exchange(connection);

	if (status != KC_OK)
		mark_broken(connection, status);
	if (!is_over(connection))
		update_interest(connection);
	if (is_over(connection))
		connection->options.on_closed(connection->options.userdata, connection);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct connection *connection = userdata;

	(void)source;
	(void)fd;
	if (events & (EPOLLHUP | EPOLLERR))
		connection->is_hung_up = true;
	take_turn(connection);
	return 0;
}

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	take_turn(userdata);
	return 0;
}

/* --- life --------------------------------------------------------------------------------------
 */

static int add_sources(struct connection *connection)
{
	sd_event *event = connection->options.event;
	int error = sd_event_add_io(event, &connection->io, connection->stream.fd, EPOLLIN, on_io,
				    connection);

	connection->interest = EPOLLIN;
	if (error >= 0)
		error = sd_event_add_defer(event, &connection->work, on_work, connection);
	return error < 0 ? error : sd_event_source_set_enabled(connection->work, SD_EVENT_OFF);
}

/* Who connected; the server has the kernel say with every message who sent it. */
static pid_t owner_of(int fd)
{
	struct ucred owner = {0};
	socklen_t size = sizeof(owner);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size) == 0 ? owner.pid : 0;
}

enum kc_status connection_new(int fd, const struct connection_options *options,
			      struct connection **ret_connection)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		close(fd);
	REQUIRE(connection, KC_ERR_ALLOCATE, "out of memory");
	stream_init(&connection->stream, fd);
	connection->stream.owner = owner_of(fd);
	connection->options = *options;
	if (add_sources(connection) < 0) {
		connection_free(connection);
		return fail(KC_ERR_ALLOCATE, "no event source for a connection");
	}
	*ret_connection = connection;
	return KC_OK;
}

struct connection *connection_free(struct connection *connection)
{
	struct wire_call *pending = NULL;

	if (!connection)
		return NULL;
	sd_event_source_disable_unref(connection->io);
	sd_event_source_disable_unref(connection->work);
	pending = take(connection->pending);
	if (pending)
		wire_call_orphan(pending);
	stream_done(&connection->stream);
	free(connection);
	return NULL;
}

void *connection_peer(const struct connection *connection)
{
	return connection->options.peer;
}

void connection_drain(struct connection *connection)
{
	connection->is_draining = true;
	schedule(connection);
}

void connection_hurry(struct connection *connection)
{
	connection->is_hurried = true;
	connection_drain(connection);
}
