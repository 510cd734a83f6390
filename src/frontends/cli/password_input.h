/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PASSWORD_INPUT_H
#define CLI_PASSWORD_INPUT_H

/* A new password: from a descriptor, from standard input, or typed twice. */

#include "base/bytes.h"
#include "frontends/cli/cli.h"

enum {
	PASSWORD_INPUT_MAX = 256 * 1024, /* room for a key or a note */
};

/*
 * @fd -1: standard input, unless that is a terminal; then it is asked for. What is read ends with
 * the file; one newline at its end is not part of it. @what is named in the prompt. Expected:
 * KC_ERR_PARAM          empty, too long, or the two are not the same KC_ERR_USER_CANCELED  the
 * person gave up
 */
KC_MUST_CHECK enum kc_status password_input_read(int fd, const char *what,
						 struct bytes *ret_password);

#endif
