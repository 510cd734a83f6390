/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/* What sign, encrypt, decrypt and derive have made: bytes, and how they were made. */

#include "frontends/cli/cli.h"

struct output {
	const char *name; /* in JSON */
	struct kc_view data;
	const char *algorithm;
};

/*
 * Into the file @path, or to standard output when it is NULL or "-". Bytes are for files and pipes:
 * a person at a terminal gets base64, unless "-" was said. With --json an object, in any case.
 */
KC_MUST_CHECK enum kc_status output_deliver(const struct context *context, const char *path,
					    const struct output *output);

#endif
