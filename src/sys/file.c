/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading small files. */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "sys/socket.h"

enum {
	CHUNK_BYTES = 2048,
};

static enum kc_status read_all(int fd, const char *path, struct bytes *bytes)
{
	uint8_t chunk[CHUNK_BYTES];
	ssize_t n = 0;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "cannot read %s: %s", path, strerror(errno));
		TRY(bytes_append(bytes, view_of(chunk, (size_t)n)));
	}
	return KC_OK;
}

enum kc_status file_read(const char *path, struct bytes *bytes)
{
	CLEANUP(socket_close) int fd = -1;
	struct stat info;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	REQUIRE(fd >= 0 || errno != ENOENT, KC_ERR_ITEM_NOT_FOUND, "there is no file %s", path);
	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open %s: %s", path, strerror(errno));
	REQUIRE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode), KC_ERR_NOT_AVAILABLE,
		"%s is not a regular file", path);
	return read_all(fd, path, bytes);
}
