/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings are found, then the process gives up everything but its socket, the one to keycaskd and
 * reading those settings; only then comes the first foreign byte.
 */
#include "frontends/ssh_agent/ssh_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <time.h>

#include <keycask/daemon.h>

#include "base/log.h"
#include "base/try.h"
#include "frontends/ssh_agent/ssh_connection.h"
#include "sys/paths.h"
#include "sys/sandbox.h"
#include "sys/socket.h"
#include "sys/worker.h"

enum {
	CONNECTIONS_MAX = 64,
	DESCRIPTORS_MAX = 256, /* connections, threads' events, the daemon */
};

#define USEC_PER_S (1000 * 1000ULL)

struct server {
	const struct ssh_server_options *options;
	sd_event *event;
	sd_event_source *listener;
	sd_event_source *idle;
	sd_event_source *expiry; /* of keys that ssh-add brought for a while */
	struct list connections; /* oldest first */
	size_t n_connections;
	struct ssh_agent agent;
	char settings[PATHS_MAX];
	char papers[PATHS_MAX];
	char known_hosts[PATHS_MAX];
};

/* --- confinement --------------------------------------------------------------------------- */

static void find_known_hosts(struct server *server)
{
	const char *home = secure_getenv("HOME");
	int n = home && *home ? snprintf(server->known_hosts, sizeof(server->known_hosts),
					 "%s/.ssh/known_hosts", home)
			      : -1;

	if (n < 0 || (size_t)n >= sizeof(server->known_hosts))
		server->known_hosts[0] = '\0';
}

static enum kc_status find_places(struct server *server, char folder[PATHS_MAX])
{
	TRY(paths_config("ssh-agent.json", server->settings, sizeof(server->settings)));
	TRY(paths_config("ssh", server->papers, sizeof(server->papers)));
	TRY(paths_parent(server->settings, folder, PATHS_MAX));
	find_known_hosts(server);
	return paths_make_folder(folder);
}

static enum kc_status confine(struct server *server)
{
	char folder[PATHS_MAX];
	const char *readable[] = {folder, server->known_hosts, NULL};
	struct sandbox_profile profile = {
		.name = "ssh-agent",
		.inherited = (unsigned)server->options->listener + 1,
		.descriptors_max = DESCRIPTORS_MAX,
		.allowances = SANDBOX_ALLOW_ACCEPT | SANDBOX_ALLOW_CONNECT | SANDBOX_ALLOW_EVENTS |
			      SANDBOX_ALLOW_THREADS | SANDBOX_ALLOW_READ | SANDBOX_ALLOW_INSPECTION,
		.readable = readable,
	};

	kc_daemon_set_autostart(false); /* what is confined starts nothing */
	TRY(find_places(server, folder));
	return sandbox_enter(&profile);
}

/* --- idleness ------------------------------------------------------------------------------ */

static bool keeps_something(const struct server *server)
{
	return server->n_connections > 0 || !list_is_empty(&server->agent.added) ||
	       server->agent.lock.is_locked;
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;

	(void)source;
	(void)usec;
	if (!keeps_something(server))
		ignore(sd_event_exit(server->event, 0) >= 0);
	return 0;
}

static void expect_idleness(struct server *server)
{
	uint64_t usec = server->options->idle_s * USEC_PER_S;

	server->idle = sd_event_source_disable_unref(server->idle);
	if (usec > 0 && !keeps_something(server))
		ignore(sd_event_add_time_relative(server->event, &server->idle, CLOCK_MONOTONIC,
						  usec, 0, on_idle, server) >= 0);
}

static void expect_expiry(struct server *server);

static int on_expiry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	expect_expiry(userdata);
	return 0;
}

static void expect_expiry(struct server *server)
{
	int64_t next = ssh_agent_expire(&server->agent);

	server->expiry = sd_event_source_disable_unref(server->expiry);
	if (next > 0)
		ignore(sd_event_add_time(server->event, &server->expiry, CLOCK_BOOTTIME,
					 (uint64_t)next, 0, on_expiry, server) >= 0);
	expect_idleness(server);
}

/* --- connections --------------------------------------------------------------------------- */

static void on_ended(void *userdata, struct ssh_connection *connection)
{
	struct server *server = userdata;

	(void)connection;
	server->n_connections--;
	expect_expiry(server);
}

/* The oldest that waits for nothing makes room, so that nobody keeps others out by being there. */
static bool make_room(struct server *server)
{
	if (server->n_connections < CONNECTIONS_MAX)
		return true;
	list_for_each (link, &server->connections) {
		struct ssh_connection *connection = ssh_connection_from_link(link);

		if (!ssh_connection_is_idle(connection))
			continue;
		log_info("more than %d connections: a quiet one is closed", CONNECTIONS_MAX);
		ignore(ssh_connection_free(connection) != NULL);
		server->n_connections--;
		return true;
	}
	return false;
}

/* Takes @fd. */
static void admit(struct server *server, int fd)
{
	CLEANUP(socket_close) int owned = fd;
	struct ssh_connection_options options = {server->event, &server->agent, on_ended, server};
	struct ssh_connection *connection = NULL;

	if (!make_room(server)) {
		log_warning("%d connections wait for an answer: another one is refused",
			    CONNECTIONS_MAX);
		return;
	}
	if (ssh_connection_new(&options, take_fd(owned), &connection) != KC_OK) {
		log_warning("refused: %s", error_get()->message);
		return;
	}
	list_append(&server->connections, ssh_connection_link(connection));
	server->n_connections++;
	expect_idleness(server);
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source;
	(void)revents;
	error_clear();
	if (accepted >= 0)
		admit(userdata, accepted);
	else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		log_warning("accept: %s", strerror(errno));
	return 0;
}

/* --- the process --------------------------------------------------------------------------- */

static enum kc_status watch_signals(struct server *server)
{
	sigset_t stops;

	ignore(sigemptyset(&stops));
	ignore(sigaddset(&stops, SIGTERM));
	ignore(sigaddset(&stops, SIGINT));
	REQUIRE(sigprocmask(SIG_BLOCK, &stops, NULL) == 0 &&
			sd_event_add_signal(server->event, NULL, SIGTERM, NULL, NULL) >= 0 &&
			sd_event_add_signal(server->event, NULL, SIGINT, NULL, NULL) >= 0,
		KC_ERR_INTERNAL, "cannot watch signals");
	return KC_OK;
}

static enum kc_status start(struct server *server)
{
	struct ssh_agent_places places = {
		.settings = server->settings,
		.papers = server->papers,
		.known_hosts = server->known_hosts[0] ? server->known_hosts : NULL,
	};

	TRY(ssh_agent_init(&server->agent, &places));
	REQUIRE(sd_event_new(&server->event) >= 0, KC_ERR_INTERNAL, "no event loop");
	server->agent.event = server->event;
	TRY(watch_signals(server));
	TRY(socket_set_nonblocking(server->options->listener, true));
	REQUIRE(sd_event_add_io(server->event, &server->listener, server->options->listener,
				EPOLLIN, on_connect, server) >= 0,
		KC_ERR_INTERNAL, "the socket cannot be watched");
	expect_idleness(server);
	return KC_OK;
}

static void server_done(struct server *server)
{
	list_for_each_safe (link, &server->connections)
		ignore(ssh_connection_free(ssh_connection_from_link(link)) != NULL);
	ssh_agent_clear(&server->agent);
	ssh_agent_done(&server->agent);
	server->listener = sd_event_source_disable_unref(server->listener);
	server->idle = sd_event_source_disable_unref(server->idle);
	server->expiry = sd_event_source_disable_unref(server->expiry);
	server->event = sd_event_unref(server->event);
}

enum kc_status ssh_server_run(const struct ssh_server_options *options)
{
	static struct server server; /* large, for its habits */

	server = (struct server){.options = options};
	list_init(&server.connections);
	list_init(&server.agent.added);
	list_init(&server.agent.offers);
	TRY(confine(&server));
	TRY(start(&server));
	log_info("serving");
	REQUIRE(sd_event_loop(server.event) >= 0, KC_ERR_INTERNAL, "the event loop failed");
	server_done(&server);
	return KC_OK;
}
