/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of paths, locks, listening, spawning and peer identity against the real kernel. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/try.h"
#include "harness/test.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/paths.h"
#include "sys/peer.h"
#include "sys/sandbox.h"
#include "sys/socket.h"
#include "sys/users.h"

static const char *in_directory(const char *name, char *path, size_t size)
{
	CHECK((size_t)snprintf(path, size, "%s/%s", test_directory(), name) < size);
	return path;
}

TEST(socket_path_follows_the_environment)
{
	char path[PATHS_MAX];

	setenv("KEYCASK_SOCKET", "/x/y.sock", 1);
	CHECK_OK(paths_socket(path, sizeof(path)));
	CHECK_TEXT(path, "/x/y.sock");
	CHECK_OK(paths_beside_socket("slot.sock", path, sizeof(path)));
	CHECK_TEXT(path, "/x/slot.sock");
	unsetenv("KEYCASK_SOCKET");
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	CHECK_OK(paths_socket(path, sizeof(path)));
	CHECK_TEXT(path, "/run/user/7/keycask/keycask.sock");
}

TEST(socket_path_without_runtime_folder_is_private_in_tmp)
{
	char path[PATHS_MAX];
	char expected[64];

	unsetenv("KEYCASK_SOCKET");
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("TMPDIR");
	snprintf(expected, sizeof(expected), "/tmp/keycask-%u/keycask.sock", (unsigned)geteuid());
	CHECK_OK(paths_socket(path, sizeof(path)));
	CHECK_TEXT(path, expected);
}

TEST(too_long_a_path_is_refused_by_name)
{
	char path[16];

	setenv("KEYCASK_SOCKET", "/a/socket/path/that/does/not/fit", 1);
	error_clear();
	CHECK_STATUS(paths_socket(path, sizeof(path)), KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "too long"));
}

TEST(private_folder_is_made_with_its_parents)
{
	char path[PATHS_MAX];
	struct stat info;

	CHECK_OK(paths_make_private_folder(in_directory("a/b/c", path, sizeof(path))));
	CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0700);
	CHECK_OK(paths_make_private_folder(path));
}

TEST(private_folder_that_is_a_link_or_open_is_refused)
{
	char path[PATHS_MAX];
	char link_path[PATHS_MAX];

	CHECK_OK(paths_make_private_folder(in_directory("real", path, sizeof(path))));
	CHECK(symlink(path, in_directory("link", link_path, sizeof(link_path))) == 0);
	error_clear();
	CHECK_STATUS(paths_make_private_folder(link_path), KC_ERR_NOT_AVAILABLE);
	CHECK(chmod(path, 0755) == 0);
	error_clear();
	CHECK_STATUS(paths_check_private_folder(path), KC_ERR_NOT_AVAILABLE);
	CHECK(strstr(error_get()->message, "mkdir -m 700"));
}

TEST(lock_is_held_once)
{
	char path[PATHS_MAX];
	CLEANUP(socket_close) int first = -1;
	CLEANUP(socket_close) int second = -1;

	in_directory("lock", path, sizeof(path));
	CHECK_OK(socket_lock(path, &first));
	CHECK_STATUS(socket_lock(path, &second), KC_ERR_DUPLICATE_ITEM);
	socket_close(&first);
	CHECK_OK(socket_lock(path, &second));
}

TEST(listening_replaces_a_stale_socket_and_is_private)
{
	char path[PATHS_MAX];
	struct stat info;
	CLEANUP(socket_close) int first = -1;
	CLEANUP(socket_close) int second = -1;

	in_directory("s", path, sizeof(path));
	CHECK_OK(socket_listen(path, &first));
	socket_close(&first);
	CHECK_OK(socket_listen(path, &second));
	CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
}

TEST(peer_is_named_by_the_kernel)
{
	CLEANUP(socket_close) int ours = -1;
	CLEANUP(socket_close) int theirs = -1;
	CLEANUP(peer_done) struct peer peer = {.process = -1};

	CHECK_OK(socket_make_pair(SOCK_STREAM, &ours, &theirs));
	CHECK_OK(peer_identify(ours, &peer));
	CHECK_INT(peer.pid, getpid());
	CHECK_INT(peer.uid, geteuid());
	CHECK(strstr(peer.executable, "test_sys"));
	CHECK_TEXT(peer.name, "test_sys");
	CHECK(peer_is_alive(&peer));
	CHECK(!peer_is_sandboxed(&peer));
	peer.start_time++;
	CHECK(!peer_is_alive(&peer));
	CHECK(peer_is_sandboxed(&peer)); /* who knows what that one was */
}

static bool connect_to(const char *path, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strlen(path) < sizeof(address.sun_path))
		memcpy(address.sun_path, path, strlen(path) + 1);
	return *ret_fd >= 0 && connect(*ret_fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Connect, then go into a root of its own with Flatpak's mark, until the other end closes. */
static _Noreturn void be_sandboxed(const char *socket_path)
{
	char mark[PATHS_MAX];
	int fd = -1;
	int file = open(in_directory(".flatpak-info", mark, sizeof(mark)),
			O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (file < 0 || !connect_to(socket_path, &fd))
		_exit(1);
	if (chroot(test_directory()) != 0 &&
	    (unshare(CLONE_NEWUSER) != 0 || chroot(test_directory()) != 0))
		_exit(1); /* the parent reads the end of file */
	ignore(write(fd, "", 1) == 1);
	ignore(read(fd, mark, 1) == 1);
	_exit(0);
}

TEST(a_sandbox_is_seen)
{
	char path[PATHS_MAX];
	CLEANUP(peer_done) struct peer peer = {.process = -1};
	char byte = 0;
	int listener = -1;
	int fd = -1;
	pid_t pid = 0;

	CHECK_OK(socket_listen(in_directory("peer", path, sizeof(path)), &listener));
	CHECK_OK(socket_set_nonblocking(listener, false));
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		be_sandboxed(path);
	fd = accept(listener, NULL, NULL);
	CHECK(fd >= 0);
	CHECK_OK(peer_identify(fd, &peer));
	CHECK_INT(peer.pid, pid);
	/* A kernel without user namespaces lets nobody but root have another root. */
	if (read(fd, &byte, 1) == 1) {
		CHECK(peer_is_alive(&peer));
		CHECK(peer_is_sandboxed(&peer));
	}
	close(fd);
	close(listener);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

TEST(child_gets_its_descriptors_and_a_chosen_environment)
{
	static const char *const arguments[] = {
		"sh", "-c", "echo \"$KEYCASK_X:$SECRET\" >&3; cat <&4 >&3", NULL};
	CLEANUP(socket_close) int ours = -1;
	CLEANUP(socket_close) int theirs = -1;
	CLEANUP(socket_close) int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct child child = CHILD_NONE;
	char text[32] = "";
	int descriptors[2];
	int status = 0;

	setenv("KEYCASK_X", "seen", 1);
	setenv("SECRET", "hidden", 1);
	CHECK_OK(socket_make_pair(SOCK_STREAM, &ours, &theirs));
	descriptors[0] = theirs;
	descriptors[1] = null;
	CHECK_OK(child_start("/bin/sh", arguments, descriptors, 2, &child));
	CHECK(read(ours, text, sizeof(text) - 1) == 6);
	CHECK_TEXT(text, "seen:\n");
	child_end(&child, &status);
	CHECK_INT(child.pid, 0);
}

TEST(child_that_does_not_end_is_killed)
{
	static const char *const arguments[] = {"sleep", "1000", NULL};
	struct child child = CHILD_NONE;
	int status = 0;

	CHECK_OK(child_start("/bin/sleep", arguments, NULL, 0, &child));
	CHECK(kill(child.pid, 0) == 0);
	child_end(&child, &status);
	CHECK(WIFSIGNALED(status));
	child_end(&child, &status);
}

TEST(program_that_is_not_there_is_named)
{
	static const char *const arguments[] = {"x", NULL};
	struct child child = CHILD_NONE;

	error_clear();
	CHECK_STATUS(child_start("/nonexistent/x", arguments, NULL, 0, &child),
		     KC_ERR_NOT_AVAILABLE);
	CHECK(strstr(error_get()->message, "/nonexistent/x"));
}

TEST(file_is_read_whole_or_not_at_all)
{
	char path[PATHS_MAX];
	CLEANUP(bytes_done) struct bytes small = BYTES_INIT(3);
	CLEANUP(bytes_done) struct bytes large = BYTES_INIT(100);
	FILE *file = fopen(in_directory("f", path, sizeof(path)), "w");

	CHECK(file && fputs("four", file) >= 0 && fclose(file) == 0);
	CHECK_OK(file_read(path, &large));
	CHECK(view_equal(bytes_view(&large), view_of_text("four")));
	CHECK_STATUS(file_read(path, &small), KC_ERR_PARAM);
	CHECK_STATUS(file_read("/nonexistent", &large), KC_ERR_ITEM_NOT_FOUND);
	CHECK_STATUS(file_read(test_directory(), &large), KC_ERR_NOT_AVAILABLE);
}

static void on_alarm(int number)
{
	(void)number;
	_exit(7);
}

/* How a confined process ends that sets itself an alarm and waits for ever. */
static int end_with_alarm(unsigned allowances)
{
	struct sandbox_profile profile = {
		.name = "test", .inherited = 3, .descriptors_max = 8, .allowances = allowances};
	struct itimerval soon = {.it_value = {.tv_usec = 1000}};
	struct sigaction action = {.sa_handler = on_alarm};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (sandbox_enter(&profile) != KC_OK || sigaction(SIGALRM, &action, NULL) != 0 ||
		    setitimer(ITIMER_REAL, &soon, NULL) != 0)
			_exit(1);
		ignore(poll(NULL, 0, -1));
		_exit(2);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(an_alarm_is_an_allowance)
{
	CHECK_INT(end_with_alarm(SANDBOX_ALLOW_ALARM), 7);
	CHECK_INT(end_with_alarm(SANDBOX_ALLOW_NOTHING), -SIGSYS);
}

TEST(users_of_a_library_are_named_and_we_find_ourselves)
{
	char path[512];
	char text[256] = "x";
	char self[64];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	CHECK(len > 0);
	path[len] = '\0';
	users_of_library("/no-such-library", text, sizeof(text));
	CHECK_TEXT(text, "");
	users_of_library(path, text, sizeof(text));
	(void)snprintf(self, sizeof(self), "test_sys (process %d)", (int)getpid());
	if (!strstr(text, self))
		test_fail(__FILE__, __LINE__, "\"%s\" are the users of %s", text, path);
}
