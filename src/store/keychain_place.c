/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking before opening: SQLite would make, follow and change what we would rather refuse. The
 * folder is ours alone, so nobody puts anything else there in between. Modes are read as well as
 * tried, so that the superuser is told the same as others.
 */
#include "store/keychain_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/try.h"
#include "store/migrate.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	/* https://www.sqlite.org/fileformat2.html 1.3 */
	HEADER_BYTES = 100,
	USER_VERSION_AT = 60,
	APPLICATION_ID_AT = 68,
	LOG_HEADER_BYTES = 32,
	PID_DIGITS_MAX = 16,
};

static const char magic[16] = "SQLite format 3";

enum kc_status keychain_place_name(const char *path, const char *suffix, char *ret_path,
				   size_t size)
{
	int len = snprintf(ret_path, size, "%s%s", path, suffix);

	REQUIRE(len >= 0 && (size_t)len < size, KC_ERR_PARAM, "the path %.60s… is too long", path);
	return KC_OK;
}

__attribute__((format(printf, 2, 3))) static enum kc_status refuse(const char *hint,
								   const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	ignore(vsnprintf(message, sizeof(message), format, args) < 0);
	va_end(args);
	ignore(fail(KC_ERR_NOT_AVAILABLE, "%s", message));
	error_set_hint("%s, then restart keycaskd", hint);
	return KC_ERR_NOT_AVAILABLE;
}

/* --- the file ------------------------------------------------------------------------------------
 */

static enum kc_status check_kind(const char *path, const struct stat *info)
{
	if (S_ISLNK(info->st_mode))
		return refuse("put the file itself in its place, not a link to it",
			      "%s is a symbolic link", path);
	if (!S_ISREG(info->st_mode))
		return refuse("move it away", "%s is not a file", path);
	if (info->st_uid != geteuid())
		return refuse("make it yours, or move it away", "%s belongs to another user", path);
	if ((info->st_mode & 077) != 0)
		return refuse("chmod 600 it, and think of who may have read it",
			      "%s is open to others (mode %03o)", path, info->st_mode & 0777);
	if ((info->st_mode & S_IRUSR) == 0)
		return refuse("chmod 600 it", "%s may not be read (mode %03o)", path,
			      info->st_mode & 0777);
	return KC_OK;
}

static bool may_write(const char *path, const struct stat *info)
{
	char folder[PATHS_MAX];
	struct stat folder_info;

	return (info->st_mode & S_IWUSR) != 0 && access(path, W_OK) == 0 &&
	       paths_parent(path, folder, sizeof(folder)) == KC_OK &&
	       stat(folder, &folder_info) == 0 && (folder_info.st_mode & S_IWUSR) != 0 &&
	       access(folder, W_OK) == 0;
}

static uint32_t number_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static enum kc_status judge_header(const char *path, const uint8_t header[HEADER_BYTES],
				   struct keychain_place *place)
{
	uint32_t application = number_at(header + APPLICATION_ID_AT);
	uint32_t version = number_at(header + USER_VERSION_AT);

	place->content = KEYCHAIN_CONTENT_DAMAGED;
	if (memcmp(header, magic, sizeof(magic)) != 0)
		return KC_OK;
	if (application != MIGRATE_APPLICATION_ID)
		return refuse("move it away, and a keychain is made",
			      "%s is a database, but no keychain of keycask", path);
	if (version < 1 || version > INT_MAX)
		return KC_OK;
	place->content = KEYCHAIN_CONTENT_OURS;
	place->version = (int)version;
	return KC_OK;
}

static enum kc_status read_header(const char *path, struct keychain_place *place)
{
	CLEANUP(socket_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint8_t header[HEADER_BYTES] = {0};

	if (fd < 0)
		return refuse("see that you may read it", "cannot open %s: %s", path,
			      strerror(errno));
	if (pread(fd, header, sizeof(header), 0) < 0)
		return refuse("look at what the system says of this disk (dmesg)",
			      "cannot read %s: %s", path, strerror(errno));
	return judge_header(path, header, place);
}

static bool has_log(const char *path)
{
	char log[PATHS_MAX];
	struct stat info;

	return keychain_place_name(path, "-wal", log, sizeof(log)) == KC_OK &&
	       lstat(log, &info) == 0 && info.st_size > LOG_HEADER_BYTES;
}

enum kc_status keychain_place_look(const char *path, struct keychain_place *ret_place)
{
	struct keychain_place place = {.content = KEYCHAIN_CONTENT_NONE};
	struct stat info;

	if (lstat(path, &info) != 0) {
		if (errno != ENOENT)
			return refuse("see that you may use its folder", "cannot open %s: %s", path,
				      strerror(errno));
		*ret_place = place;
		return KC_OK;
	}
	TRY(check_kind(path, &info));
	place.is_read_only = !may_write(path, &info);
	place.has_log = has_log(path);
	TRY(read_header(path, &place));
	*ret_place = place;
	return KC_OK;
}

/* --- the lock ------------------------------------------------------------------------------------
 */

static enum kc_status fail_taken(const char *path, int fd)
{
	char text[PID_DIGITS_MAX] = "";
	unsigned long pid = 0;

	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		pid = strtoul(text, NULL, 10);
	if (pid > 0)
		ignore(fail(KC_ERR_NOT_AVAILABLE, "another keycaskd (process %lu) has %s", pid,
			    path));
	ignore(fail(KC_ERR_NOT_AVAILABLE, "another keycaskd has %s", path));
	error_set_hint("use that one (KEYCASK_SOCKET), or end it and restart keycaskd");
	return KC_ERR_NOT_AVAILABLE;
}

static void write_pid(int fd)
{
	char text[PID_DIGITS_MAX];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	/* It only serves a message: a full disk is no reason. */
	if (len > 0 && pwrite(fd, text, (size_t)len, 0) == len)
		ignore(ftruncate(fd, len));
}

static enum kc_status open_lock(const char *path, int *ret_fd)
{
	*ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*ret_fd < 0 && (errno == EROFS || errno == EACCES))
		*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*ret_fd >= 0 || errno == ENOENT)
		return KC_OK;
	return refuse("see that it is a file of yours, or remove it", "cannot open %s: %s", path,
		      strerror(errno));
}

enum kc_status keychain_place_lock(const char *path, int *ret_fd)
{
	CLEANUP(socket_close) int fd = -1;
	char lock[PATHS_MAX];

	TRY(keychain_place_name(path, ".lock", lock, sizeof(lock)));
	TRY(open_lock(lock, &fd));
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		REQUIRE(errno == EWOULDBLOCK, KC_ERR_NOT_AVAILABLE, "cannot lock %s: %s", lock,
			strerror(errno));
		return fail_taken(path, fd);
	}
	if (fd >= 0)
		write_pid(fd);
	*ret_fd = take_fd(fd);
	return KC_OK;
}
