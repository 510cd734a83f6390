/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Children that cannot outlive us: PR_SET_PDEATHSIG, checked against the race with a parent that
 * is dead already; waited for by pidfd, killed by a pid that is still ours because we alone reap.
 */
#include "vcard/companion.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/try.h"

enum {
	SIGNAL_BASE = 128, /* as shells report a death by signal */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void be_companion(pid_t parent, bool is_aside, companion_fn run, void *context)
{
	if (is_aside)
		setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	unblock_signals();
	_exit(run(context));
}

enum kc_status companion_start(struct companion *companion, bool is_aside, companion_fn run,
			       void *context)
{
	pid_t parent = getpid();
	pid_t pid = 0;

	fflush(NULL); /* or the child would print again what we have not yet printed */
	pid = fork();
	REQUIRE(pid >= 0, KC_ERR_NOT_AVAILABLE, "cannot fork: %s", strerror(errno));
	if (pid == 0)
		be_companion(parent, is_aside, run, context);
	companion->pid = pid;
	return KC_OK;
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

bool companion_has_ended(struct companion *companion, int *ret_status)
{
	int status = 0;

	if (companion->pid == 0 || waitpid(companion->pid, &status, WNOHANG) != companion->pid)
		return false;
	companion->pid = 0;
	*ret_status = status_of(status);
	return true;
}

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool companion_wait(struct companion *companion, int stop_fd, int *ret_status)
{
	CLEANUP(close_fd) int pidfd = open_pidfd(companion->pid);
	struct pollfd fds[] = {{pidfd, POLLIN, 0}, {stop_fd, POLLIN, 0}};

	while (!companion_has_ended(companion, ret_status)) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return false;
		if (fds[1].revents && !fds[0].revents)
			return false;
	}
	return true;
}

void companion_end(struct companion *companion, int how, int patience_ms)
{
	CLEANUP(close_fd) int pidfd = -1;
	int status = 0;
	struct pollfd fds;

	if (companion->pid == 0)
		return;
	pidfd = open_pidfd(companion->pid);
	fds = (struct pollfd){pidfd, POLLIN, 0};
	kill(companion->pid, how);
	if (pidfd < 0 || poll(&fds, 1, patience_ms) <= 0)
		kill(companion->pid, SIGKILL);
	ignore(waitpid(companion->pid, &status, 0));
	companion->pid = 0;
}
