/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs programs of others. Both of their outputs are read until both are closed, so that nobody
 * waits for a full pipe; one that says nothing more and does not end is ended.
 */
#include "frontends/peer_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
	PATIENCE_S = 60,
	SIGNAL_BASE = 128, /* as shells number them */
};

/* One of the program's outputs, and where it goes. */
struct outlet {
	int fd;
	char *text;
	size_t size;
	size_t len;
};

static bool is_program(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

bool peer_program_find(const char *name, char *ret_path)
{
	const char *list = secure_getenv("PATH");
	char path[PEER_PROGRAM_PATH_MAX];

	for (const char *at = list ? list : "/usr/bin:/bin"; at; at = strchr(at, ':')) {
		size_t len = 0;
		int n = 0;

		at += *at == ':' ? 1 : 0;
		len = strcspn(at, ":");
		n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, at, name);
		if (len == 0 || n < 0 || (size_t)n >= sizeof(path) || !is_program(path))
			continue;
		if (ret_path)
			memcpy(ret_path, path, (size_t)n + 1);
		return true;
	}
	return false;
}

static void outlet_close(struct outlet *outlet)
{
	if (outlet->fd >= 0)
		close(outlet->fd);
	outlet->fd = -1;
}

/* A pipe into @outlet; the program's end is *ret_end. */
static enum kc_status outlet_open(struct outlet *outlet, int *ret_end)
{
	int ends[2];

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0, KC_ERR_NOT_AVAILABLE, "pipe: %s", strerror(errno));
	outlet->fd = ends[0];
	outlet->text[0] = '\0';
	*ret_end = ends[1];
	return KC_OK;
}

static void outlet_read(struct outlet *outlet)
{
	char dropped[1024];
	size_t room = outlet->size - 1 - outlet->len;
	ssize_t n = room > 0 ? read(outlet->fd, outlet->text + outlet->len, room)
			     : read(outlet->fd, dropped, sizeof(dropped));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		outlet_close(outlet);
		return;
	}
	if (room > 0)
		outlet->len += (size_t)n;
	outlet->text[outlet->len] = '\0';
}

static int64_t now_ms(void)
{
	struct timespec now = {0};

	ignore(clock_gettime(CLOCK_MONOTONIC, &now));
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False: the time is over. */
static bool read_until(struct outlet *outlets, int64_t end_ms)
{
	while (outlets[0].fd >= 0 || outlets[1].fd >= 0) {
		struct pollfd polled[2] = {{.fd = outlets[0].fd, .events = POLLIN},
					   {.fd = outlets[1].fd, .events = POLLIN}};
		int64_t left_ms = end_ms - now_ms();

		if (left_ms <= 0)
			return false;
		if (poll(polled, 2, (int)left_ms) < 0 && errno != EINTR)
			return false;
		for (size_t i = 0; i < 2; i++)
			if (outlets[i].fd >= 0 && polled[i].revents != 0)
				outlet_read(&outlets[i]);
	}
	return true;
}

static int spawn(const char *const *arguments, int output, int errors, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	char *const *words = (char *const *)(uintptr_t)arguments; /* it does not write to them */
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (error == 0)
		error = posix_spawnp(ret_pid, arguments[0], &actions, NULL, words, environ);
	ignore(posix_spawn_file_actions_destroy(&actions));
	return error;
}

/* After its outputs were closed a program has nothing left to do. */
static enum kc_status await_end(pid_t pid, int64_t end_ms, int *ret_status)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	int status = 0;
	pid_t ended = 0;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && now_ms() < end_ms)
		ignore(nanosleep(&pause, NULL));
	if (ended == 0) {
		ignore(kill(pid, SIGKILL));
		ignore(waitpid(pid, &status, 0) < 0);
		return KC_ERR_NOT_AVAILABLE;
	}
	*ret_status = WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
	return KC_OK;
}

static enum kc_status start(const char *const *arguments, struct outlet *outlets, pid_t *ret_pid)
{
	int output = -1;
	int errors = -1;
	int error = 0;

	TRY(outlet_open(&outlets[0], &output));
	if (outlet_open(&outlets[1], &errors) != KC_OK) {
		close(output);
		return KC_ERR_NOT_AVAILABLE;
	}
	error = spawn(arguments, output, errors, ret_pid);
	close(output);
	close(errors);
	REQUIRE(error == 0, KC_ERR_NOT_AVAILABLE, "cannot run %s: %s", arguments[0],
		strerror(error));
	return KC_OK;
}

enum kc_status peer_program_run_within(const char *const *arguments, int seconds,
				       struct peer_program_answer *ret_answer)
{
	struct outlet outlets[2] = {{-1, ret_answer->output, sizeof(ret_answer->output), 0},
				    {-1, ret_answer->errors, sizeof(ret_answer->errors), 0}};
	int64_t end_ms = now_ms() + (int64_t)seconds * 1000;
	enum kc_status status = KC_OK;
	pid_t pid = -1;

	status = start(arguments, outlets, &pid);
	if (status == KC_OK) {
		int64_t until_ms = read_until(outlets, end_ms) ? end_ms : 0;

		if (await_end(pid, until_ms, &ret_answer->exit_status) != KC_OK)
			status = fail(KC_ERR_NOT_AVAILABLE, "%s did not end within %d seconds",
				      arguments[0], seconds);
	}
	ret_answer->output_len = outlets[0].len;
	outlet_close(&outlets[0]);
	outlet_close(&outlets[1]);
	return status;
}

enum kc_status peer_program_run(const char *const *arguments,
				struct peer_program_answer *ret_answer)
{
	return peer_program_run_within(arguments, PATIENCE_S, ret_answer);
}

/* The last line of what it said, which is where programs put what went wrong. */
static const char *last_line(char *text)
{
	size_t len = strlen(text);
	char *newline = NULL;

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	newline = strrchr(text, '\n');
	return newline ? newline + 1 : text;
}

enum kc_status peer_program_do(const char *const *arguments)
{
	CLEANUP(freep) struct peer_program_answer *answer = calloc(1, sizeof(*answer));
	const char *said = NULL;

	REQUIRE(answer, KC_ERR_ALLOCATE, "out of memory");
	TRY(peer_program_run(arguments, answer));
	if (answer->exit_status == 0)
		return KC_OK;
	said = last_line(answer->errors[0] ? answer->errors : answer->output);
	return fail(KC_ERR_NOT_AVAILABLE, "%s failed (%d): %s", arguments[0], answer->exit_status,
		    said);
}
