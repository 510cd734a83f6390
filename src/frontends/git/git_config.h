/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_CONFIG_H
#define GIT_GIT_CONFIG_H

/* git's settings of the user and the system, by git itself; never those of a repository. */

#include "base/try.h"

/*
 * All values of the path @name, one after the other, each ended by a NUL and the last by two.
 * *ret_values is the caller's to free().
 * Expected: KC_ERR_NOT_AVAILABLE  there is no git, or its settings cannot be read
 */
KC_MUST_CHECK enum kc_status git_config_read_all(const char *name, char **ret_values);

#endif
