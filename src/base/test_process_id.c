/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process's number: what it costs, and whose it is after fork(), with a page that the kernel
 * empties and without. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process_id.h"
#include "harness/refused_call.h"
#include "harness/test.h"

/* Each child, and its child, is asked for its own. */
static void check_family(int depth)
{
	pid_t parent = process_id();
	pid_t child = 0;
	int status = 0;

	CHECK_INT(parent, getpid());
	if (depth == 0)
		return;
	child = fork();
	if (child == 0) {
		check_family(depth - 1);
		_exit(process_id() != parent ? 0 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_INT(process_id(), parent);
}

TEST(children_have_numbers_of_their_own)
{
	check_family(3);
}

TEST(so_they_have_where_the_kernel_empties_no_page)
{
	refused_call_begin(SYS_madvise, MADV_WIPEONFORK);
	check_family(3);
}

TEST(so_they_have_when_nobody_calls_handlers)
{
	pid_t parent = process_id();
	int status = 0;
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (child == 0)
		_exit(process_id() != parent && process_id() == getpid() ? 0 : 1);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(the_kernel_is_asked_once)
{
	pid_t self = process_id();

	if (!REFUSED_CALL_HAS_GETPID)
		return;
	refused_call_begin(SYS_getpid, -1);
	CHECK(getpid() != self); /* it is refused */
	CHECK_INT(process_id(), self);
}

static void *ask(void *userdata)
{
	*(pid_t *)userdata = process_id();
	return NULL;
}

TEST(threads_may_be_the_first_to_ask)
{
	pthread_t threads[8];
	pid_t ids[ARRAY_LEN(threads)] = {0};

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		CHECK(pthread_create(&threads[i], NULL, ask, &ids[i]) == 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		CHECK_INT(ids[i], getpid());
	}
}
