/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_VERIFY_H
#define GIT_GIT_VERIFY_H

#include <stdbool.h>

/*
 * Is the signature in the file @path one of standard input, by somebody who is trusted? Says so on
 * @status_fd and standard error. A signature that is right but whose signer nobody knows is not:
 * with X.509 the name is the issuer's word.
 */
bool git_verify(const char *path, int status_fd);

#endif
