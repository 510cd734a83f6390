/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of a settings file from before and after a change. */
#include "frontends/cli/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/cli/file_io.h"

enum {
	NEW_MODE = 0644,
	PRIVATE_MODE = 0600, /* until it has the mode of the file whose place it takes */
	FOLDER_MODE = 0700,
	MODE_BITS = 0777,
};

static enum kc_status join(char *ret_path, const char *a, const char *b)
{
	int n = snprintf(ret_path, KEPT_FILE_PATH_MAX, "%s%s", a, b);

	REQUIRE(n > 0 && n < KEPT_FILE_PATH_MAX, KC_ERR_PARAM, "the path %.64s… is too long", a);
	return KC_OK;
}

enum kc_status kept_file_find(const char *path, struct kept_file *ret_file)
{
	CLEANUP(freep) char *real = realpath(path, NULL); /* NULL: it is not there */
	struct stat info;

	if (!real && lstat(path, &info) == 0)
		error_set_hint("what it names is missing, or may not be looked at");
	REQUIRE(real || lstat(path, &info) != 0, KC_ERR_NOT_AVAILABLE,
		"%s is a symbolic link that leads nowhere: it stays as it is", path);
	TRY(join(ret_file->path, real ? real : path, ""));
	TRY(join(ret_file->folder, ret_file->path, ".keycask"));
	TRY(join(ret_file->before, ret_file->folder, "/before"));
	return join(ret_file->after, ret_file->folder, "/after");
}

bool kept_file_is_kept(const struct kept_file *file)
{
	return access(file->after, F_OK) == 0;
}

enum kc_status kept_file_read(const char *path, struct bytes *content, bool *ret_exists)
{
	bool exists = access(path, F_OK) == 0;

	if (ret_exists)
		*ret_exists = exists;
	return exists ? file_io_read(path, content) : KC_OK;
}

/* --- writing --------------------------------------------------------------------------------- */

static mode_t mode_of(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 ? info.st_mode & MODE_BITS : NEW_MODE;
}

static enum kc_status open_lock(const char *lock, int *ret_fd)
{
	*ret_fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, PRIVATE_MODE);
	if (*ret_fd < 0 && errno == EEXIST)
		error_set_hint("another program is changing it; if none is, remove %s", lock);
	REQUIRE(*ret_fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", lock, strerror(errno));
	return KC_OK;
}

static enum kc_status fill(int fd, const char *path, const char *lock, struct kc_view content)
{
	TRY(file_io_write_all(fd, lock, content));
	REQUIRE(fchmod(fd, mode_of(path)) == 0 && fsync(fd) == 0 && rename(lock, path) == 0,
		KC_ERR_NOT_AVAILABLE, "cannot write %s: %s", path, strerror(errno));
	return KC_OK;
}

enum kc_status kept_file_replace(const char *path, struct kc_view content)
{
	char lock[KEPT_FILE_PATH_MAX];
	enum kc_status status = KC_OK;
	int fd = -1;

	TRY(join(lock, path, ".lock"));
	TRY(open_lock(lock, &fd));
	status = fill(fd, path, lock, content);
	close(fd);
	if (status != KC_OK)
		ignore(unlink(lock));
	return status;
}

/* --- keeping --------------------------------------------------------------------------------- */

static enum kc_status copy(const char *from, const char *to)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(KEPT_FILE_MAX);
	bool exists = false;

	TRY(kept_file_read(from, &content, &exists));
	return exists ? file_io_write_private(to, bytes_view(&content), true) : KC_OK;
}

enum kc_status kept_file_begin(const struct kept_file *file)
{
	kept_file_forget(file);
	REQUIRE(mkdir(file->folder, FOLDER_MODE) == 0 || errno == EEXIST, KC_ERR_NOT_AVAILABLE,
		"cannot make %s: %s", file->folder, strerror(errno));
	return copy(file->path, file->before);
}

enum kc_status kept_file_end(const struct kept_file *file)
{
	return copy(file->path, file->after);
}

void kept_file_forget(const struct kept_file *file)
{
	ignore(unlink(file->before) != 0);
	ignore(unlink(file->after) != 0);
	ignore(rmdir(file->folder) != 0); /* where somebody else's things are, it stays */
}

static enum kc_status is_as_left(const struct kept_file *file, bool *ret_is)
{
	CLEANUP(bytes_done) struct bytes now = BYTES_INIT(KEPT_FILE_MAX);
	CLEANUP(bytes_done) struct bytes after = BYTES_INIT(KEPT_FILE_MAX);

	TRY(kept_file_read(file->path, &now, NULL));
	TRY(kept_file_read(file->after, &after, NULL));
	*ret_is = view_equal(bytes_view(&now), bytes_view(&after));
	return KC_OK;
}

static enum kc_status put_back(const struct kept_file *file)
{
	CLEANUP(bytes_done) struct bytes before = BYTES_INIT(KEPT_FILE_MAX);
	bool exists = false;

	TRY(kept_file_read(file->before, &before, &exists));
	if (exists)
		return kept_file_replace(file->path, bytes_view(&before));
	REQUIRE(unlink(file->path) == 0 || errno == ENOENT, KC_ERR_NOT_AVAILABLE,
		"cannot remove %s: %s", file->path, strerror(errno));
	return KC_OK;
}

enum kc_status kept_file_restore(const struct kept_file *file, bool *ret_restored)
{
	TRY(is_as_left(file, ret_restored));
	if (!*ret_restored)
		return KC_OK;
	TRY(put_back(file));
	kept_file_forget(file);
	return KC_OK;
}
