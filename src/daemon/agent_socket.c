/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One listening socket, one child at most. Nothing of what is said there is read here. */
#include "daemon/agent_socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/child.h"
#include "sys/socket.h"

enum {
	PAUSE_MIN_MS = 100,
	PAUSE_MAX_MS = 30 * 1000,
	STEADY_S = 60, /* one that has lived so long has not crashed at its start */
};

struct agent_socket {
	sd_event *event;
	char socket[PATHS_MAX]; /* the daemon's */
	char path[PATHS_MAX];	/* "": systemd's */
	int fd;
	sd_event_source *connects;
	struct child child;
	sd_event_source *ends;
	sd_event_source *pause;
	time_t started;
	unsigned pause_ms; /* after the next crash */
};

static void listen_again(struct agent_socket *agent_socket)
{
	agent_socket->pause = sd_event_source_disable_unref(agent_socket->pause);
	ignore(sd_event_source_set_enabled(agent_socket->connects, SD_EVENT_ON) >= 0);
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
		agent_socket->pause_ms = PAUSE_MIN_MS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		listen_again(agent_socket);
		return 0;
	}
	log_warning("keycask-ssh-agent ended with %s %d: the next one in %u ms",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		    agent_socket->pause_ms);
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
	ignore(sd_event_source_set_enabled(source, SD_EVENT_OFF) >= 0);
	error_clear();
	if (start_agent(agent_socket) == KC_OK)
		return 0;
	log_warning("no ssh-agent: %s", error_get()->message);
	child_end(&agent_socket->child, NULL);
	pause_a_while(agent_socket);
	return 0;
}

static enum kc_status make_socket(struct agent_socket *agent_socket)
{
	char path[PATHS_MAX];

	TRY(paths_beside_socket("ssh-agent.sock", path, sizeof(path)));
	TRY(socket_listen(path, &agent_socket->fd));
	memcpy(agent_socket->path, path, strlen(path) + 1);
	return KC_OK;
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
	memcpy(agent_socket->socket, socket, strlen(socket) + 1);
	if (agent_socket->fd < 0)
		TRY(make_socket(agent_socket));
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
	if (agent_socket->path[0])
		ignore(unlink(agent_socket->path));
	agent_socket->connects = sd_event_source_disable_unref(agent_socket->connects);
	agent_socket->ends = sd_event_source_disable_unref(agent_socket->ends);
	agent_socket->pause = sd_event_source_disable_unref(agent_socket->pause);
	child_end(&agent_socket->child, NULL);
	socket_close(&agent_socket->fd);
	free(agent_socket);
	return NULL;
}
