/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What posix_spawn() cannot do: a child whose end raises no signal. execve() gives every process
 * SIGCHLD back, so the one without exit signal must not execute anything: a forked copy of us
 * stands between, starts the program, waits for it and ends as it ended. The copy makes system
 * calls only: other threads may have held any lock when it was made.
 */
#include "client/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "sys/socket.h"

extern char **environ;

enum {
	ENVIRONMENT_MAX = 64,
	FIRST_SIGNAL = 1,
	EXIT_CANNOT_EXECUTE = 127,
	EXIT_KILLED = 128, /* plus the signal */
};

static const char *const passed_on[] = {
	"DBUS_SESSION_BUS_ADDRESS=",
	"DISPLAY=",
	"HOME=",
	"KEYCASK_",
	"LANG=",
	"LC_",
	"LOGNAME=",
	"PATH=",
	"TMPDIR=",
	"USER=",
	"WAYLAND_DISPLAY=",
	"XAUTHORITY=",
	"XDG_CACHE_HOME=",
	"XDG_CONFIG_HOME=",
	"XDG_DATA_HOME=",
	"XDG_RUNTIME_DIR=",
	"XDG_STATE_HOME=",
	/* sanitizers, in our own tests */
	"ASAN_OPTIONS=",
	"LSAN_OPTIONS=",
	"UBSAN_OPTIONS=",
};

static bool is_passed_on(const char *entry)
{
	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
		if (strncmp(entry, passed_on[i], strlen(passed_on[i])) == 0)
			return true;
	return false;
}

static void choose_environment(char **ret_environment)
{
	size_t n = 0;

	for (char **entry = environ; entry && *entry && n < ENVIRONMENT_MAX - 1; entry++)
		if (is_passed_on(*entry))
			ret_environment[n++] = *entry;
	ret_environment[n] = NULL;
}

/* What the child needs; all made before it exists. */
struct launch {
	const char *program;
	char **arguments;
	char *environment[ENVIRONMENT_MAX];
	int null_fd;
	int said_fd;
};

/* fork() with the exit signal of our choice. Architectures agree on these arguments' places
 * (s390 alone turns the first two around). */
static pid_t fork_quietly(unsigned long flags, int *ret_pidfd)
{
	return (pid_t)syscall(SYS_clone, flags, NULL, ret_pidfd, NULL, NULL);
}

_Noreturn static void become_program(const struct launch *launch)
{
	sigset_t none;

	ignore(prctl(PR_SET_PDEATHSIG, SIGKILL));
	ignore(dup3(launch->null_fd, STDIN_FILENO, 0));
	ignore(dup3(launch->null_fd, STDOUT_FILENO, 0));
	ignore(dup3(launch->said_fd, STDERR_FILENO, 0));
	ignore(close_range(STDERR_FILENO + 1, ~0U, 0));
	ignore(sigemptyset(&none));
	ignore(sigprocmask(SIG_SETMASK, &none, NULL));
	ignore(execve(launch->program, launch->arguments, launch->environment));
	_exit(EXIT_CANNOT_EXECUTE);
}

_Noreturn static void stand_between(const struct launch *launch)
{
	int status = 0;
	pid_t pid = 0;

	for (int number = FIRST_SIGNAL; number < NSIG; number++)
		ignore(sigaction(number, &(struct sigaction){.sa_handler = SIG_DFL}, NULL));
	pid = fork_quietly(SIGCHLD, NULL);
	if (pid == 0)
		become_program(launch);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_KILLED + WTERMSIG(status));
}

/* All signals are blocked in the copy until it has none of our handlers any more. */
static enum kc_status start(const struct launch *launch, pid_t *ret_pid, int *ret_pidfd)
{
	sigset_t all;
	sigset_t before;
	int saved = 0;

	ignore(sigfillset(&all));
	ignore(pthread_sigmask(SIG_SETMASK, &all, &before));
	*ret_pid = fork_quietly(CLONE_PIDFD, ret_pidfd);
	if (*ret_pid == 0)
		stand_between(launch);
	saved = errno;
	ignore(pthread_sigmask(SIG_SETMASK, &before, NULL));
	REQUIRE(*ret_pid > 0, KC_ERR_NOT_AVAILABLE, "cannot start %s: %s", launch->program,
		strerror(saved));
	return KC_OK;
}

/* Only a wait for clone children finds a child without exit signal. */
static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, __WCLONE) < 0 && errno == EINTR)
		continue;
	return status;
}

static enum kc_status await_exit(pid_t pid, int pidfd, int timeout_ms, int *ret_exit)
{
	struct pollfd poll_end = {.fd = pidfd, .events = POLLIN};
	int status = 0;
	int n = 0;

	do
		n = poll(&poll_end, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		ignore(kill(pid, SIGKILL));
	status = reap(pid);
	REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "it did not answer within %d s", timeout_ms / 1000);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) <= EXIT_KILLED, KC_ERR_NOT_AVAILABLE,
		"it was killed");
	*ret_exit = WEXITSTATUS(status);
	return KC_OK;
}

/* The end of what it said, without the last newline. */
static void read_end(int fd, char *ret_said, size_t size)
{
	off_t end = lseek(fd, 0, SEEK_END);
	off_t from = end > (off_t)(size - 1) ? end - (off_t)(size - 1) : 0;
	ssize_t n = pread(fd, ret_said, size - 1, from);

	ret_said[n > 0 ? n : 0] = '\0';
	while (n > 0 && ret_said[n - 1] == '\n')
		ret_said[--n] = '\0';
}

enum kc_status launch_run(const char *program, const char *const *arguments, int timeout_ms,
			  int *ret_exit, char *ret_said, size_t size)
{
	CLEANUP(socket_close) int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	CLEANUP(socket_close) int said_fd = memfd_create("keycask-said", MFD_CLOEXEC);
	CLEANUP(socket_close) int pidfd = -1;
	struct launch launch = {.program = program, .null_fd = null_fd, .said_fd = said_fd};
	pid_t pid = 0;

	REQUIRE(null_fd >= 0 && said_fd >= 0, KC_ERR_NOT_AVAILABLE, "no descriptor left: %s",
		strerror(errno));
	memcpy(&launch.arguments, &arguments, sizeof(arguments)); /* execve takes char *const[] */
	choose_environment(launch.environment);
	TRY(start(&launch, &pid, &pidfd));
	TRY(await_exit(pid, pidfd, timeout_ms, ret_exit));
	REQUIRE(*ret_exit != EXIT_CANNOT_EXECUTE, KC_ERR_NOT_AVAILABLE, "cannot execute %s",
		program);
	read_end(said_fd, ret_said, size);
	return KC_OK;
}
