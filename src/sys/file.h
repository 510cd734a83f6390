/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_FILE_H
#define SYS_FILE_H

/* Small files: read whole, within a limit, never through a symbolic link at the end. */

#include "base/bytes.h"

/*
 * Append the content of the regular file @path to @bytes.
 * Expected: KC_ERR_ITEM_NOT_FOUND  there is none
 *           KC_ERR_PARAM           it is longer than @bytes may grow
 */
KC_MUST_CHECK enum kc_status file_read(const char *path, struct bytes *bytes);

#endif
