/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Going into the background the classic way, with a pipe that says when it is done. */
#include "daemon/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	LOG_BYTES_MAX = 1024 * 1024,
};

/* The process that was started: wait for the daemon's word, or its death. */
static _Noreturn void wait_and_exit(int fd)
{
	uint8_t status = EXIT_FAILURE;
	ssize_t n = 0;

	do
		n = read(fd, &status, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? status : EXIT_FAILURE);
}

enum kc_status detach_begin(int *ret_ready)
{
	CLEANUP(socket_close) int reader = -1;
	CLEANUP(socket_close) int writer = -1;
	int ends[2];
	pid_t pid = 0;

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0, KC_ERR_NOT_AVAILABLE, "pipe: %s", strerror(errno));
	reader = ends[0];
	writer = ends[1];
	pid = fork();
	REQUIRE(pid >= 0, KC_ERR_NOT_AVAILABLE, "fork: %s", strerror(errno));
	if (pid > 0) {
		socket_close(&writer);
		wait_and_exit(reader);
	}
	REQUIRE(setsid() >= 0, KC_ERR_NOT_AVAILABLE, "setsid: %s", strerror(errno));
	REQUIRE(chdir("/") == 0, KC_ERR_NOT_AVAILABLE, "chdir: %s", strerror(errno));
	*ret_ready = take_fd(writer);
	return KC_OK;
}

/* The log of a daemon that nobody watches: keycaskd.log beside the audit log, begun anew when it
 * has grown. -1 when it cannot be had. */
static int open_log(void)
{
	char path[PATHS_MAX];
	struct stat info;
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

	if (paths_state("keycaskd.log", path, sizeof(path)) != KC_OK)
		return -1;
	if (stat(path, &info) == 0 && info.st_size > LOG_BYTES_MAX)
		flags |= O_TRUNC;
	return open(path, flags, 0600);
}

/* Standard streams of the starter must not be kept open by a daemon. */
void detach_leave_streams(int ready)
{
	CLEANUP(socket_close) int null = -1;
	CLEANUP(socket_close) int log = -1;

	if (ready < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	log = open_log();
	error_clear();
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		ignore(dup2(fd == STDERR_FILENO && log >= 0 ? log : null, fd));
}

void detach_report(int *ready, int exit_status)
{
	uint8_t status = (uint8_t)exit_status;

	if (*ready < 0)
		return;
	ignore(write(*ready, &status, 1) < 0);
	socket_close(ready);
}
