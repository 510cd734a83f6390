/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The listening socket, the set of its connections, and the end of both. */
#include "wire/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/try.h"
#include "wire/connection_impl.h"

enum {
	ACCEPT_PAUSE_US = 100 * 1000,	     /* when descriptors or memory ran out */
	DRAIN_PATIENCE_US = 2 * 1000 * 1000, /* for peers that do not read their last answer */
};

struct peer {
	struct list link; // wire_server::peers
	struct connection *connection;
};

struct wire_server {
	sd_event *event;
	int listen_fd;
	struct wire_service *service;
	struct wire_server_hooks hooks;
	struct list peers;
	unsigned n_peers;
	sd_event_source *io;
	sd_event_source *pause; /* ends one in accepting */
	sd_event_source *patience;
	sd_event_source *drained;
	void (*on_drained)(void *userdata);
	void *userdata;
};

static void check_drained(struct wire_server *server)
{
	if (!server->drained || !list_is_empty(&server->peers))
		return;
	if (sd_event_source_set_enabled(server->drained, SD_EVENT_ONESHOT) < 0)
		log_error("stage=server cannot tell that it has drained");
}

/* The connection first: its calls are told while their peer still stands. */
static void remove_peer(struct wire_server *server, struct peer *peer)
{
	void *admitted = connection_peer(peer->connection);

	list_remove(&peer->link);
	server->n_peers--;
	connection_free(peer->connection);
	free(peer);
	if (server->hooks.dismiss)
		server->hooks.dismiss(server->hooks.context, admitted);
}

static struct peer *find_peer(struct wire_server *server, const struct connection *connection)
{
	list_for_each (link, &server->peers) {
		struct peer *peer = list_entry(link, struct peer, link);

		if (peer->connection == connection)
			return peer;
	}
	return NULL;
}

static void on_closed(void *userdata, struct connection *connection)
{
	struct wire_server *server = userdata;

	remove_peer(server, find_peer(server, connection));
	check_drained(server);
}

/* Takes @fd. */
static enum kc_status add_peer(struct wire_server *server, int fd, void *admitted)
{
	const struct connection_options options = {server->event, server->service, admitted,
						   on_closed, server};
	CLEANUP(freep) struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		close(fd);
	REQUIRE(peer, KC_ERR_ALLOCATE, "out of memory");
	TRY(connection_new(fd, &options, &peer->connection));
	list_append(&server->peers, &peer->link);
	server->n_peers++;
	peer = NULL;
	return KC_OK;
}

static enum kc_status ask_admission(struct wire_server *server, int fd, void **ret_admitted)
{
	REQUIRE(server->n_peers < server->hooks.peers_max, KC_ERR_NOT_AVAILABLE,
		"too many connections");
	return server->hooks.admit ? server->hooks.admit(server->hooks.context, fd, ret_admitted)
				   : KC_OK;
}

/* Takes @fd. */
static void welcome(struct wire_server *server, int fd)
{
	void *admitted = NULL;
	enum kc_status status = ask_admission(server, fd, &admitted);

	if (status != KC_OK) {
		log_info("stage=server status=%s connection refused: %s", kc_status_name(status),
			 error_get()->message);
		close(fd);
		return;
	}
	status = add_peer(server, fd, admitted);
	if (status == KC_OK)
		return;
	log_error("stage=server status=%s: %s", kc_status_name(status), error_get()->message);
	if (server->hooks.dismiss)
		server->hooks.dismiss(server->hooks.context, admitted);
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct wire_server *server = userdata;

	(void)source;
	(void)usec;
	return sd_event_source_set_enabled(server->io, SD_EVENT_ON);
}

/* The connection that we cannot accept stays readable: do not look at it for a moment. */
static void pause_accepting(struct wire_server *server, int error)
{
	log_warning("stage=server cannot accept: %s", strerror(error));
	if (sd_event_source_set_enabled(server->io, SD_EVENT_OFF) < 0 ||
	    sd_event_source_set_time_relative(server->pause, ACCEPT_PAUSE_US) < 0 ||
	    sd_event_source_set_enabled(server->pause, SD_EVENT_ONESHOT) < 0)
		log_error("stage=server cannot pause");
}

static bool is_of_that_connection(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

static int on_connect(sd_event_source *source, int listen_fd, uint32_t events, void *userdata)
{
	struct wire_server *server = userdata;
	int fd = -1;

	(void)source;
	(void)events;
	error_clear();
	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		welcome(server, fd);
	else if (!is_of_that_connection(errno))
		pause_accepting(server, errno);
	return 0;
}

/* The timer is made now: when it is needed there are no descriptors left to make one with. */
static int add_sources(struct wire_server *server)
{
	int error = sd_event_add_io(server->event, &server->io, server->listen_fd, EPOLLIN,
				    on_connect, server);

	if (error >= 0)
		error = sd_event_add_time(server->event, &server->pause, CLOCK_MONOTONIC,
					  UINT64_MAX, 0, on_pause_over, server);
	return error < 0 ? error : sd_event_source_set_enabled(server->pause, SD_EVENT_OFF);
}

/* Connections inherit it, so that nothing is read before it holds. */
static bool ask_for_senders(int listen_fd)
{
	int on = 1;

	return setsockopt(listen_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0;
}

static void server_done(struct wire_server **server)
{
	*server = wire_server_free(*server);
}

enum kc_status wire_server_new(sd_event *event, int listen_fd, struct wire_service *service,
			       const struct wire_server_hooks *hooks,
			       struct wire_server **ret_server)
{
	CLEANUP(server_done) struct wire_server *server = calloc(1, sizeof(*server));

	if (!server)
		close(listen_fd);
	REQUIRE(server, KC_ERR_ALLOCATE, "out of memory");
	server->event = sd_event_ref(event);
	server->listen_fd = listen_fd;
	server->service = service;
	server->hooks = *hooks;
	list_init(&server->peers);
	REQUIRE(ask_for_senders(listen_fd), KC_ERR_INTERNAL, "SO_PASSCRED: %s", strerror(errno));
	REQUIRE(add_sources(server) >= 0, KC_ERR_ALLOCATE, "no event source to listen with");
	*ret_server = take(server);
	return KC_OK;
}

void wire_server_set_open(struct wire_server *server, bool is_open)
{
	if (server->io &&
	    sd_event_source_set_enabled(server->io, is_open ? SD_EVENT_ON : SD_EVENT_OFF) < 0)
		log_error("stage=server cannot %s", is_open ? "open" : "close");
}

static void stop_listening(struct wire_server *server)
{
	server->io = sd_event_source_disable_unref(server->io);
	server->pause = sd_event_source_disable_unref(server->pause);
	if (server->listen_fd >= 0)
		close(take_fd(server->listen_fd));
}

struct wire_server *wire_server_free(struct wire_server *server)
{
	if (!server)
		return NULL;
	stop_listening(server);
	while (!list_is_empty(&server->peers))
		remove_peer(server, list_entry(server->peers.next, struct peer, link));
	sd_event_source_disable_unref(server->patience);
	sd_event_source_disable_unref(server->drained);
	sd_event_unref(server->event);
	free(server);
	return NULL;
}

/* --- drain -------------------------------------------------------------------------------------
 */

static int on_all_drained(sd_event_source *source, void *userdata)
{
	struct wire_server *server = userdata;

	(void)source;
	server->on_drained(server->userdata);
	return 0;
}

static int on_patience_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct wire_server *server = userdata;

	(void)source;
	(void)usec;
	list_for_each (link, &server->peers)
		connection_hurry(list_entry(link, struct peer, link)->connection);
	return 0;
}

static int add_drain_sources(struct wire_server *server)
{
	int error = sd_event_add_defer(server->event, &server->drained, on_all_drained, server);

	if (error >= 0)
		error = sd_event_source_set_enabled(server->drained, SD_EVENT_OFF);
	if (error < 0)
		return error;
	return sd_event_add_time_relative(server->event, &server->patience, CLOCK_MONOTONIC,
					  DRAIN_PATIENCE_US, 0, on_patience_over, server);
}

void wire_server_drain(struct wire_server *server, void (*on_drained)(void *userdata),
		       void *userdata)
{
	if (server->drained)
		return;
	stop_listening(server);
	server->on_drained = on_drained;
	server->userdata = userdata;
	if (add_drain_sources(server) < 0)
		log_error("stage=server cannot drain");
	list_for_each (link, &server->peers)
		connection_drain(list_entry(link, struct peer, link)->connection);
	check_drained(server);
}
