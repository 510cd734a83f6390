/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting, watching and ending child processes. */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
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
	GENTLE_MS = 50,	     /* between closing its socket and being reaped */
	OUT_OF_THE_WAY = 64, /* descriptors are moved above this before they get their number */
};

static const char *const passed_on[] = {"LANG=",	  "LC_ALL=",	   "PATH=",
					"HOME=",	  "KEYCASK_",	   "ASAN_OPTIONS=",
					"UBSAN_OPTIONS=", "LSAN_OPTIONS=", "LLVM_PROFILE_FILE="};

static bool is_passed_on(const char *entry)
{
	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++) {
		if (strncmp(entry, passed_on[i], strlen(passed_on[i])) == 0)
			return true;
	}
	return false;
}

static void choose_environment(char **ret_environment)
{
	size_t n = 0;

	for (char **entry = environ; entry && *entry && n < ENVIRONMENT_MAX - 1; entry++) {
		if (is_passed_on(*entry))
			ret_environment[n++] = *entry;
	}
	ret_environment[n] = NULL;
}

struct plan {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int moved[CHILD_DESCRIPTORS_MAX];
};

static void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < CHILD_DESCRIPTORS_MAX; i++)
		socket_close(&plan->moved[i]);
	ignore(posix_spawn_file_actions_destroy(&plan->actions));
	ignore(posix_spawnattr_destroy(&plan->attributes));
}

/* Nobody types to a child and nobody reads what it prints; what it logs goes where ours goes. */
static enum kc_status plan_streams(struct plan *plan)
{
	REQUIRE(posix_spawn_file_actions_addopen(&plan->actions, STDIN_FILENO, "/dev/null",
						 O_RDONLY, 0) == 0 &&
			posix_spawn_file_actions_addopen(&plan->actions, STDOUT_FILENO, "/dev/null",
							 O_WRONLY, 0) == 0,
		KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status plan_descriptors(struct plan *plan, const int *descriptors, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		plan->moved[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
		REQUIRE(plan->moved[i] >= 0, KC_ERR_NOT_AVAILABLE, "no descriptor left: %s",
			strerror(errno));
		REQUIRE(posix_spawn_file_actions_adddup2(&plan->actions, plan->moved[i],
							 CHILD_FIRST_DESCRIPTOR + (int)i) == 0,
			KC_ERR_ALLOCATE, "out of memory");
	}
	return KC_OK;
}

/* A group of its own, so that Ctrl-C reaches the daemon alone, and no inherited signal state. */
static enum kc_status plan_attributes(struct plan *plan)
{
	sigset_t none;
	sigset_t all;

	ignore(sigemptyset(&none));
	ignore(sigfillset(&all));
	REQUIRE(posix_spawnattr_setflags(&plan->attributes, POSIX_SPAWN_SETPGROUP |
								    POSIX_SPAWN_SETSIGMASK |
								    POSIX_SPAWN_SETSIGDEF) == 0 &&
			posix_spawnattr_setsigmask(&plan->attributes, &none) == 0 &&
			posix_spawnattr_setsigdefault(&plan->attributes, &all) == 0,
		KC_ERR_INTERNAL, "posix_spawn attributes");
	return KC_OK;
}

static enum kc_status start_planned(const struct plan *plan, const char *program,
				    const char *const *arguments, struct child *ret_child)
{
	char *environment[ENVIRONMENT_MAX];
	char **argv = NULL;
	struct child child = CHILD_NONE;
	int error = 0;

	choose_environment(environment);
	memcpy(&argv, &arguments, sizeof(argv)); /* posix_spawn() takes char *const[] */
	error = posix_spawn(&child.pid, program, &plan->actions, &plan->attributes, argv,
			    environment);
	REQUIRE(error == 0, KC_ERR_NOT_AVAILABLE, "cannot start %s: %s", program, strerror(error));
	child.pidfd = (int)syscall(SYS_pidfd_open, child.pid, 0);
	if (child.pidfd < 0) {
		int saved = errno;

		ignore(kill(child.pid, SIGKILL));
		ignore(waitpid(child.pid, NULL, 0));
		return fail(KC_ERR_NOT_AVAILABLE, "pidfd_open: %s", strerror(saved));
	}
	ignore(fcntl(child.pidfd, F_SETFD, FD_CLOEXEC));
	*ret_child = child;
	return KC_OK;
}

enum kc_status child_start(const char *program, const char *const *arguments,
			   const int *descriptors, size_t n_descriptors, struct child *ret_child)
{
	CLEANUP(plan_done) struct plan plan = {.moved = {-1, -1, -1, -1}};

	ignore(posix_spawn_file_actions_init(&plan.actions));
	ignore(posix_spawnattr_init(&plan.attributes));
	REQUIRE(n_descriptors <= CHILD_DESCRIPTORS_MAX, KC_ERR_PARAM, "too many descriptors");
	TRY(plan_streams(&plan));
	TRY(plan_descriptors(&plan, descriptors, n_descriptors));
	TRY(plan_attributes(&plan));
	return start_planned(&plan, program, arguments, ret_child);
}

void child_end(struct child *child, int *ret_status)
{
	int status = 0;

	if (child->pid == 0)
		return;
	ignore((int)syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0));
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	socket_close(&child->pidfd);
	child->pid = 0;
	if (ret_status)
		*ret_status = status;
}

void child_end_gently(struct child *child, int *ret_status)
{
	struct pollfd poll_end = {.fd = child->pidfd, .events = POLLIN};

	if (child->pid != 0)
		ignore(poll(&poll_end, 1, GENTLE_MS));
	child_end(child, ret_status);
}

enum kc_status child_die_with_parent(void)
{
	REQUIRE(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, KC_ERR_INTERNAL, "PR_SET_PDEATHSIG: %s",
		strerror(errno));
	return KC_OK;
}
