/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_TOKEN_CREATE_H
#define DAEMON_TOKEN_CREATE_H

/* Keys.Create where the attributes name a token: the token makes the pair. */

#include "daemon/daemon.h"
#include "daemon/key_attributes.h"

/*
 * Takes @call. @attributes, which name a token and are known to be well-formed, are borrowed for
 * this call only; their texts live as long as @call. What the administrator proves is still in the
 * parameters: "administrator", "administrator_fd". Ends in one reply {key, public_key}: the
 * persistent reference of the private key, and of the public one its public reference
 * (keys/public_reference.h).
 */
void token_create_start(struct wire_call *call, const struct key_attributes *attributes);

/*
 * The KeyWish of org.keycask.Driver that @attributes are, of a key that is made or brought.
 * Expected: KC_ERR_PARAM                 something is said that a token chooses itself
 *           KC_ERR_KEY_SIZE_NOT_ALLOWED
 */
KC_MUST_CHECK enum kc_status token_create_make_wish(const struct key_attributes *attributes,
						    struct json_object **ret_wish);

#endif
