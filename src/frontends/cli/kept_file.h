/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_KEPT_FILE_H
#define CLI_KEPT_FILE_H

/*
 * A file of the user's settings that keycask changes, and that comes back as it was, byte for byte.
 * Beside PATH, in PATH.keycask, are "before" (none: PATH was not there) and "after"; as long as
 * PATH is as in "after" nobody has changed it since, and "before" takes its place again.
 */

#include <stdbool.h>

#include "base/bytes.h"
#include "base/try.h"

enum {
	KEPT_FILE_PATH_MAX = 512,
	KEPT_FILE_MAX = 1024 * 1024,
};

struct kept_file {
	char path[KEPT_FILE_PATH_MAX]; /* what it is called: links are followed */
	char folder[KEPT_FILE_PATH_MAX];
	char before[KEPT_FILE_PATH_MAX];
	char after[KEPT_FILE_PATH_MAX];
};

/* Expected: KC_ERR_PARAM  the path is too long */
KC_MUST_CHECK enum kc_status kept_file_find(const char *path, struct kept_file *ret_file);

/* Is there something to take back? */
bool kept_file_is_kept(const struct kept_file *file);

/* Before a change, and after it. Expected: KC_ERR_NOT_AVAILABLE  with the reason */
KC_MUST_CHECK enum kc_status kept_file_begin(const struct kept_file *file);
KC_MUST_CHECK enum kc_status kept_file_end(const struct kept_file *file);

/* The file as it was. *ret_restored false: it was changed since, and nothing was done. */
KC_MUST_CHECK enum kc_status kept_file_restore(const struct kept_file *file, bool *ret_restored);
/* What was kept is gone. */
void kept_file_forget(const struct kept_file *file);

/* All of @path; nothing when it is not there. *ret_exists may be NULL. */
KC_MUST_CHECK enum kc_status kept_file_read(const char *path, struct bytes *content,
					    bool *ret_exists);
/*
 * Put @content in the place of @path, all of it or none, with the mode that it has; under the lock
 * PATH.lock, as git has it. Expected: KC_ERR_NOT_AVAILABLE  with the reason
 */
KC_MUST_CHECK enum kc_status kept_file_replace(const char *path, struct kc_view content);

#endif
