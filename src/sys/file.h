/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_FILE_H
#define SYS_FILE_H

/* Small files: read and written whole, within a limit, never through a symbolic link at the end. */

#include "base/bytes.h"

/*
 * Append the content of the regular file @path to @bytes.
 * Expected: KC_ERR_ITEM_NOT_FOUND  there is none
 *           KC_ERR_PARAM           it is longer than @bytes may grow
 */
KC_MUST_CHECK enum kc_status file_read(const char *path, struct bytes *bytes);

/* As file_read(), and the file must be ours alone, as owner and mode say.
 * Expected: also KC_ERR_NOT_AVAILABLE */
KC_MUST_CHECK enum kc_status file_read_private(const char *path, struct bytes *bytes);

/* As file_read(), and nobody but root and this user may be able to change the file: as owner and
 * mode say. Expected: also KC_ERR_NOT_AVAILABLE */
KC_MUST_CHECK enum kc_status file_read_trusted(const char *path, struct bytes *bytes);
/* The same of a folder, which may be behind a symbolic link. */
KC_MUST_CHECK enum kc_status file_check_trusted_folder(const char *path);

/*
 * Write a whole new file of mode 0600 and put it in the place of whatever @path was: a reader, and
 * a crash of this process, sees the old one or the new one. Not synced: after a crash of the
 * machine it may be either, or empty.
 */
KC_MUST_CHECK enum kc_status file_replace(const char *path, struct kc_view content);

/*
 * Write a file of mode 0600 that outlives a crash of the machine.
 * Expected: KC_ERR_DUPLICATE_ITEM  there is one already; it is left as it is
 */
KC_MUST_CHECK enum kc_status file_create(const char *path, struct kc_view content);

/*
 * Copy a file that may be damaged into a new one of mode 0600, which replaces @to: parts that the
 * disk does not give are zeros. Not synced. Expected: KC_ERR_ITEM_NOT_FOUND  there is no @from
 */
KC_MUST_CHECK enum kc_status file_copy(const char *from, const char *to);

/* What was renamed, made or removed beside @path outlives a crash of the machine. */
KC_MUST_CHECK enum kc_status file_sync_folder(const char *path);

#endif
