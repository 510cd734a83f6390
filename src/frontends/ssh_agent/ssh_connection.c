/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "uint32 message length, byte message type, byte[] contents". One message at a time: the next one
 * is read when the answer has gone out, so whoever sends a flood waits for it. Half a message, or
 * an answer that nobody fetches, is given a while.
 */
#include "frontends/ssh_agent/ssh_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_request.h"
#include "sys/socket.h"
#include "sys/worker.h"

enum {
	HEAD_BYTES = 4,
	CHUNK_BYTES = 2048,
};

#define PATIENCE_USEC (30 * 1000 * 1000ULL)

struct ssh_connection {
	struct list link; /* of the server */
	struct ssh_connection_options options;
	int fd;
	pid_t client;
	bool has_hung_up; /* it sends nothing more, and may still read */
	struct ssh_session session;
	struct bytes input;
	struct bytes output;
	sd_event_source *io;
	sd_event_source *patience; /* with half a message, or an answer that is not fetched */
	sd_event_source *penalty;  /* while an answer is held back */
	struct ssh_work *work;
};

/* A task in its thread, and whose it is; NULL: nobody's any more. */
struct ssh_work {
	struct ssh_task *task;
	struct ssh_connection *connection;
};

struct list *ssh_connection_link(struct ssh_connection *connection)
{
	return &connection->link;
}

struct ssh_connection *ssh_connection_from_link(struct list *link)
{
	return list_entry(link, struct ssh_connection, link);
}

bool ssh_connection_is_idle(const struct ssh_connection *connection)
{
	return !connection->work && !connection->penalty && connection->output.len == 0;
}

struct ssh_connection *ssh_connection_free(struct ssh_connection *connection)
{
	if (!connection)
		return NULL;
	if (connection->work)
		connection->work->connection = NULL;
	list_remove(&connection->link);
	connection->io = sd_event_source_disable_unref(connection->io);
	connection->patience = sd_event_source_disable_unref(connection->patience);
	connection->penalty = sd_event_source_disable_unref(connection->penalty);
	ssh_session_done(&connection->session);
	bytes_done(&connection->input);
	bytes_done(&connection->output);
	socket_close(&connection->fd);
	free(connection);
	return NULL;
}

static void end(struct ssh_connection *connection)
{
	struct ssh_connection_options options = connection->options;

	options.on_ended(options.userdata, connection);
	ignore(ssh_connection_free(connection) != NULL);
}

/* --- patience ------------------------------------------------------------------------------ */

static int on_out_of_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct ssh_connection *connection = userdata;

	(void)source;
	(void)usec;
	log_info("process %ld leaves a message half done", (long)connection->client);
	end(connection);
	return 0;
}

/* The time runs from the first byte: whoever sends one every now and then gains nothing. */
static void mind_patience(struct ssh_connection *connection)
{
	bool is_half = connection->output.len > 0 ||
		       (ssh_connection_is_idle(connection) && connection->input.len > 0);

	if (!is_half)
		connection->patience = sd_event_source_disable_unref(connection->patience);
	else if (!connection->patience)
		ignore(sd_event_add_time_relative(connection->options.event, &connection->patience,
						  CLOCK_MONOTONIC, PATIENCE_USEC, 0,
						  on_out_of_patience, connection) >= 0);
}

/* While an answer is due, only that the other end goes away is of interest; half of that comes
 * once, since epoll would tell it again and again. */
static void mind_events(struct ssh_connection *connection)
{
	uint32_t events = connection->has_hung_up ? 0 : EPOLLRDHUP;

	if (connection->output.len > 0 && !connection->penalty)
		events |= EPOLLOUT;
	else if (ssh_connection_is_idle(connection))
		events |= EPOLLIN;
	ignore(sd_event_source_set_io_events(connection->io, events) >= 0);
	mind_patience(connection);
}

/* --- answers ------------------------------------------------------------------------------- */

static bool flush(struct ssh_connection *connection)
{
	struct bytes *output = &connection->output;

	while (output->len > 0) {
		ssize_t n = send(connection->fd, output->data, output->len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		bytes_consume(output, (size_t)n);
	}
	return true;
}

static enum kc_status queue(struct ssh_connection *connection, const struct bytes *reply)
{
	return ssh_wire_put_string(&connection->output, bytes_view(reply));
}

static bool serve(struct ssh_connection *connection);

/* The connection may be freed. */
static void go_on(struct ssh_connection *connection)
{
	if (flush(connection) && serve(connection))
		mind_events(connection);
	else
		end(connection);
}

static int on_penalty_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct ssh_connection *connection = userdata;

	(void)source;
	(void)usec;
	connection->penalty = sd_event_source_disable_unref(connection->penalty);
	go_on(connection);
	return 0;
}

/* A wrong password of the lock has its answer held back. */
static enum kc_status hold_back(struct ssh_connection *connection, unsigned penalty_ms)
{
	if (penalty_ms == 0)
		return KC_OK;
	REQUIRE(sd_event_add_time_relative(connection->options.event, &connection->penalty,
					   CLOCK_MONOTONIC, penalty_ms * 1000ULL, 0,
					   on_penalty_over, connection) >= 0,
		KC_ERR_ALLOCATE, "no timer");
	return KC_OK;
}

/* --- tasks --------------------------------------------------------------------------------- */

static enum kc_status run_task(void *work)
{
	const struct ssh_work *job = work;

	return job->task->kind->run(job->task);
}

static enum kc_status finish(struct ssh_connection *connection, struct ssh_task *task,
			     enum kc_status status)
{
	CLEANUP(bytes_done) struct bytes reply = BYTES_INIT(SSH_REQUEST_MAX);

	ssh_request_finish(connection->options.agent, &connection->session, task, status, &reply);
	return queue(connection, &reply);
}

static void on_task_done(void *work, enum kc_status status)
{
	struct ssh_work *job = work;
	struct ssh_connection *connection = job->connection;
	struct ssh_task *task = take(job->task);

	free(job);
	if (!connection) {
		error_clear();
		ignore(ssh_task_free(task) != NULL);
		return;
	}
	connection->work = NULL;
	if (finish(connection, task, status) == KC_OK)
		go_on(connection);
	else
		end(connection);
}

/* Takes @task. */
static enum kc_status start_task(struct ssh_connection *connection, struct ssh_task *task)
{
	struct ssh_work *work = calloc(1, sizeof(*work));
	struct worker *worker = NULL;
	enum kc_status status = work ? KC_OK : fail(KC_ERR_ALLOCATE, "out of memory");

	if (work) {
		*work = (struct ssh_work){task, connection};
		status = worker_start(connection->options.event, run_task, work, on_task_done,
				      &worker);
	}
	if (status != KC_OK) {
		free(work);
		return finish(connection, task, status);
	}
	connection->work = work;
	return KC_OK;
}

/* --- messages ------------------------------------------------------------------------------ */

static enum kc_status handle(struct ssh_connection *connection, struct kc_view message)
{
	CLEANUP(bytes_done) struct bytes reply = BYTES_INIT(SSH_REQUEST_MAX);
	struct ssh_agent *agent = connection->options.agent;
	unsigned n_wrong = agent->lock.n_wrong;
	struct ssh_task *task = NULL;

	ssh_request_handle(agent, &connection->session, connection->client, message, &reply, &task);
	if (task)
		return start_task(connection, task);
	TRY(queue(connection, &reply));
	return hold_back(connection,
			 agent->lock.n_wrong > n_wrong ? ssh_lock_penalty_ms(&agent->lock) : 0);
}

/* @ret_message is empty as long as it is not complete. */
static enum kc_status find_message(const struct bytes *input, struct kc_view *ret_message)
{
	struct kc_view rest = bytes_view(input);
	uint32_t len = 0;

	*ret_message = view_of(NULL, 0);
	if (input->len < HEAD_BYTES)
		return KC_OK;
	TRY(ssh_wire_uint32(&rest, &len));
	REQUIRE(len > 0 && len <= SSH_REQUEST_MAX, KC_ERR_DECODE, "a message of %u bytes", len);
	if (len <= rest.len)
		*ret_message = view_slice(rest, 0, len);
	return KC_OK;
}

/* False: this is no client of an agent. */
static bool serve(struct ssh_connection *connection)
{
	struct kc_view message = {NULL, 0};
	enum kc_status status = KC_OK;

	while (status == KC_OK && ssh_connection_is_idle(connection)) {
		status = find_message(&connection->input, &message);
		if (status != KC_OK || message.len == 0)
			break;
		status = handle(connection, message);
		bytes_consume(&connection->input, HEAD_BYTES + message.len);
		if (status == KC_OK && !connection->penalty && !flush(connection))
			return false;
	}
	if (status == KC_OK)
		return true;
	log_warning("process %ld: %s", (long)connection->client, error_get()->message);
	error_clear();
	return false;
}

/* False: nobody is there any more. */
static bool fill(struct ssh_connection *connection)
{
	uint8_t chunk[CHUNK_BYTES];
	ssize_t n = recv(connection->fd, chunk, sizeof(chunk), 0);
	bool fits = true;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	fits = bytes_append(&connection->input, view_of(chunk, (size_t)n)) == KC_OK;
	explicit_bzero(chunk, sizeof(chunk));
	return n > 0 && fits;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct ssh_connection *connection = userdata;
	bool is_alive = !(revents & (EPOLLHUP | EPOLLERR));

	(void)source;
	(void)fd;
	error_clear();
	if (is_alive && (revents & EPOLLIN)) {
		is_alive = fill(connection);
	} else if (revents & EPOLLRDHUP && !ssh_connection_is_idle(connection)) {
		connection->has_hung_up = true;
		is_alive = is_alive && connection->output.len > 0;
	}
	if (is_alive)
		go_on(connection);
	else
		end(connection);
	return 0;
}

/* --- life ---------------------------------------------------------------------------------- */

static enum kc_status identify(struct ssh_connection *connection)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	REQUIRE(getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0,
		KC_ERR_NOT_AVAILABLE, "a program that cannot be identified");
	REQUIRE(peer.uid == geteuid() || peer.uid == 0, KC_ERR_MISSING_ENTITLEMENT,
		"a program of user %u is refused", peer.uid);
	connection->client = peer.pid;
	return KC_OK;
}

enum kc_status ssh_connection_new(const struct ssh_connection_options *options, int fd,
				  struct ssh_connection **ret_connection)
{
	CLEANUP(socket_close) int owned = fd;
	CLEANUP(ssh_connection_freep) struct ssh_connection *connection = NULL;

	connection = calloc(1, sizeof(*connection));
	REQUIRE(connection, KC_ERR_ALLOCATE, "out of memory");
	*connection = (struct ssh_connection){
		.options = *options,
		.fd = take_fd(owned),
		.input = BYTES_INIT(SSH_REQUEST_MAX + HEAD_BYTES + CHUNK_BYTES),
		.output = BYTES_INIT(SSH_REQUEST_MAX + HEAD_BYTES),
	};
	list_init(&connection->link);
	TRY(identify(connection));
	REQUIRE(sd_event_add_io(options->event, &connection->io, connection->fd,
				EPOLLIN | EPOLLRDHUP, on_io, connection) >= 0,
		KC_ERR_ALLOCATE, "a connection cannot be watched");
	*ret_connection = take(connection);
	return KC_OK;
}
