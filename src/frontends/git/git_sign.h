/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_SIGN_H
#define GIT_GIT_SIGN_H

#include <stdbool.h>

/* Sign standard input as @key (git_identity.h), the signature to standard output. Says on
 * @status_fd and standard error what became of it; false: there is none. */
bool git_sign(const char *key, int status_fd);

#endif
