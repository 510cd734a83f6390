/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_KEY_CREATION_H
#define TOKENS_KEY_CREATION_H

/* An operation that has a token make a key. */

#include "tokens/operation.h"

/*
 * @wish is a KeyWish of org.keycask.Driver, borrowed. What the administrator proves is
 * options->pin: a PIN, or a management key in hexadecimal; without it a person is asked. The reply
 * has "object_id", as published, and "object", as the driver describes it.
 */
KC_MUST_CHECK enum kc_status key_creation_start(struct token *token,
						const struct operation_options *options,
						struct json_object *wish,
						struct operation **ret_operation);

#endif
