/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FRONTENDS_PEER_PROGRAM_H
#define FRONTENDS_PEER_PROGRAM_H

/* Programs of others (modutil, git, …), run for what they do and say, and ended when they hang. */

#include <stdbool.h>
#include <stddef.h>

#include "base/try.h"

enum {
	PEER_PROGRAM_OUTPUT_MAX = 16384,
	PEER_PROGRAM_PATH_MAX = 1024,
};

struct peer_program_answer {
	int exit_status;			  /* 128 + N when signal N ended it */
	size_t output_len;			  /* NULs are no end */
	char output[PEER_PROGRAM_OUTPUT_MAX + 1]; /* what did not fit is dropped */
	char errors[1024];
};

/* Is there a program @name in PATH? @ret_path (PEER_PROGRAM_PATH_MAX) may be NULL. */
bool peer_program_find(const char *name, char *ret_path);

/*
 * Run @arguments, which ends with NULL and begins with a name to be found in PATH; its standard
 * input is empty. That it failed is in the answer. Expected: KC_ERR_NOT_AVAILABLE  there is no such
 * program, or it did not end within a minute
 */
KC_MUST_CHECK enum kc_status peer_program_run(const char *const *arguments,
					      struct peer_program_answer *ret_answer);

/* As that, with another patience than a minute. */
KC_MUST_CHECK enum kc_status peer_program_run_within(const char *const *arguments, int seconds,
						     struct peer_program_answer *ret_answer);

/* As peer_program_run(), and that it failed is KC_ERR_NOT_AVAILABLE too, with what it said. */
KC_MUST_CHECK enum kc_status peer_program_do(const char *const *arguments);

#endif
