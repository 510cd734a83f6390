/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Children as the kernel sees them. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "sys/confined.h"

/* A child of that name, confined as far as it may be without ending. */
static pid_t start_child(const char *name, bool has_no_new_privs)
{
	int ready[2];
	char byte = 0;
	pid_t pid = 0;

	CHECK_INT(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		ignore(prctl(PR_SET_NAME, name, 0, 0, 0));
		if (has_no_new_privs)
			ignore(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		ignore(write(ready[1], "x", 1));
		for (;;)
			pause();
	}
	CHECK_INT(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end_child(pid_t pid)
{
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
}

TEST(children_are_found_by_name_with_what_holds_them)
{
	struct confined children[4];
	pid_t loose = start_child("kctest-loose", false);
	pid_t held = start_child("kctest-held", true);
	pid_t other = start_child("somebody", true);
	size_t n = confined_children("kctest-", children, 4);

	CHECK_INT(n, 2);
	for (size_t i = 0; i < n; i++) {
		bool is_held = children[i].pid == held;

		CHECK(is_held || children[i].pid == loose);
		CHECK_TEXT(children[i].name, is_held ? "kctest-held" : "kctest-loose");
		CHECK_INT(children[i].has_no_new_privs, is_held);
		CHECK(!children[i].has_seccomp);
		CHECK(children[i].is_new);
	}
	CHECK_INT(confined_children("kctest-", children, 1), 1);
	CHECK_INT(confined_children("nobody-", children, 4), 0);
	end_child(loose);
	end_child(held);
	end_child(other);
}

TEST(a_grandchild_is_not_ours)
{
	struct confined children[4];

	CHECK_INT(confined_children("", children, 4), 0);
}
