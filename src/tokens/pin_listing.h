/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_PIN_LISTING_H
#define TOKENS_PIN_LISTING_H

/* An operation that asks for all PINs of a token and the tries that are left. */

#include "tokens/operation.h"

/* The reply has "pins", as org.keycask.Tokens' Pins. */
KC_MUST_CHECK enum kc_status pin_listing_start(struct token *token,
					       const struct operation_options *options,
					       struct operation **ret_operation);

#endif
