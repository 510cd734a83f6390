/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One listening socket, one child at most. Nothing of what is said there is read here. Whoever
 * connects waits for an agent, but not for one that does not come: while there is none to be had,
 * connections are closed, and one start is tried per pause.
 */
#include "daemon/agent_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/child.h"
#include "sys/socket.h"

enum {
	PAUSE_MIN_MS = 100,
	PAUSE_MAX_MS = 10 * 1000,
	STEADY_S = 60,	   /* one that has lived so long has not crashed at its start */
	CRASHES_MAX = 3,   /* in a row: then nobody waits for the next one */
	REFUSALS_MAX = 64, /* at once, so that others have their turn in the loop */
	REFUSED_MAX = 16,
};

struct agent_socket {
	sd_event *event;
	char socket[PATHS_MAX]; /* the daemon's */
	char path[PATHS_MAX];
	bool has_made_path; /* false: it is systemd's */
	int fd;
	sd_event_source *connects;
	struct child child;
	sd_event_source *ends;
	sd_event_source *pause;
	time_t started;
	unsigned pause_ms; /* after the next crash */
	unsigned n_crashes;
	char trouble[AGENT_SOCKET_TROUBLE_MAX]; /* "": none; else nobody is served */
	int refused[REFUSED_MAX];		/* the last ones, oldest at n_refused */
	unsigned n_refused;
};

static void listen_again(struct agent_socket *agent_socket)
{
	agent_socket->pause = sd_event_source_disable_unref(agent_socket->pause);
	ignore(sd_event_source_set_enabled(agent_socket->connects, SD_EVENT_ON) >= 0);
}

/*
 * A program that is told nothing waits for ever: OpenSSH's have no time limit for an agent.
 * Whatever it asks, it finds the answer there: SSH_AGENT_FAILURE (RFC 9987), for a binding, for a
 * list, and to spare. Closed at once, its question would end it by SIGPIPE, and nobody would know
 * why; so the socket stays for a while, which costs nobody anything: after the answers is the end.
 */
static void refuse(struct agent_socket *agent_socket, int fd)
{
	static const uint8_t failures[] = {0, 0, 0, 1, 5, 0, 0, 0, 1, 5, 0, 0, 0, 1, 5};
	unsigned place = agent_socket->n_refused++ % REFUSED_MAX;

	ignore(send(fd, failures, sizeof(failures), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0);
	ignore(shutdown(fd, SHUT_WR) == 0);
	socket_close(&agent_socket->refused[place]);
	agent_socket->refused[place] = fd;
}

static void refuse_all(struct agent_socket *agent_socket)
{
	for (int i = 0; i < REFUSALS_MAX; i++) {
		int fd = accept4(agent_socket->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return;
		refuse(agent_socket, fd);
	}
}

static void drop_refused(struct agent_socket *agent_socket)
{
	for (size_t i = 0; i < REFUSED_MAX; i++)
		socket_close(&agent_socket->refused[i]);
}

/* Told once, until there is an agent again. */
static void give_up(struct agent_socket *agent_socket, const char *why)
{
	if (!agent_socket->trouble[0])
		log_warning("no ssh-agent: %s; whoever connects to %s is sent away until one can "
			    "be started. What to do says: keycask doctor",
			    why, agent_socket->path);
	(void)snprintf(agent_socket->trouble, sizeof(agent_socket->trouble), "%s", why);
	ignore(sd_event_source_set_enabled(agent_socket->connects, SD_EVENT_ON) >= 0);
	refuse_all(agent_socket);
}

static void be_well(struct agent_socket *agent_socket)
{
	if (agent_socket->trouble[0])
		log_warning("there is an ssh-agent again");
	agent_socket->trouble[0] = '\0';
	drop_refused(agent_socket);
	agent_socket->n_crashes = 0;
	agent_socket->pause_ms = PAUSE_MIN_MS;
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	listen_again(userdata);
	return 0;
}

static void pause_a_while(struct agent_socket *agent_socket)
{
	unsigned pause_ms = agent_socket->pause_ms;

	agent_socket->pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
	if (sd_event_add_time_relative(agent_socket->event, &agent_socket->pause, CLOCK_MONOTONIC,
				       pause_ms * 1000ULL, 0, on_pause_over, agent_socket) < 0)
		listen_again(agent_socket);
}

static time_t now_s(void)
{
	struct timespec now = {0};

	ignore(clock_gettime(CLOCK_MONOTONIC, &now));
	return now.tv_sec;
}

static void tell_crash(struct agent_socket *agent_socket, int status)
{
	const char *what = WIFSIGNALED(status) ? "signal" : "status";
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	char why[AGENT_SOCKET_TROUBLE_MAX];

	if (agent_socket->n_crashes++ < CRASHES_MAX) {
		log_warning("keycask-ssh-agent ended with %s %d: the next one in %u ms", what,
			    number, agent_socket->pause_ms);
		return;
	}
	(void)snprintf(why, sizeof(why), "keycask-ssh-agent ends with %s %d each time", what,
		       number);
	give_up(agent_socket, why);
}

static int on_ended(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct agent_socket *agent_socket = userdata;
	int status = 0;

	(void)source;
	(void)fd;
	(void)revents;
	agent_socket->ends = sd_event_source_disable_unref(agent_socket->ends);
	child_end(&agent_socket->child, &status);
	if (now_s() - agent_socket->started >= STEADY_S)
		be_well(agent_socket);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		be_well(agent_socket);
		listen_again(agent_socket);
		return 0;
	}
	tell_crash(agent_socket, status);
	pause_a_while(agent_socket);
	return 0;
}

static enum kc_status start_agent(struct agent_socket *agent_socket)
{
	char program[PATHS_MAX];
	char settings[PATHS_MAX];
	char folder[PATHS_MAX];
	const char *arguments[] = {"keycask-ssh-agent", "--inherited", agent_socket->socket, folder,
				   NULL};

	TRY(paths_helper("keycask-ssh-agent", program, sizeof(program)));
	TRY(paths_config("ssh-agent.json", settings, sizeof(settings)));
	TRY(paths_parent(settings, folder, sizeof(folder)));
	TRY(child_start(program, arguments, &agent_socket->fd, 1, &agent_socket->child));
	agent_socket->started = now_s();
	REQUIRE(sd_event_add_io(agent_socket->event, &agent_socket->ends, agent_socket->child.pidfd,
				EPOLLIN, on_ended, agent_socket) >= 0,
		KC_ERR_INTERNAL, "the agent cannot be watched");
	return KC_OK;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct agent_socket *agent_socket = userdata;

	(void)fd;
	(void)revents;
	if (agent_socket->pause) {
		refuse_all(agent_socket);
		return 0;
	}
	ignore(sd_event_source_set_enabled(source, SD_EVENT_OFF) >= 0);
	error_clear();
	if (start_agent(agent_socket) == KC_OK)
		return 0;
	child_end(&agent_socket->child, NULL);
	give_up(agent_socket, error_get()->message);
	pause_a_while(agent_socket);
	return 0;
}

static enum kc_status make_socket(struct agent_socket *agent_socket)
{
	char path[PATHS_MAX];

	TRY(paths_beside_socket("ssh-agent.sock", path, sizeof(path)));
	TRY(socket_listen(path, &agent_socket->fd));
	agent_socket->has_made_path = true;
	memcpy(agent_socket->path, path, strlen(path) + 1);
	return KC_OK;
}

/* Where systemd has made it, which is its unit's to say. */
static enum kc_status take_socket(struct agent_socket *agent_socket)
{
	struct sockaddr_un address = {0};
	socklen_t len = sizeof(address);

	REQUIRE(getsockname(agent_socket->fd, (struct sockaddr *)&address, &len) == 0 &&
			address.sun_family == AF_UNIX && address.sun_path[0] == '/',
		KC_ERR_NOT_AVAILABLE, "the socket that systemd passed has no path");
	(void)snprintf(agent_socket->path, sizeof(agent_socket->path), "%.*s",
		       (int)sizeof(address.sun_path), address.sun_path);
	return socket_set_nonblocking(agent_socket->fd, true);
}

enum kc_status agent_socket_new(sd_event *event, const char *socket, int listener,
				struct agent_socket **ret_agent_socket)
{
	CLEANUP(socket_close) int fd = listener;
	CLEANUP(agent_socket_freep)
	struct agent_socket *agent_socket = calloc(1, sizeof(*agent_socket));

	REQUIRE(agent_socket, KC_ERR_ALLOCATE, "out of memory");
	*agent_socket = (struct agent_socket){
		.event = event, .fd = take_fd(fd), .child = CHILD_NONE, .pause_ms = PAUSE_MIN_MS};
	memset(agent_socket->refused, -1, sizeof(agent_socket->refused));
	memcpy(agent_socket->socket, socket, strlen(socket) + 1);
	if (agent_socket->fd < 0)
		TRY(make_socket(agent_socket));
	else
		TRY(take_socket(agent_socket));
	REQUIRE(sd_event_add_io(event, &agent_socket->connects, agent_socket->fd, EPOLLIN,
				on_connect, agent_socket) >= 0,
		KC_ERR_INTERNAL, "the agent's socket cannot be watched");
	*ret_agent_socket = take(agent_socket);
	return KC_OK;
}

struct agent_socket *agent_socket_free(struct agent_socket *agent_socket)
{
	if (!agent_socket)
		return NULL;
	if (agent_socket->has_made_path)
		ignore(unlink(agent_socket->path));
	agent_socket->connects = sd_event_source_disable_unref(agent_socket->connects);
	agent_socket->ends = sd_event_source_disable_unref(agent_socket->ends);
	agent_socket->pause = sd_event_source_disable_unref(agent_socket->pause);
	child_end(&agent_socket->child, NULL);
	drop_refused(agent_socket);
	socket_close(&agent_socket->fd);
	free(agent_socket);
	return NULL;
}

const char *agent_socket_path(const struct agent_socket *agent_socket)
{
	return agent_socket ? agent_socket->path : NULL;
}

const char *agent_socket_trouble(const struct agent_socket *agent_socket)
{
	if (!agent_socket || agent_socket->child.pid > 0 || !agent_socket->trouble[0])
		return NULL;
	return agent_socket->trouble;
}
