/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_GIT_SETTINGS_H
#define CLI_GIT_SETTINGS_H

/* Files of git's settings, read and changed by git config. */

#include <stdbool.h>

#include "base/try.h"

enum {
	GIT_SETTINGS_PATH_MAX = 512,
};

/*
 * The file that git config --global writes, or --local; @ret_path has GIT_SETTINGS_PATH_MAX bytes.
 * Expected: KC_ERR_NOT_AVAILABLE  there is no git, no home, or this is no repository
 */
KC_MUST_CHECK enum kc_status git_settings_find(bool is_local, char *ret_path);

/* The last value of @name in @file (NULL: as git sees it here), the caller's to free(); "" when
 * there is none. */
KC_MUST_CHECK enum kc_status git_settings_get(const char *file, const char *name, char **ret_value);

/* The only value of @name from now on; NULL: none. */
KC_MUST_CHECK enum kc_status git_settings_set(const char *file, const char *name,
					      const char *value);

/* All values of @name in @file become those that it has in @other. */
KC_MUST_CHECK enum kc_status git_settings_copy(const char *file, const char *name,
					       const char *other);

#endif
