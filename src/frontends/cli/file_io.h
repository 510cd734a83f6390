/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_FILE_IO_H
#define CLI_FILE_IO_H

/* Files a person names: "-" and NULL are standard input or output. */

#include <stdbool.h>

#include "base/bytes.h"
#include "base/secret.h"

enum {
	FILE_IO_MAX = 700 * 1024, /* what fits into one message as base64 */
};

/* Is @path standard input or output? */
bool file_io_is_standard(const char *path);

/* Takes the file piece by piece; anything but KC_OK ends the reading and is what it returns. */
typedef enum kc_status (*file_io_sink_fn)(void *userdata, struct kc_view piece);

/* Expected: KC_ERR_NOT_AVAILABLE  with the reason */
KC_MUST_CHECK enum kc_status file_io_pour(const char *path, file_io_sink_fn sink, void *userdata);

/* The whole file. Expected: KC_ERR_NOT_AVAILABLE  with the reason; KC_ERR_PARAM  more than @bytes
 * may hold */
KC_MUST_CHECK enum kc_status file_io_read(const char *path, struct bytes *bytes);

/* The same of what descriptor @fd gives up to its end; it stays open. */
KC_MUST_CHECK enum kc_status file_io_read_descriptor(int fd, struct bytes *bytes);

KC_MUST_CHECK enum kc_status file_io_write(const char *path, struct kc_view data);

/* The same into @fd, whose name is @name; it stays open. */
KC_MUST_CHECK enum kc_status file_io_write_all(int fd, const char *name, struct kc_view data);

/*
 * A file that nobody else may read, all of it or none. What is there is replaced only when
 * @may_replace. Expected: KC_ERR_NOT_AVAILABLE  with the reason
 */
KC_MUST_CHECK enum kc_status file_io_write_private(const char *path, struct kc_view data,
						   bool may_replace);
/* Would that refuse? Asked before anybody types a passphrase. */
KC_MUST_CHECK enum kc_status file_io_check_new(const char *path, bool may_replace);

/*
 * The PIN on descriptor @fd: all that is there up to its end or a newline.
 * Expected: KC_ERR_PARAM  not an open descriptor, or too long
 */
KC_MUST_CHECK enum kc_status file_io_read_pin(int fd, struct secret *ret_pin);

#endif
