/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_NAMING_H
#define TOKENS_NAMING_H

/* How tokens and their objects are called outside the driver. */

#include <stdbool.h>

#include "base/bytes.h"

enum {
	NAMING_HASH_BYTES = 20, /* of a public key, at the end of an object ID */
};

/* Could @text be the second half of a token ID? NULL is not. */
bool naming_is_instance_id(const char *text);
/* "class:instance", the caller's to free(); NULL when out of memory. */
char *naming_token_id(const char *class_id, const char *instance);

/*
 * The published object ID of a key, or of a certificate, is the driver's, followed by the hash of
 * the public key (20 bytes): a new key in the same place never answers an old reference, be it to
 * the key or to an identity; a new certificate of the same key does. This gives the driver's part.
 * Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status naming_driver_object_id(struct kc_view published,
						     struct kc_view *ret_object_id);

#endif
