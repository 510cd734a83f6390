/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening, locking, pairing. */
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "sys/paths.h"

enum {
	BACKLOG = 64,
};

void socket_close(int *fd)
{
	if (*fd >= 0)
		ignore(close(*fd));
	*fd = -1;
}

enum kc_status socket_lock(const char *path, int *ret_fd)
{
	CLEANUP(socket_close) int fd = -1;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open the lock %s: %s", path,
		strerror(errno));
	REQUIRE(flock(fd, LOCK_EX | LOCK_NB) == 0, KC_ERR_DUPLICATE_ITEM,
		"another keycaskd serves this socket (%s is locked)", path);
	*ret_fd = take_fd(fd);
	return KC_OK;
}

enum kc_status socket_check_path(const char *path)
{
	struct sockaddr_un address;
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

	REQUIRE(len >= 0 && (size_t)len < sizeof(address.sun_path), KC_ERR_PARAM,
		"the socket path %s is longer than %zu bytes", path, sizeof(address.sun_path) - 1);
	return KC_OK;
}

enum kc_status socket_listen(const char *path, int *ret_fd)
{
	CLEANUP(socket_close) int fd = -1;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t before = 0;
	int result = 0;

	TRY(socket_check_path(path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "no socket: %s", strerror(errno));
	ignore(unlink(path));
	before = umask(0177);
	result = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	ignore(umask(before));
	REQUIRE(result == 0 && listen(fd, BACKLOG) == 0, KC_ERR_NOT_AVAILABLE,
		"cannot listen at %s: %s", path, strerror(errno));
	*ret_fd = take_fd(fd);
	return KC_OK;
}

enum kc_status socket_make_pair(int type, int *ret_ours, int *ret_theirs)
{
	int pair[2];

	REQUIRE(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == 0, KC_ERR_NOT_AVAILABLE,
		"no socket pair: %s", strerror(errno));
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return KC_OK;
}

enum kc_status socket_set_nonblocking(int fd, bool nonblocking)
{
	int flags = fcntl(fd, F_GETFL);

	flags = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	REQUIRE(flags != -1 && fcntl(fd, F_SETFL, flags) == 0, KC_ERR_INTERNAL, "fcntl: %s",
		strerror(errno));
	return KC_OK;
}
