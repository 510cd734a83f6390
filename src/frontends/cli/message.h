/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

/*
 * What is signed for a file. Files are of any size and requests are not, so an algorithm that
 * hashes its message becomes the one that takes the digest, and the hash is made here; the
 * signature is the same.
 */

#include "base/bytes.h"

enum {
	MESSAGE_ALGORITHM_MAX = 96,
};

struct message {
	struct bytes data;
	char algorithm[MESSAGE_ALGORITHM_MAX];
};

void message_done(struct message *message);

/*
 * Read @path for @algorithm. Expected: KC_ERR_NOT_AVAILABLE  the file cannot be read
 *                                     KC_ERR_PARAM  too long for an algorithm without a hash
 */
KC_MUST_CHECK enum kc_status message_read(const char *path, const char *algorithm,
					  struct message *ret_message);

#endif
