/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A driver that has been taken over tries to get out: first right after confine_enter(), then from
 * inside a driver's own function in a process that kc_driver_main() runs, asked over its socket.
 */
#include "driverkit/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <keycask/driver.h>

#include "base/bytes.h"
#include "harness/test.h"
#include "sys/sandbox.h"

enum {
	SURVIVED = 40,
	NOT_CONFINED = 41,
	REFUSED = 42,
};

/* --- alone ------------------------------------------------------------------------------------ */

/* How a confined child ends that does @attempt; -SIGNAL when it was killed. */
static int outcome_of(int (*attempt)(void))
{
	int status = 0;
	pid_t pid = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(confine_enter() == KC_OK ? attempt() : NOT_CONFINED);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int refused_or(long result)
{
	return result < 0 && errno == EPERM ? REFUSED : SURVIVED;
}

static int try_open(void)
{
	return refused_or(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int try_open_own_executable(void)
{
	return refused_or(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}

static int try_create(void)
{
	return refused_or(openat(AT_FDCWD, "stray", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int try_unix_socket(void)
{
	return refused_or(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int try_internet_socket(void)
{
	return refused_or(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_connect(void)
{
	static const struct sockaddr address = {.sa_family = AF_UNIX, .sa_data = "/run/x"};

	return refused_or(connect(CONFINE_CONTROL_FD, &address, sizeof(address)));
}

static int try_execute(void)
{
	static char program[] = "/bin/true";
	char *arguments[] = {program, NULL};

	execv(program, arguments);
	return SURVIVED;
}

static int try_fork(void)
{
	if (fork() == 0)
		_exit(0);
	return SURVIVED;
}

static int try_trace(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	return SURVIVED;
}

static int try_kill_parent(void)
{
	/* by number: the process is undumpable and its parent is the test */
	syscall(SYS_kill, getppid(), 0);
	return SURVIVED;
}

static int try_executable_memory(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return SURVIVED;
}

static int try_socket_pair(void)
{
	int ends[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	return SURVIVED;
}

static int try_memory_file(void)
{
	memfd_create("x", 0);
	return SURVIVED;
}

/* What a driver does need. */
static int try_work(void)
{
	void *block = malloc(1024 * 1024);
	void *grown = NULL;
	struct timespec now;

	if (!block)
		return SURVIVED;
	memset(block, 1, 1024 * 1024);
	grown = realloc(block, 4 * 1024 * 1024);
	free(grown ? grown : block);
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return SURVIVED;
	fprintf(stderr, "# confined processes still have standard error\n");
	return REFUSED;
}

TEST(nothing_can_be_opened)
{
	CHECK_INT(outcome_of(try_open), REFUSED);
	CHECK_INT(outcome_of(try_open_own_executable), REFUSED);
	CHECK_INT(outcome_of(try_create), REFUSED);
	CHECK_INT(outcome_of(try_memory_file), -SIGSYS);
}

TEST(nobody_can_be_reached)
{
	CHECK_INT(outcome_of(try_unix_socket), REFUSED);
	CHECK_INT(outcome_of(try_internet_socket), REFUSED);
	CHECK_INT(outcome_of(try_connect), REFUSED);
	CHECK_INT(outcome_of(try_socket_pair), -SIGSYS);
}

TEST(nothing_can_be_run)
{
	CHECK_INT(outcome_of(try_execute), -SIGSYS);
	CHECK_INT(outcome_of(try_fork), -SIGSYS);
	CHECK_INT(outcome_of(try_executable_memory), -SIGSYS);
}

TEST(nobody_can_be_touched)
{
	CHECK_INT(outcome_of(try_trace), -SIGSYS);
	CHECK_INT(outcome_of(try_kill_parent), -SIGSYS);
}

TEST(work_goes_on)
{
	CHECK_INT(outcome_of(try_work), REFUSED);
}

static int stray_fd;

static int use_stray_descriptor(void)
{
	char byte = 0;

	return read(stray_fd, &byte, 1) < 0 && errno == EBADF ? REFUSED : SURVIVED;
}

TEST(stray_descriptors_are_closed)
{
	int low = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	stray_fd = fcntl(low, F_DUPFD_CLOEXEC, CONFINE_INHERITED + 5);
	CHECK(low >= 0 && stray_fd >= CONFINE_INHERITED);
	CHECK_INT(outcome_of(use_stray_descriptor), REFUSED);
	close(stray_fd);
	close(low);
}

TEST(the_kernel_is_described)
{
	struct sandbox_support support = sandbox_describe();

	CHECK(support.has_seccomp);
	CHECK(support.has_no_new_privs);
	CHECK(support.landlock_abi >= 0);
	printf("# Landlock ABI %d\n", support.landlock_abi);
}

/* --- from inside a driver --------------------------------------------------------------------- */

/* Its name is the report of what it tried. */
static enum kc_status hostile_open(struct kc_token *token, struct kc_token_identity *ret_identity)
{
	(void)token;
	ret_identity->instance_id = strdup(try_open() == REFUSED ? "no-file" : "file");
	ret_identity->label = strdup(try_unix_socket() == REFUSED ? "no-socket" : "socket");
	return KC_OK;
}

static enum kc_status hostile_enumerate(struct kc_token *token, struct kc_contents *contents)
{
	(void)token;
	(void)contents;
	try_execute();
	return KC_OK;
}

static const struct kc_driver hostile = {
	.class_id = "org.keycask.hostile",
	.name = "Hostile",
	.open = hostile_open,
	.enumerate = hostile_enumerate,
};

static _Noreturn void be_driver(int control, int card)
{
	static char name[] = "hostile";
	char *arguments[] = {name, NULL};
	int high_control = fcntl(control, F_DUPFD_CLOEXEC, 20);
	int high_card = fcntl(card, F_DUPFD_CLOEXEC, 20);

	if (dup2(high_control, CONFINE_CONTROL_FD) < 0 || dup2(high_card, CONFINE_CARD_FD) < 0)
		_exit(NOT_CONFINED);
	_exit(kc_driver_main(1, arguments, &hostile));
}

struct process {
	pid_t pid;
	int control;
	int card;
};

static struct process start_driver(void)
{
	struct process process;
	int control[2];
	int card[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, card) == 0);
	fflush(stdout);
	process = (struct process){.pid = fork(), .control = control[0], .card = card[0]};
	if (process.pid == 0)
		be_driver(control[1], card[1]);
	CHECK(process.pid > 0);
	close(control[1]);
	close(card[1]);
	return process;
}

static int end_driver(struct process *process)
{
	int status = 0;

	close(process->control);
	close(process->card);
	CHECK(waitpid(process->pid, &status, 0) == process->pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void ask(struct process *process, const char *method)
{
	char message[512];
	int len = snprintf(message, sizeof(message),
			   "{\"method\":\"org.keycask.Driver.%s\",\"parameters\":{\"turn\":"
			   "{\"transaction\":1,\"session\":0,\"is_selected\":true,\"request\":1}}}",
			   method);

	/* with the NUL that ends a Varlink message */
	CHECK(send(process->control, message, (size_t)len + 1, MSG_NOSIGNAL) == len + 1);
}

TEST(a_driver_process_is_confined)
{
	struct process process = start_driver();
	char reply[1024] = "";
	size_t len = 0;

	ask(&process, "Open");
	while (len < sizeof(reply) && (len == 0 || reply[len - 1] != '\0')) {
		ssize_t n = read(process.control, reply + len, sizeof(reply) - len);

		CHECK(n > 0);
		len += (size_t)n;
	}
	CHECK(strstr(reply, "no-file") != NULL);
	CHECK(strstr(reply, "no-socket") != NULL);
	CHECK_INT(end_driver(&process), 0); /* the daemon closed its end */
}

TEST(a_driver_process_that_executes_is_ended)
{
	struct process process = start_driver();
	char byte = 0;

	ask(&process, "Enumerate");
	CHECK_INT(read(process.control, &byte, 1), 0);
	CHECK_INT(end_driver(&process), -SIGSYS);
}

TEST(nonsense_ends_a_driver_process)
{
	struct process process = start_driver();
	char byte = 0;

	CHECK(send(process.control, "nonsense", 9, MSG_NOSIGNAL) == 9);
	CHECK_INT(read(process.control, &byte, 1), 0);
	CHECK_INT(end_driver(&process), 1);
}
