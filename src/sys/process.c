/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of /proc/PID: small, and gone with their process. */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/file.h"
#include "sys/socket.h"

enum {
	PROC_FILE_MAX = 1024,
	START_TIME_FIELD = 22, /* proc(5), /proc/pid/stat */
	FIELD_AFTER_NAME = 3,
};

bool process_read(pid_t pid, const char *name, char *text, size_t size)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(PROC_FILE_MAX);
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	if (file_read(path, &content) != KC_OK || content.len >= size) {
		error_clear();
		return false;
	}
	if (content.len > 0)
		memcpy(text, content.data, content.len);
	text[content.len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

bool process_read_all(int fd, struct bytes *text)
{
	uint8_t chunk[PROC_FILE_MAX];
	ssize_t n = 0;
	bool fits = true;

	while (fits && (n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno != EINTR)
			return false;
		fits = n < 0 || bytes_append(text, view_of(chunk, (size_t)n)) == KC_OK;
	}
	fits = fits && bytes_append_byte(text, 0) == KC_OK;
	if (fits)
		text->len--;
	else
		error_clear();
	return fits;
}

bool process_read_at(int process, const char *name, struct bytes *text)
{
	CLEANUP(socket_close) int folder = -1;
	CLEANUP(socket_close) int fd = -1;

	if (process < 0)
		folder = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = openat(process < 0 ? folder : process, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd >= 0 && process_read_all(fd, text);
}

/* Fields are counted after the name, which may itself hold blanks and parentheses. */
uint64_t process_start_time(pid_t pid)
{
	char stat[PROC_FILE_MAX];
	char *field = NULL;

	if (!process_read(pid, "stat", stat, sizeof(stat)))
		return 0;
	field = strrchr(stat, ')');
	for (int i = FIELD_AFTER_NAME - 1; field && i < START_TIME_FIELD; i++)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field, NULL, 10) : 0;
}
