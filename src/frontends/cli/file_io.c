/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing what the command line names. A PIN goes straight into locked pages. */
#include "frontends/cli/file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"

enum {
	READ_SIZE = 2048,
	CREATE_MODE = 0666,
	PRIVATE_MODE = 0600,
	PATH_SIZE = 3072,
};

bool file_io_is_standard(const char *path)
{
	return !path || strcmp(path, "-") == 0;
}

static void close_file(const int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
}

/* One piece, empty at the end of the file. */
static enum kc_status read_piece(int fd, const char *name, uint8_t *buffer, size_t *ret_len)
{
	ssize_t n = 0;

	do
		n = read(fd, buffer, READ_SIZE);
	while (n < 0 && errno == EINTR);
	REQUIRE(n >= 0, KC_ERR_NOT_AVAILABLE, "cannot read %s: %s", name, strerror(errno));
	*ret_len = (size_t)n;
	return KC_OK;
}

static enum kc_status pour(int fd, const char *name, file_io_sink_fn sink, void *userdata)
{
	enum kc_status status = KC_OK;
	uint8_t buffer[READ_SIZE];
	size_t len = 0;

	do {
		TRY(read_piece(fd, name, buffer, &len));
		status = sink(userdata, view_of(buffer, len));
		explicit_bzero(buffer, len); /* a password may have been in it */
	} while (len > 0 && status == KC_OK);
	return status;
}

enum kc_status file_io_pour(const char *path, file_io_sink_fn sink, void *userdata)
{
	const char *name = file_io_is_standard(path) ? "standard input" : path;
	CLEANUP(close_file)
	int fd = file_io_is_standard(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open %s: %s", name, strerror(errno));
	return pour(fd, name, sink, userdata);
}

static enum kc_status append(void *userdata, struct kc_view piece)
{
	struct bytes *bytes = userdata;

	REQUIRE(piece.len <= bytes->max - bytes->len, KC_ERR_PARAM,
		"more than the %zu KiB that fit into one request", bytes->max / 1024);
	return bytes_append(bytes, piece);
}

enum kc_status file_io_read(const char *path, struct bytes *bytes)
{
	return file_io_pour(path, append, bytes);
}

enum kc_status file_io_read_descriptor(int fd, struct bytes *bytes)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "descriptor %d", fd);
	return pour(fd, fd == STDIN_FILENO ? "standard input" : name, append, bytes);
}

enum kc_status file_io_write_all(int fd, const char *name, struct kc_view data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.data, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "cannot write %s: %s", name, strerror(errno));
		data = view_slice(data, (size_t)n, data.len);
	}
	return KC_OK;
}

enum kc_status file_io_write(const char *path, struct kc_view data)
{
	const char *name = file_io_is_standard(path) ? "standard output" : path;
	CLEANUP(close_file)
	int fd = file_io_is_standard(path)
			 ? STDOUT_FILENO
			 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, CREATE_MODE);

	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot write %s: %s", name, strerror(errno));
	return file_io_write_all(fd, name, data);
}

enum kc_status file_io_check_new(const char *path, bool may_replace)
{
	bool is_there = !may_replace && access(path, F_OK) == 0;

	if (is_there)
		error_set_hint("choose another name, or --force");
	REQUIRE(!is_there, KC_ERR_NOT_AVAILABLE, "%s is there already", path);
	return KC_OK;
}

static enum kc_status write_new(const char *path, struct kc_view data)
{
	CLEANUP(close_file)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, PRIVATE_MODE);
	enum kc_status status = KC_OK;

	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", path, strerror(errno));
	status = file_io_write_all(fd, path, data);
	if (status != KC_OK)
		ignore(unlink(path));
	return status;
}

/* Beside the old one, which stays until the new one is complete. */
enum kc_status file_io_write_private(const char *path, struct kc_view data, bool may_replace)
{
	char beside[PATH_SIZE];
	int len = snprintf(beside, sizeof(beside), "%s.new", path);

	REQUIRE(len >= 0 && (size_t)len < sizeof(beside), KC_ERR_PARAM, "the path is too long");
	TRY(file_io_check_new(path, may_replace));
	if (!may_replace)
		return write_new(path, data);
	ignore(unlink(beside));
	TRY(write_new(beside, data));
	if (rename(beside, path) == 0)
		return KC_OK;
	ignore(unlink(beside));
	return fail(KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", path, strerror(errno));
}

/* Byte by byte: what follows the newline is somebody else's. */
static enum kc_status read_line(int fd, struct secret *pin)
{
	while (pin->len < SECRET_MAX) {
		ssize_t n = read(fd, pin->data + pin->len, 1);

		if (n < 0 && errno == EINTR)
			continue;
		REQUIRE(n >= 0, KC_ERR_PARAM, "cannot read descriptor %d: %s", fd, strerror(errno));
		if (n == 0 || pin->data[pin->len] == '\n')
			return KC_OK;
		pin->len++;
	}
	return fail(KC_ERR_PARAM, "the line of descriptor %d has more than %d bytes", fd,
		    SECRET_MAX);
}

enum kc_status file_io_read_pin(int fd, struct secret *ret_pin)
{
	CLEANUP(secret_done) struct secret pin = {NULL, 0, 0};

	TRY(secret_reserve(&pin, SECRET_MAX));
	TRY(read_line(fd, &pin));
	*ret_pin = secret_take(&pin);
	return KC_OK;
}
