/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps a card on disk. Replacing a file by rename() makes a new inode, so the lock wanders: the
 * new file is locked before it takes the name, and whoever opens the name checks after locking
 * that it is still the same file.
 */
#include "vcard/card_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "vcard/card_json.h"

enum {
	FILE_MODE = 0600,
	FILE_BYTES_MAX = 4 << 20,
	READ_BLOCK = 65536,
	OPEN_ATTEMPTS = 8,
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void wipe_textp(char **text)
{
	if (*text)
		OPENSSL_cleanse(*text, strlen(*text));
	free(*text);
}

void card_file_close(struct card_file *file)
{
	close_fd(&file->fd);
	free(file->path);
	*file = CARD_FILE_INIT;
}

/* True while @path still names the file behind @fd. */
static bool is_same_file(const char *path, int fd)
{
	struct stat opened;
	struct stat named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static enum kc_status open_and_lock(const char *path, int *ret_fd)
{
	for (int n = 0; n < OPEN_ATTEMPTS; n++) {
		CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		REQUIRE(fd >= 0 || errno != ENOENT, KC_ERR_ITEM_NOT_FOUND, "there is no card in %s",
			path);
		REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open the card in %s: %s", path,
			strerror(errno));
		REQUIRE(flock(fd, LOCK_EX | LOCK_NB) == 0, KC_ERR_NOT_AVAILABLE,
			"the card in %s is in use by another process", path);
		if (is_same_file(path, fd)) {
			*ret_fd = take_fd(fd);
			return KC_OK;
		}
	}
	return fail(KC_ERR_NOT_AVAILABLE, "the card in %s changes all the time", path);
}

static enum kc_status read_all(int fd, struct bytes *bytes)
{
	struct stat info;
	ssize_t n = 0;

	REQUIRE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode), KC_ERR_DECODE,
		"it is not a regular file");
	do {
		TRY(bytes_reserve(bytes, READ_BLOCK));
		n = read(fd, bytes->data + bytes->len, READ_BLOCK);
		REQUIRE(n >= 0, KC_ERR_NOT_AVAILABLE, "cannot read it: %s", strerror(errno));
		bytes->len += (size_t)n;
	} while (n > 0);
	return KC_OK;
}

static enum kc_status read_state(int fd, const char *path, struct card_state *ret_state)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(FILE_BYTES_MAX);
	enum kc_status status = read_all(fd, &bytes);

	if (status == KC_OK)
		status = card_json_read(bytes_view(&bytes), ret_state);
	if (status != KC_OK) {
		struct error_record cause = *error_get();

		error_clear();
		return fail(KC_ERR_DECODE, "%s is refused and left as it is: %s", path,
			    cause.message);
	}
	return KC_OK;
}

enum kc_status card_file_open(const char *path, struct card_file *ret_file,
			      struct card_state *ret_state)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;

	/* A symbolic link stays one: saving replaces what it points to. */
	file.path = realpath(path, NULL);
	REQUIRE(file.path || errno != ENOENT, KC_ERR_ITEM_NOT_FOUND, "there is no card in %s",
		path);
	REQUIRE(file.path, KC_ERR_NOT_AVAILABLE, "cannot open the card in %s: %s", path,
		strerror(errno));
	TRY(open_and_lock(file.path, &file.fd));
	TRY(read_state(file.fd, path, ret_state));
	*ret_file = file;
	file = CARD_FILE_INIT;
	return KC_OK;
}

static enum kc_status write_all(int fd, struct kc_view view)
{
	while (view.len > 0) {
		ssize_t n = write(fd, view.data, view.len);

		REQUIRE(n > 0 || errno == EINTR, KC_ERR_READ_ONLY, "cannot write the card: %s",
			strerror(errno));
		if (n > 0)
			view = view_slice(view, (size_t)n, view.len);
	}
	return KC_OK;
}

/* Write @state beside @path into a new, locked file, on disk when this returns. */
static enum kc_status write_beside(const char *path, const struct card_state *state,
				   char **ret_temporary, int *ret_fd)
{
	CLEANUP(wipe_textp) char *text = NULL;
	CLEANUP(freep) char *temporary = NULL;
	CLEANUP(close_fd) int fd = -1;
	enum kc_status status = KC_OK;

	TRY(card_json_write(state, &text));
	REQUIRE(asprintf(&temporary, "%s.XXXXXX", path) > 0, KC_ERR_ALLOCATE, "out of memory");
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	REQUIRE(fd >= 0, KC_ERR_READ_ONLY, "cannot write beside %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		status = fail(KC_ERR_INTERNAL, "cannot lock %s: %s", temporary, strerror(errno));
	if (status == KC_OK)
		status = write_all(fd, view_of_text(text));
	if (status == KC_OK && fsync(fd) != 0)
		status = fail(KC_ERR_READ_ONLY, "cannot write %s: %s", temporary, strerror(errno));
	if (status != KC_OK) {
		unlink(temporary);
		return status;
	}
	*ret_temporary = take(temporary);
	*ret_fd = take_fd(fd);
	return KC_OK;
}

/* The name is on disk only when its folder is. */
static void sync_folder(const char *path)
{
	CLEANUP(freep) char *copy = strdup(path);
	CLEANUP(close_fd)
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0)
		ignore(fsync(fd));
}

enum kc_status card_file_create(const char *path, const struct card_state *state,
				struct card_file *ret_file)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;
	CLEANUP(freep) char *temporary = NULL;
	int failure = 0;

	file.path = strdup(path);
	REQUIRE(file.path, KC_ERR_ALLOCATE, "out of memory");
	TRY(write_beside(path, state, &temporary, &file.fd));
	/* link() and not rename(): it never replaces. */
	failure = link(temporary, path) == 0 ? 0 : errno;
	unlink(temporary);
	errno = failure;
	REQUIRE(failure != EEXIST, KC_ERR_DUPLICATE_ITEM, "%s is there already", path);
	REQUIRE(failure == 0, KC_ERR_READ_ONLY, "cannot create %s: %s", path, strerror(errno));
	sync_folder(path);
	*ret_file = file;
	file = CARD_FILE_INIT;
	return KC_OK;
}

enum kc_status card_file_save(void *context, const struct card_state *state)
{
	struct card_file *file = context;
	CLEANUP(freep) char *temporary = NULL;
	CLEANUP(close_fd) int fd = -1;

	TRY(write_beside(file->path, state, &temporary, &fd));
	if (rename(temporary, file->path) != 0) {
		unlink(temporary);
		return fail(KC_ERR_READ_ONLY, "cannot replace %s: %s", file->path, strerror(errno));
	}
	sync_folder(file->path);
	close(file->fd);
	file->fd = take_fd(fd);
	return KC_OK;
}
