/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing small files. */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	CHUNK_BYTES = 2048,
	PRIVATE_MODE = 0600,
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

static enum kc_status open_regular(const char *path, struct stat *ret_info, int *ret_fd)
{
	CLEANUP(socket_close) int fd = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	REQUIRE(fd >= 0 || errno != ENOENT, KC_ERR_ITEM_NOT_FOUND, "there is no file %s", path);
	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open %s: %s", path, strerror(errno));
	REQUIRE(fstat(fd, ret_info) == 0 && S_ISREG(ret_info->st_mode), KC_ERR_NOT_AVAILABLE,
		"%s is not a regular file", path);
	*ret_fd = take_fd(fd);
	return KC_OK;
}

enum kc_status file_read(const char *path, struct bytes *bytes)
{
	CLEANUP(socket_close) int fd = -1;
	struct stat info;

	TRY(open_regular(path, &info, &fd));
	return read_all(fd, path, bytes);
}

enum kc_status file_read_private(const char *path, struct bytes *bytes)
{
	CLEANUP(socket_close) int fd = -1;
	struct stat info;

	TRY(open_regular(path, &info, &fd));
	REQUIRE(info.st_uid == geteuid() && (info.st_mode & 077) == 0, KC_ERR_NOT_AVAILABLE,
		"%s is not ours alone", path);
	return read_all(fd, path, bytes);
}

static enum kc_status check_trusted(const char *path, const struct stat *info)
{
	REQUIRE(info->st_uid == geteuid() || info->st_uid == 0, KC_ERR_NOT_AVAILABLE,
		"%s belongs to another user", path);
	REQUIRE((info->st_mode & (S_IWGRP | S_IWOTH)) == 0, KC_ERR_NOT_AVAILABLE,
		"%s may be written by others (mode %03o): chmod go-w", path,
		(unsigned)info->st_mode & 0777);
	return KC_OK;
}

enum kc_status file_read_trusted(const char *path, struct bytes *bytes)
{
	CLEANUP(socket_close) int fd = -1;
	struct stat info;

	TRY(open_regular(path, &info, &fd));
	TRY(check_trusted(path, &info));
	return read_all(fd, path, bytes);
}

enum kc_status file_check_trusted_folder(const char *path)
{
	struct stat info;

	REQUIRE(stat(path, &info) == 0 && S_ISDIR(info.st_mode), KC_ERR_NOT_AVAILABLE,
		"%s is not a folder", path);
	return check_trusted(path, &info);
}

/* --- writing -----------------------------------------------------------------------------------
 */

static enum kc_status write_all(int fd, const char *path, struct kc_view content)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.data, content.len);

		if (n < 0 && errno == EINTR)
			continue;
		REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "cannot write %s: %s", path, strerror(errno));
		content = view_slice(content, (size_t)n, content.len);
	}
	return KC_OK;
}

/* Of what was interrupted there may be one left: nobody else writes in our folders. */
static enum kc_status write_new(const char *path, struct kc_view content, bool is_synced)
{
	CLEANUP(socket_close) int fd = -1;

	ignore(unlink(path));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, PRIVATE_MODE);
	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", path, strerror(errno));
	TRY(write_all(fd, path, content));
	REQUIRE(!is_synced || fsync(fd) == 0, KC_ERR_NOT_AVAILABLE, "cannot write %s: %s", path,
		strerror(errno));
	return KC_OK;
}

/* Beside @path, so that it can take its place; of this process alone. */
static enum kc_status name_temporary(const char *path, char *ret_path, size_t size)
{
	int len = snprintf(ret_path, size, "%s.%d.new", path, (int)getpid());

	REQUIRE(len >= 0 && (size_t)len < size, KC_ERR_PARAM, "the path %.60s… is too long", path);
	return KC_OK;
}

enum kc_status file_replace(const char *path, struct kc_view content)
{
	char temporary[PATHS_MAX];
	enum kc_status status = KC_OK;

	TRY(name_temporary(path, temporary, sizeof(temporary)));
	status = write_new(temporary, content, false);
	if (status == KC_OK && rename(temporary, path) != 0)
		status = fail(KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", path, strerror(errno));
	if (status != KC_OK)
		ignore(unlink(temporary));
	return status;
}

enum kc_status file_sync_folder(const char *path)
{
	CLEANUP(socket_close) int fd = -1;
	char folder[PATHS_MAX];

	TRY(paths_parent(path, folder, sizeof(folder)));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(fd >= 0 && fsync(fd) == 0, KC_ERR_NOT_AVAILABLE, "cannot write %s: %s", folder,
		strerror(errno));
	return KC_OK;
}

enum kc_status file_create(const char *path, struct kc_view content)
{
	char temporary[PATHS_MAX];
	enum kc_status status = KC_OK;

	TRY(name_temporary(path, temporary, sizeof(temporary)));
	status = write_new(temporary, content, true);
	/* link(), unlike rename(), leaves alone what another process has put there meanwhile */
	if (status == KC_OK && link(temporary, path) != 0)
		status = fail(errno == EEXIST ? KC_ERR_DUPLICATE_ITEM : KC_ERR_NOT_AVAILABLE,
			      "cannot make %s: %s", path, strerror(errno));
	ignore(unlink(temporary));
	TRY(status);
	return file_sync_folder(path);
}

/* --- copying -----------------------------------------------------------------------------------
 */

static enum kc_status copy_blocks(int from, int to, off_t size, const char *path)
{
	uint8_t block[CHUNK_BYTES];

	for (off_t at = 0; at < size; at += CHUNK_BYTES) {
		size_t len = size - at < CHUNK_BYTES ? (size_t)(size - at) : CHUNK_BYTES;

		memset(block, 0, sizeof(block));
		if (pread(from, block, len, at) < 0)
			memset(block, 0, sizeof(block));
		TRY(write_all(to, path, view_of(block, len)));
	}
	return KC_OK;
}

enum kc_status file_copy(const char *from, const char *to)
{
	CLEANUP(socket_close) int source = -1;
	CLEANUP(socket_close) int target = -1;
	struct stat info;

	TRY(open_regular(from, &info, &source));
	ignore(unlink(to));
	target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, PRIVATE_MODE);
	REQUIRE(target >= 0, KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", to, strerror(errno));
	return copy_blocks(source, target, info.st_size, to);
}
