/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An agent of one's own is two processes: this one, which made the socket and removes it, and the
 * confined one, which serves. Whichever ends, or the command does, the other follows.
 */
#include "frontends/ssh_agent/ssh_host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <keycask/daemon.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/agent_place.h"
#include "frontends/ssh_agent/ssh_server.h"
#include "sys/child.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	EXIT_CANNOT_RUN = 127,
	EXIT_BY_SIGNAL = 128,
};

/* A path in the text of a shell: single quotes, and none inside. */
static enum kc_status print_variables(const char *path, pid_t pid)
{
	REQUIRE(!strchr(path, '\''), KC_ERR_PARAM, "a path with a quote: %s", path);
	(void)printf("SSH_AUTH_SOCK='%s'; export SSH_AUTH_SOCK;\n", path);
	if (pid > 0)
		(void)printf("SSH_AGENT_PID=%ld; export SSH_AGENT_PID;\n", (long)pid);
	REQUIRE(fflush(stdout) == 0, KC_ERR_NOT_AVAILABLE, "standard output: %s", strerror(errno));
	return KC_OK;
}

static _Noreturn void execute(char **command)
{
	(void)execvp(command[0], command);
	(void)fprintf(stderr, "keycask ssh-agent: %s: %s\n", command[0], strerror(errno));
	_exit(EXIT_CANNOT_RUN);
}

enum kc_status ssh_host_show(char **command)
{
	char path[PATHS_MAX];

	TRY(agent_place_find(path, sizeof(path)));
	if (!command)
		return print_variables(path, 0);
	REQUIRE(setenv("SSH_AUTH_SOCK", path, 1) == 0, KC_ERR_ALLOCATE, "out of memory");
	execute(command);
}

/* --- an agent of one's own ------------------------------------------------------------------- */

static bool is_served(const char *path)
{
	CLEANUP(socket_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Something else at that place is not ours to replace. */
static enum kc_status check_place(const char *path)
{
	struct stat info;

	REQUIRE(lstat(path, &info) != 0 || S_ISSOCK(info.st_mode), KC_ERR_PARAM,
		"%s is there, and is no socket", path);
	REQUIRE(!is_served(path), KC_ERR_DUPLICATE_ITEM, "somebody serves %s already", path);
	return KC_OK;
}

static void block_signals(sigset_t *ret_signals)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

	ignore(sigemptyset(ret_signals));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		ignore(sigaddset(ret_signals, numbers[i]));
	ignore(sigprocmask(SIG_BLOCK, ret_signals, NULL));
}

static void unblock_signals(void)
{
	sigset_t none;

	ignore(sigemptyset(&none));
	ignore(sigprocmask(SIG_SETMASK, &none, NULL));
}

static _Noreturn void serve(int listener)
{
	struct ssh_server_options options = {.listener = CHILD_FIRST_DESCRIPTOR};
	bool is_ready = child_die_with_parent() == KC_OK && listener == CHILD_FIRST_DESCRIPTOR;

	unblock_signals();
	if (is_ready && ssh_server_run(&options) == KC_OK)
		_exit(EXIT_SUCCESS);
	(void)fprintf(stderr, "keycask ssh-agent: %s\n", error_get()->message);
	_exit(EXIT_FAILURE);
}

/* Only the server keeps @listener, so that nobody waits for one that has crashed. */
static enum kc_status start_server(int *listener, pid_t *ret_pid)
{
	pid_t pid = 0;

	/* the number that the confined process keeps */
	if (*listener != CHILD_FIRST_DESCRIPTOR) {
		REQUIRE(dup3(*listener, CHILD_FIRST_DESCRIPTOR, O_CLOEXEC) >= 0,
			KC_ERR_NOT_AVAILABLE, "no descriptor: %s", strerror(errno));
		socket_close(listener);
		*listener = CHILD_FIRST_DESCRIPTOR;
	}
	pid = fork();
	REQUIRE(pid >= 0, KC_ERR_NOT_AVAILABLE, "fork: %s", strerror(errno));
	if (pid == 0)
		serve(CHILD_FIRST_DESCRIPTOR);
	socket_close(listener);
	*ret_pid = pid;
	return KC_OK;
}

static enum kc_status start_command(const char *path, char **command, pid_t *ret_pid)
{
	pid_t pid = 0;

	*ret_pid = 0;
	if (!command)
		return KC_OK;
	REQUIRE(setenv("SSH_AUTH_SOCK", path, 1) == 0, KC_ERR_ALLOCATE, "out of memory");
	pid = fork();
	REQUIRE(pid >= 0, KC_ERR_NOT_AVAILABLE, "fork: %s", strerror(errno));
	if (pid == 0) {
		unblock_signals();
		execute(command);
	}
	*ret_pid = pid;
	return KC_OK;
}

static int exit_status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BY_SIGNAL + WTERMSIG(status);
}

/* Until the command, or without one the agent, ends, or somebody tells this process to. */
static int await_end(const sigset_t *signals, pid_t server, pid_t command)
{
	for (;;) {
		int number = sigwaitinfo(signals, NULL);
		int status = 0;
		pid_t pid = 0;

		if (number != SIGCHLD && number > 0)
			return EXIT_BY_SIGNAL + number;
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == command || (pid == server && command == 0))
				return exit_status_of(status);
	}
}

static enum kc_status run(const char *path, int *listener, char **command, int *ret_exit_status)
{
	sigset_t signals;
	pid_t server = 0;
	pid_t process = 0;

	block_signals(&signals);
	TRY(start_server(listener, &server));
	TRY(start_command(path, command, &process));
	*ret_exit_status = await_end(&signals, server, process);
	ignore(kill(server, SIGTERM));
	ignore(waitpid(server, NULL, 0));
	ignore(unlink(path));
	return KC_OK;
}

/* As ssh-agent: the shell goes on, and what it is to be told has been printed. Who connects then
 * finds the socket, which is there before. */
static enum kc_status go_to_background(const char *path, bool *ret_is_starter)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0, KC_ERR_NOT_AVAILABLE, "fork: %s", strerror(errno));
	*ret_is_starter = pid > 0;
	if (pid > 0)
		return print_variables(path, pid);
	ignore(setsid());
	return freopen("/dev/null", "r", stdin) && freopen("/dev/null", "w", stdout) &&
			       freopen("/dev/null", "w", stderr)
		       ? KC_OK
		       : fail(KC_ERR_NOT_AVAILABLE, "/dev/null: %s", strerror(errno));
}

enum kc_status ssh_host_run(const char *path, char **command, int *ret_exit_status)
{
	CLEANUP(socket_close) int listener = -1;
	bool is_starter = false;

	TRY(socket_check_path(path));
	TRY(check_place(path));
	TRY(kc_daemon_start());
	kc_daemon_disconnect();
	TRY(socket_listen(path, &listener));
	if (!command)
		TRY(go_to_background(path, &is_starter));
	return is_starter ? KC_OK : run(path, &listener, command, ret_exit_status);
}
