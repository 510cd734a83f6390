/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_PIN_CHANGE_H
#define TOKENS_PIN_CHANGE_H

/* An operation that sets a PIN anew: changes it, or unblocks it. */

#include "tokens/operation.h"

/* PINs are named by their IDs, or by a role: the first that has it. */
struct pin_change_wish {
	const char *pin_id; /* NULL: the PIN of the token */
	bool is_unblocking;
	const char *by;		/* what unblocks it; NULL: the first that does */
	struct secret *new_pin; /* taken; NULL: a person is asked */
};

/*
 * The present value, or that of what unblocks it, is options->pin. There is no reply.
 * Expected: KC_ERR_PARAM          no such PIN, or a new one that the token does not take
 *           KC_ERR_UNIMPLEMENTED  this token's PINs cannot be set
 */
KC_MUST_CHECK enum kc_status pin_change_start(struct token *token,
					      const struct operation_options *options,
					      const struct pin_change_wish *wish,
					      struct operation **ret_operation);

#endif
